"""Who sits before the browser: the session that the signed cookie names, looked at on every request."""

import uuid

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts import sessions


class Stranger(AnonymousUser):
    is_member = is_platform_staff = is_admin = False
    organization = organization_id = None

    def can(self, verb):
        return False


class SignedIn(AuthenticationMiddleware):
    """Sets `request.user`; the look-up happens when somebody asks."""

    def process_request(self, request):
        request.user = SimpleLazyObject(lambda: self.recognise(request))

    def process_response(self, request, response):
        timezone.deactivate()
        return response

    @staticmethod
    def recognise(request):
        try:
            session_id = uuid.UUID(request.session.get("sid", ""))
        except (ValueError, TypeError, AttributeError):
            return Stranger()
        user, _ = sessions.recognise(session_id)
        if user is None:
            return Stranger()
        request.auth_session_id = session_id
        timezone.activate(user.timezone)
        return user
