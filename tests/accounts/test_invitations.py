"""Joining by a link in a mail (accounts/invitations.py)."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from accounts import invitations
from accounts.models import Invitation, Role, User
from lio import jobs
from lio.errors import Conflict, Forbidden, Invalid, Missing
from lio.tenancy import org_scope

GUEST = {"first_name": "Guy", "last_name": "Guest", "password": "orchard-gate-9"}


@pytest.fixture
def invite(rep):
    """Invites an address; answers the token of the link in the mail."""

    def send(email="Guy@acme.example", role="Manager"):
        with org_scope(rep.organization):
            invitations.invite(rep.organization, email=email, role=Role.objects.of(rep.organization).get(name=role), by=rep)
        mail.outbox.clear()
        jobs.drain()
        [message] = mail.outbox
        assert message.to == [email.lower()]
        return re.search(r"/invitation/(\S+)", message.body)[1]

    return send


def test_joins_with_the_role_and_signs_in(invite, rep, sign_in):
    member = invitations.accept(invite(), **GUEST)
    assert (member.email, member.organization_id, member.role.name) == ("guy@acme.example", rep.organization_id, "Manager")
    assert sign_in("guy@acme.example", GUEST["password"]).status_code == 200


def test_once_only(invite):
    token = invite()
    invitations.accept(token, **GUEST)
    with pytest.raises(Missing):
        invitations.accept(token, **GUEST)


def test_only_its_hash_is_kept(invite):
    token = invite()
    stored = str(list(Invitation.objects.values()))
    assert token not in stored and invitations.digest(token) in stored


def test_expired_withdrawn_replaced_or_guessed(invite, rep):
    token = invite()
    Invitation.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(Missing):
        invitations.find(token)
    first, second = invite("b@acme.example"), invite("b@acme.example")
    with pytest.raises(Missing):
        invitations.find(first)
    with org_scope(rep.organization):
        invitations.revoke(invitations.find(second), by=rep)
    for token in (second, "", "x", "x" * 500, invitations.digest(second), "%00"):
        with pytest.raises(Missing):
            invitations.find(token)


def test_a_weak_password_does_not_use_it_up(invite):
    token = invite()
    with pytest.raises(Invalid):
        invitations.accept(token, **(GUEST | {"password": "password"}))
    assert invitations.accept(token, **GUEST).pk


def test_an_address_that_has_an_account(invite, rep, outsider):
    with pytest.raises(Conflict):
        invite(outsider.email)
    token = invite("late@acme.example")
    User.objects.filter(pk=outsider.pk).update(email="late@acme.example")
    with pytest.raises(Conflict):
        invitations.accept(token, **GUEST)


def test_nobody_invites_somebody_above_themselves(rep, colleague):
    with org_scope(rep.organization), pytest.raises(Forbidden):
        invitations.invite(
            rep.organization, email="x@acme.example", role=Role.objects.of(rep.organization).get(name="Admin"), by=colleague
        )


def test_the_link_is_ours_whatever_host_was_asked(invite, settings):
    settings.SITE_URL = "https://lio.example"
    invite("host@acme.example")
    assert "https://lio.example/invitation/" in mail.outbox[0].body
