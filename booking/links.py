"""What a visitor may do with a meeting later: signed links, good for one meeting alone."""

from django.conf import settings
from django.core import signing

SALT = "lio.booking"


def token(meeting):
    return signing.Signer(salt=SALT).sign_object([meeting.organization_id, str(meeting.uid)])


def read(text):
    """(organization id, uid) of a token; None for what is none of ours."""
    try:
        organization_id, uid = signing.Signer(salt=SALT).unsign_object(text)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return organization_id, uid


def manage_url(meeting):
    """Where whoever booked it sees, moves or cancels a meeting."""
    return f"{settings.SITE_URL}/booked/{token(meeting)}"
