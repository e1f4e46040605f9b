"""Mails of notifications as a mail server gets them: once, whatever dies; in the member's morning; stopped by their link."""

import re
import socketserver
import threading
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.test.utils import override_settings
from django.utils.timezone import now

from activity import jobs as background
from activity import preferences
from activity.models import Notification
from activity.notify import Notice, notify
from lio import jobs
from lio.models import Job
from lio.tenancy import org_scope
from tests.conftest import client_of
from tests.factories import make_member

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])


class Session(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs."""

    def handle(self):
        self.say("220 here")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "DATA":
                self.say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.letters.append(message_from_bytes(b"".join(lines), policy=policy.default))
                self.say("250 taken")
            elif verb == "RCPT" and self.server.refuses:
                self.server.refuses -= 1
                self.say("451 come again later")
            elif verb == "QUIT":
                return self.say("221 bye")
            else:
                self.say("250 here")

    def say(self, line):
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture
def server():
    """A mail server; `letters` is what it took, `refuses` how many it will refuse."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as found:
        found.daemon_threads, found.letters, found.refuses = True, [], 0
        threading.Thread(target=found.serve_forever, daemon=True).start()
        with override_settings(
            EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
            EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=found.server_address[1],
            EMAIL_USE_TLS=False,
            EMAIL_HOST_USER="",
        ):
            yield found
        found.shutdown()


def tell(member, title="Ana mentioned you", **channels):
    with org_scope(member.organization):
        preferences.change(member, {"mention": {"in_app": True, "mail": False, "digest": False} | channels})
        return notify("mention", [Notice(member.pk, title, message="Look here", link="/leads/7/")])[0]


def test_a_mail_server_gets_it_once_with_links_to_choose_and_to_stop(server, rep):
    tell(rep, mail=True)
    jobs.drain()
    (letter,) = server.letters
    assert (letter["Subject"], letter["To"]) == ("Ana mentioned you", rep.email)
    text = letter.get_content()
    assert "http://127.0.0.1:8000/leads/7/" in text and "/settings/profile#notifications" in text
    assert re.search(r"Stop mails like this one: (\S+)", text)[1] in letter["List-Unsubscribe"]
    jobs.drain()
    assert len(server.letters) == 1


def test_a_server_that_refuses_gets_it_again_under_the_same_name(server, rep):
    server.refuses = 1
    pk = tell(rep, mail=True)
    jobs.drain()
    assert server.letters == []
    Job.objects.update(run_at=now())
    jobs.drain()
    assert [letter["Message-ID"].split("@")[0] for letter in server.letters] == [
        f"<notification-{pk}.{rep.pk}"
    ]


@pytest.mark.parametrize("channel", ["mail", "digest"])
def test_a_worker_that_dies_after_handing_it_over_does_not_mail_it_twice(channel, rep, monkeypatch):
    tell(rep, **{channel: True})
    if channel == "digest":
        with org_scope(rep.organization):
            jobs.enqueue(background.mail_digest, rep.pk, "2999-01-01T00:00:00+00:00")
    sent = background.send

    def send_and_die(*args):
        sent(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(background, "send", send_and_die)
    with pytest.raises(KeyboardInterrupt):
        jobs.drain()
    monkeypatch.setattr(background, "send", sent)
    assert Job.objects.get(state=Job.State.RUNNING).function.startswith("activity.jobs.mail_")
    jobs.tick({})  # its lock is free: the worker is dead
    jobs.drain()
    assert len(mail.outbox) == 1 and not Job.objects.filter(function__startswith="activity.jobs.mail_").exclude(
        state=Job.State.DONE
    )


def test_each_member_gets_the_days_mail_once_in_his_own_morning(rep):
    abroad = make_member(rep.organization, first_name="Ana")
    for member, zone in ((rep, "Europe/Berlin"), (abroad, "America/New_York")):
        member.timezone = zone
        member.save()
        tell(member, digest=True)
    with org_scope(rep.organization):
        Notification.objects.update(created_at=datetime(2026, 6, 14, 20, tzinfo=UTC))
    got = []
    for hour in range(3, 24):
        with time_machine.travel(datetime(2026, 6, 15, hour, 10, tzinfo=UTC), tick=False):
            background.plan_digests()
            Job.objects.update(run_at=now() - timedelta(days=900))
            jobs.drain()
        got += [(hour, letter.to[0]) for letter in mail.outbox[len(got) :]]
    assert got == [(5, rep.email), (11, abroad.email)]


def test_what_was_switched_off_since_is_not_mailed(rep):
    tell(rep, mail=True)
    tell(rep, digest=True)
    with org_scope(rep.organization):
        preferences.change(rep, {"mention": {"mail": False, "digest": False}})
        jobs.enqueue(background.mail_digest, rep.pk, "2999-01-01T00:00:00+00:00")
    jobs.drain()
    assert mail.outbox == []


def link_of(letter):
    return re.search(r"https?://[^/]+(/notifications/stop/\S+)", letter.body)[1]


@pytest.mark.parametrize("channel", ["mail", "digest"])
def test_the_link_of_a_mail_stops_it_without_sign_in(channel, rep, client):
    tell(rep, **{channel: True})
    with org_scope(rep.organization):
        jobs.enqueue(background.mail_digest, rep.pk, "2999-01-01T00:00:00+00:00")
    jobs.drain()
    (letter,) = mail.outbox
    address = link_of(letter)
    assert "Stop these mails?" in client.get(address).content.decode()

    def wants():
        with org_scope(rep.organization):
            return preferences.wants(rep, channel)

    assert wants()  # a link that is only looked at, as mail programs do, stops nothing
    assert "Stopped" in client.post(address).content.decode()
    assert not wants()
    assert Client(enforce_csrf_checks=True).post(address).status_code == 403


@pytest.mark.parametrize("change", [lambda token: token[:-1], lambda token: f"x{token}", lambda token: "nothing"])
def test_a_link_that_is_not_ours_does_nothing(change, rep, client):
    token = preferences.stop_token(rep, "mention")
    assert client.post(f"/notifications/stop/{change(token)}").status_code == 404
    with time_machine.travel(now() + timedelta(days=367), tick=False):
        assert client.get(f"/notifications/stop/{token}").status_code == 404


# ---------------------------------------------------------------------------- over the API
def test_preferences_over_the_api(api, rep, colleague):
    before = {one["kind"]: one for one in api.get("/api/notification/preferences").json()["data"]["preferences"]}
    assert before["mention"] == {
        "kind": "mention",
        "type_id": 6,
        "label": "Somebody mentions you in a note",
        "in_app": True,
        "mail": False,
        "digest": False,
    }
    answer = api.put("/api/notification/preferences", {"preferences": {"mention": {"digest": True, "in_app": False}}})
    after = {one["kind"]: one for one in answer.json()["data"]["preferences"]}
    assert after["mention"] | {"in_app": True, "digest": False} == before["mention"] and after["mention"]["digest"]
    assert {name: one for name, one in after.items() if name != "mention"} == {
        name: one for name, one in before.items() if name != "mention"
    }
    theirs = client_of(colleague).get("/api/notification/preferences").json()["data"]["preferences"]
    assert not any(one["digest"] for one in theirs)


@pytest.mark.parametrize(
    "chosen", [None, 5, [], {"x": {}}, {"mention": True}, {"mention": {"sms": True}}, {"mention": {"mail": "maybe"}}]
)
def test_preferences_refuse_what_is_none(chosen, api):
    answer = api.put("/api/notification/preferences", {"preferences": chosen})
    assert answer.status_code == 422 and "preferences" in answer.json()["error"]["fields"]


def test_all_are_read_at_once(api, rep, colleague):
    tell(rep), tell(rep), tell(colleague)
    assert api.post("/api/notification/read-all").json()["data"] == {"updated": 2}
    assert api.get("/api/notification/list", {"is_read": "false"}).json()["total"] == 0
    assert client_of(colleague).get("/api/notification/list", {"is_read": "false"}).json()["total"] == 1
