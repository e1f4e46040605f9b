"""OAuth: who may come back with what, for how long, and that a renewed token is never lost."""

import threading
from contextlib import contextmanager
from time import time
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from werkzeug import Response

from integrations import oauth
from integrations.oauth import Grant, StateError
from integrations.ports import Passing, Permanent

BACK = "https://lio.example/settings/calendars/google/callback"
ME = {"redirect_uri": BACK, "member_id": 7, "session_id": "3e6f7c1e"}


def begun(google, **who):
    """The query of the address at which the member comes back."""
    return google.consent(oauth.start(oauth.service("google"), **{**ME, **who}))


def connected(google, **values):
    grant = oauth.finish(oauth.service("google"), begun(google), **ME)
    return Grant(**{**grant.__dict__, **values})


class Row:
    """What keeps a grant, as a row of a table does: one at a time has it."""

    def __init__(self, grant):
        self.grant, self.lock, self.is_open = grant, threading.RLock(), 0

    @contextmanager
    def locked(self):
        with self.lock:
            self.is_open += 1
            try:
                yield self
            finally:
                self.is_open -= 1


def test_the_address_of_consent_says_who_asks_for_what(google):
    address = oauth.start(oauth.service("google"), **ME)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked.pop("state") and len(asked.pop("code_challenge")) == 43
    assert asked == {
        "client_id": "google-client",
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "https://www.googleapis.com/auth/calendar.events https://www.googleapis.com/auth/calendar.calendarlist.readonly",
        "code_challenge_method": "S256",
        "access_type": "offline",
        "prompt": "consent",
    }
    assert "client-secret" not in address
    assert oauth.start(oauth.service("google"), **ME) != address  # each beginning is one of its own


def test_microsoft_is_asked_for_what_it_calls_so(graph):
    asked = parse_qs(urlsplit(oauth.start(oauth.service("outlook"), **ME)).query)
    assert asked["scope"] == ["https://graph.microsoft.com/Calendars.ReadWrite offline_access"] and "access_type" not in asked
    graph.granted = "Calendars.ReadWrite"  # it may leave out the address
    told = graph.consent(oauth.start(oauth.service("outlook"), **ME))
    assert oauth.finish(oauth.service("outlook"), told, **ME).refresh.startswith("refresh-")


def test_buttons_show_only_where_the_operator_registered_the_installation(settings):
    assert not oauth.configured("google") and not oauth.configured("outlook")
    settings.OAUTH = {**settings.OAUTH, "google": {**settings.OAUTH["google"], "client_id": "x"}}
    assert not oauth.configured("google")
    settings.OAUTH["google"]["client_secret"] = "y"
    assert oauth.configured("google")


def test_a_code_becomes_a_grant(google):
    grant = connected(google)
    assert grant.access in google.access_tokens and grant.refresh in google.refresh_tokens
    assert grant.ends_at == pytest.approx(time() + 3600, abs=30)
    assert grant.access not in repr(grant) and grant.refresh not in repr(grant)
    assert Grant.unpacked(grant.packed()) == grant
    for broken in ("", "[]", "null", '["a"]', '{"a": 1}'):
        with pytest.raises(Permanent):
            Grant.unpacked(broken)


@pytest.mark.parametrize("other", [{"member_id": 8}, {"session_id": "another"}])
def test_what_somebody_else_began_is_not_finished(google, other):
    told = begun(google, **other)
    with pytest.raises(StateError, match="somebody else"):
        oauth.finish(oauth.service("google"), told, **ME)


def test_what_was_begun_for_another_service_is_not_finished(google, graph, settings):
    told = begun(google)
    with pytest.raises(StateError):
        oauth.finish(oauth.service("outlook"), told, **ME)


@pytest.mark.parametrize("state", ["", "x", "a:b:c", "é" * 5000])
def test_a_state_that_is_not_ours_is_refused(google, state):
    with pytest.raises(StateError, match="no answer to what you began"):
        oauth.finish(oauth.service("google"), {**begun(google), "state": state}, **ME)
    told = begun(google)
    changed = told["state"][:-1] + ("A" if told["state"][-1] != "A" else "B")
    with pytest.raises(StateError):
        oauth.finish(oauth.service("google"), {**told, "state": changed}, **ME)


def test_a_state_ends_after_ten_minutes(google):
    told = begun(google)
    with time_machine.travel(time() + oauth.STATE_SECONDS + 2), pytest.raises(StateError, match="ten minutes"):
        oauth.finish(oauth.service("google"), told, **ME)


def test_a_denial_is_told_in_words(google):
    told = begun(google)
    with pytest.raises(Permanent, match="You did not let LIO"):
        oauth.finish(oauth.service("google"), {"state": told["state"], "error": "access_denied"}, **ME)
    with pytest.raises(Permanent) as error:
        oauth.finish(oauth.service("google"), {"state": told["state"], "error": "<b>server_error</b>" * 9}, **ME)
    assert "<" not in str(error.value)
    with pytest.raises(StateError, match="no code"):
        oauth.finish(oauth.service("google"), {"state": told["state"]}, **ME)


def test_a_code_of_another_beginning_is_refused(google):
    """The verifier belongs to the state: a code that was begun elsewhere cannot be slipped in."""
    stolen, mine = begun(google), begun(google)
    with pytest.raises(Permanent):
        oauth.finish(oauth.service("google"), {**mine, "code": stolen["code"]}, **ME)


def test_a_code_is_good_once_and_not_for_ever(google):
    told = begun(google)
    oauth.finish(oauth.service("google"), told, **ME)
    with pytest.raises(Permanent) as error:
        oauth.finish(oauth.service("google"), told, **ME)
    assert "client-secret" not in str(error.value) and told["code"] not in str(error.value)
    with pytest.raises(Permanent):
        oauth.finish(oauth.service("google"), {**begun(google), "code": "made-up"}, **ME)


