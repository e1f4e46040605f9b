"""A new password by a link in a mail (accounts/invitations.py)."""

import re

import pytest
import time_machine
from django.core import mail

from accounts import invitations
from lio import jobs
from lio.errors import Invalid, Missing

NEW = "orchard-gate-9"


@pytest.fixture
def link():
    """Asks for a link; answers its token, None when no mail came."""

    def ask(email):
        mail.outbox.clear()
        invitations.send_reset(email)
        jobs.drain()
        return re.search(r"/reset-password/(\S+)", mail.outbox[0].body)[1] if mail.outbox else None

    return ask


def test_sets_the_password_and_ends_every_session(link, rep, sign_in, signed_in):
    client = signed_in(rep)
    invitations.reset_password(link(rep.email.upper()), NEW)
    assert (sign_in(rep.email).status_code, sign_in(rep.email, NEW).status_code, client.get("/api/user/my").status_code) == (
        401,
        200,
        401,
    )


def test_once_only_and_not_after_another_change(link, rep):
    first, second = link(rep.email), link(rep.email)
    invitations.reset_password(first, NEW)
    for token in (first, second):
        with pytest.raises(Missing):
            invitations.reset_password(token, NEW)


def test_a_weak_password_does_not_use_it_up(link, rep):
    token = link(rep.email)
    with pytest.raises(Invalid):
        invitations.reset_password(token, "password")
    invitations.reset_password(token, NEW)


def test_not_for_ever(link, rep):
    token = link(rep.email)
    with time_machine.travel("2100-01-01"), pytest.raises(Missing):
        invitations.reset_target(token)


def test_nothing_for_strangers_and_removed_members(link, rep, api, colleague):
    token = link(colleague.email)
    api.post("/api/user/delete", {"user_id": colleague.pk})
    assert link(colleague.email) is None and link("nobody@acme.example") is None
    with pytest.raises(Missing):
        invitations.reset_password(token, NEW)


def test_tampered_links(link, rep, outsider):
    token, theirs = link(rep.email), link(outsider.email)
    swapped = f"{theirs.partition('-')[0]}-{token.partition('-')[2]}"
    for bad in (
        swapped,
        token[:-1],
        token + "x",
        "",
        "-",
        "x-y",
        "-" + token,
        "MQ-" + "x" * 50,
        "%00-x",
        "OTk5OTk5OTk5OTk5OTk5OTk5OTk5-x",
    ):
        with pytest.raises(Missing):
            invitations.reset_password(bad, NEW)