def test_half_a_consent_is_none(google):
    google.granted = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
    with pytest.raises(Permanent, match="only in part"):
        oauth.finish(oauth.service("google"), begun(google), **ME)


# --------------------------------------------------------------------------------------------------- using it
def test_a_token_is_used_while_it_lasts_and_renewed_before_it_ends(google):
    row = Row(connected(google))
    first = oauth.access_token(oauth.service("google"), row.locked)
    assert first == row.grant.access and google.renewals == 0
    row.grant = Grant(first, row.grant.refresh, time() + oauth.LEEWAY - 1)
    second = oauth.access_token(oauth.service("google"), row.locked)
    assert second != first and row.grant.access == second and google.renewals == 1
    assert row.grant.refresh in google.refresh_tokens and row.grant.renewing_until == 0  # the new one was kept
    assert oauth.access_token(oauth.service("google"), row.locked) == second


def test_no_lock_is_held_while_the_service_is_asked(google):
    row, seen = Row(connected(google, ends_at=0)), []
    google.while_renewing = lambda: seen.append(row.is_open)
    oauth.access_token(oauth.service("google"), row.locked)
    assert seen == [0]


def test_a_token_that_was_refused_is_renewed_although_its_time_is_not_over(google):
    row = Row(connected(google))
    old = row.grant.access
    assert oauth.access_token(oauth.service("google"), row.locked, refused=old) != old and google.renewals == 1
    assert oauth.access_token(oauth.service("google"), row.locked, refused=old) == row.grant.access and google.renewals == 1


def test_parallel_renewals_are_one(google):
    """Each refresh token is good once there: were it sent twice, the second would be out for good."""
    row, tokens, start = Row(connected(google, ends_at=0)), [], threading.Barrier(8)

    def ask():
        start.wait()
        tokens.append(oauth.access_token(oauth.service("google"), row.locked))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 8 and set(tokens) == {row.grant.access} and google.renewals == 1
    assert row.grant.refresh in google.refresh_tokens


def test_one_who_waits_too_long_comes_later(google):
    row = Row(connected(google, ends_at=0, renewing_until=time() + 20))
    with pytest.raises(Passing) as told:
        oauth.access_token(oauth.service("google"), row.locked, patience=0)
    assert told.value.wait and google.renewals == 0


def test_one_who_died_while_renewing_stands_in_nobodys_way_for_long(google):
    row = Row(connected(google, ends_at=0, renewing_until=time() - 1))
    assert oauth.access_token(oauth.service("google"), row.locked) in google.access_tokens


def test_withdrawn_access_is_for_good(google):
    row = Row(connected(google, ends_at=0))
    google.refresh_tokens.clear()
    with pytest.raises(Permanent, match="no longer lets LIO in") as told:
        oauth.access_token(oauth.service("google"), row.locked)
    assert "refresh-" not in str(told.value) and row.grant.renewing_until == 0


@pytest.mark.parametrize(("status", "body", "wait"), [
    (500, "oops", None), (503, "{}", 9), (429, "[]", None), (200, "{}", None), (200, "<html>", None), (302, "", None),
    (401, '{"error": "invalid_client"}', None),  # the operator's secret is being replaced: no member is to blame
])  # fmt: skip
def test_a_service_in_trouble_is_asked_again_later(google, status, body, wait):
    row = Row(connected(google, ends_at=0))
    google.refusal = Response(body, status, {"Retry-After": str(wait), "Location": "http://127.0.0.1/"} if wait else {})
    with pytest.raises(Passing) as told:
        oauth.access_token(oauth.service("google"), row.locked)
    assert told.value.wait == wait and "refresh-" not in str(told.value)
    google.refusal = None
    assert oauth.access_token(oauth.service("google"), row.locked)  # nothing was lost, and nothing is held


def test_a_service_that_is_away_is_asked_again_later(google, settings):
    row = Row(connected(google, ends_at=0))
    settings.OAUTH = {**settings.OAUTH, "google": {**settings.OAUTH["google"], "token_url": "http://127.0.0.1:9/token"}}
    settings.ALLOW_PRIVATE_HOSTS = ["127.0.0.1:9"]
    with pytest.raises(Passing):
        oauth.access_token(oauth.service("google"), row.locked)
    assert row.grant.renewing_until == 0


def test_a_grant_that_was_replaced_meanwhile_stays(google):
    row, newer = Row(connected(google, ends_at=0)), connected(google)
    google.while_renewing = lambda: setattr(row, "grant", newer)  # the member connects again in another tab
    assert oauth.access_token(oauth.service("google"), row.locked) == newer.access and row.grant == newer
    row.grant = connected(google, ends_at=0)
    google.refresh_tokens.discard(row.grant.refresh)
    assert oauth.access_token(oauth.service("google"), row.locked) == newer.access  # the old one's end is not the new one's


@pytest.mark.parametrize("seconds", [None, "x", -5, 10**12, True])
def test_a_service_that_does_not_say_for_how_long(google, seconds):
    google.seconds = seconds
    assert connected(google).ends_at == pytest.approx(time() + oauth.USUAL_SECONDS, abs=30)


def test_nothing_secret_is_logged(google, caplog, capfd):
    row = Row(connected(google, ends_at=0))
    oauth.access_token(oauth.service("google"), row.locked)
    told = "".join(caplog.messages) + "".join(capfd.readouterr())
    assert "outbound" in told
    assert not any(secret in told for secret in ("client-secret", "refresh-", "access-1", "code-", row.grant.access))
