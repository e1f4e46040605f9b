"""Transcripts of meetings and their summaries, over the API and on the meeting's page."""

import json
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.timezone import now
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts import roles
from activity import record_notes
from booking import meetings, recaps, transcripts
from booking.models import Meeting, MeetingSummary, Transcript
from booking.summary import summarize
from lio import history
from lio.errors import Invalid
from lio.models import Change
from lio.tenancy import org_scope
from tests.conftest import sign_in
from tests.factories import make_member

SWAP = {"HX-Request": "true"}
SAID = b"""WEBVTT

00:00:05.000 --> 00:00:09.000
<v Ana Silva>Shall we talk about the pilot at the Lisbon depot?

00:01:10.000 --> 00:01:14.000
<v Jon Bell>We agreed to start the pilot with two depots.

00:02:00.000 --> 00:02:05.500
<v Ana Silva>I'll send the contract by Friday. It is worth $12,000.
"""


def text(answer):
    return answer.content.decode()


@pytest.fixture
def browser(client, rep):
    return sign_in(client, rep)


@pytest.fixture
def meeting(rep):
    return planned(rep)


def planned(member, title="Review", **fields):
    start = now() - timedelta(days=1)
    values = {"title": title, "start_time": start, "end_time": start + timedelta(minutes=45)} | fields
    with org_scope(member.organization), history.one_action():
        return meetings.add(member.organization, values, by=member)


def vtt(name="review.vtt", data=SAID):
    return SimpleUploadedFile(name, data, content_type="text/vtt")


def long_one(parts):
    """Captions of three hours: a cue every two seconds."""
    words = ("depot", "route", "driver", "contract", "price", "pilot", "weekend", "invoice", "training", "scanner")
    lines = ["WEBVTT", ""]
    for n in range(parts):
        stamp = [f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}.000" for s in (2 * n, 2 * n + 2)]
        said = f"About the {words[n % 10]} and the {words[n // 7 % 10]} we said number {n} again today"
        lines += [f"{stamp[0]} --> {stamp[1]}", f"<v {('Ana', 'Jon', 'Eva')[n // 5 % 3]}>{said}.", ""]
    return "\n".join(lines).encode()


def newest(member, **which):
    with org_scope(member.organization):
        return Change.objects.filter(**which).latest("id")


def path(meeting, tail="transcript"):
    return f"/api/meeting/{meeting.pk}/{tail}"


# ----------------------------------------------------------------------- the API
def test_none_is_said_so(api, meeting):
    answer = api.get(path(meeting))
    assert answer.status_code == 200
    assert answer.json()["data"] == {
        "meeting_id": meeting.pk, "status": "not_available", "transcript": None, "segments": []}  # fmt: skip
    assert api.delete(path(meeting)).status_code == 404


def test_a_file_comes_in_and_is_read_back(api, meeting, rep):
    answer = api.post(path(meeting), {"file": vtt("C:\\talks\\re\u202eview.vtt")}, format="multipart")
    assert answer.status_code == 201, answer.content
    shown = api.get(path(meeting)).json()["data"]
    assert shown == answer.json()["data"]
    assert (shown["status"], shown["format"], shown["file_name"]) == ("available", "vtt", "review.vtt")
    assert shown["uploaded_by"] and shown["uploaded_at"].endswith("Z")
    assert shown["segments"][1] == {
        "start": 70.0, "end": 74.0, "speaker": "Jon Bell", "text": "We agreed to start the pilot with two depots."}  # fmt: skip
    assert shown["transcript"].splitlines()[1] == "Jon Bell: We agreed to start the pilot with two depots."
    with org_scope(rep.organization):
        row = Transcript.objects.get()
        assert (row.parts, row.seconds, row.speakers) == (3, 126, ["Ana Silva", "Jon Bell"])
    entry = newest(rep, verb="meeting.transcript_added")
    assert (entry.before, entry.after) == (None, {"transcript_id": row.pk, "name": "review.vtt", "parts": 3})
    assert answer["X-Change-Id"] == str(entry.change_id)


@pytest.mark.parametrize(("data", "kind", "first"), [
    (b"\xef\xbb\xbf" + SAID.replace(b"\n", b"\r\n"), "vtt", "Shall we talk"),
    ("Ana: Um olá".encode("utf-16"), "text", "Um olá"),
    ("Ana: Grüße aus Köln".encode("cp1252"), "text", "Grüße aus Köln"),
    (b"1\n00:00:01,000 --> 00:00:02,000\nAna: Hi there\n", "srt", "Hi there"),
    (b"Ana: one\rJon: two", "text", "one"),
])  # fmt: skip
def test_encodings_and_line_ends(api, meeting, data, kind, first):
    shown = api.post(path(meeting), {"file": vtt(data=data)}, format="multipart").json()["data"]
    assert shown["format"] == kind and shown["segments"][0]["text"].startswith(first)


MALFORMED = {
    "empty": b"", "blank": b" \n\t\r\n ", "only a header": b"WEBVTT\n\n", "only notes": b"WEBVTT\n\nNOTE nobody spoke\n",
    "cues without words": b"WEBVTT\n\n00:01.000 --> 00:02.000\n\n",
    "only tags": b"WEBVTT\n\n00:01.000 --> 00:02.000\n<i></i>\n",
    "only marks": b"...\n---\n!!!", "a NUL": b"Ana: Hi\x00 there", "utf-16 without a mark": "Ana: Hi".encode("utf-16-le"),
    "utf-32": "Ana: Hi".encode("utf-32"), "half a utf-16": b"\xff\xfeA\x00n",
    "a picture": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "a zip": b"PK\x03\x04\x14\x00\x00\x00", "control characters": b"\x01\x02\x03\x04 Hi \x05\x06\x07",
    "an old sound": b"RIFF\x24\x08\x00\x00WAVEfmt ", "an executable": b"\x7fELF\x02\x01\x01\x00",
    "too large": b"Ana: word\n" * 250_000, "too many parts": b"Ana: a\n\n" * 20_001, "titles": b"# one\n\n# two\n",
    "not decodable": b"\x81\x8d\x8f\x90\x9d" * 50, "a surrogate": "Ana".encode("utf-16") + b"\x00\xd8\x00\x00",
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_transcript_is_refused(api, meeting, name):
    answer = api.post(path(meeting), {"file": vtt(data=MALFORMED[name])}, format="multipart")
    assert answer.status_code == 422, (name, answer.content[:300])
    assert answer.json()["error"]["fields"]["file"]
    assert api.get(path(meeting)).json()["data"]["status"] == "not_available"


@pytest.mark.parametrize(("body", "status"), [
    ({}, 422), ({"text": ""}, 422), ({"text": "   "}, 422), ({"text": None}, 422), ({"text": 5}, 422), ({"text": ["a"]}, 422),
    ({"text": "a\x00b"}, 422), ({"file": "no file"}, 422), ({"text": "Ana: Hi", "file_name": "x" * 300}, 422),
    ({"text": "Ana: Hi", "file_name": {}}, 422), ({"text": "a" * 1_100_000}, 400),
])  # fmt: skip
def test_bodies_that_make_no_sense(api, meeting, body, status):
    answer = api.post(path(meeting), body)
    assert answer.status_code == status, answer.content[:300]


def test_text_in_json(api, meeting):
    answer = api.post(path(meeting), {"text": "Ana: We agreed on it.\nJon: Fine.", "file_name": "call.txt"})
    shown = answer.json()["data"]
    assert answer.status_code == 201 and [one["speaker"] for one in shown["segments"]] == ["Ana", "Jon"]
    assert (shown["format"], shown["file_name"], shown["segments"][0]["start"]) == ("text", "call.txt", None)
    both = api.post(path(meeting), {"text": "Ana: Hi", "file": vtt()}, format="multipart")
    assert both.status_code == 422 and "both" in both.json()["error"]["message"]
    assert api.get(path(meeting)).json()["data"]["file_name"] == "call.txt"


def test_a_summary_of_the_transcript(api, meeting, rep):
    api.post(path(meeting), {"file": vtt()}, format="multipart")
    answer = api.post(path(meeting, "generate-summary"), {"detail": "detailed"})
    told = answer.json()["data"]
    assert answer.status_code == 200 and told["meeting_id"] == meeting.pk and told["detail"] == "detailed"
    assert (told["source"], told["provider"]) == ("transcript", "builtin")
    kinds = {one["kind"]: (one["text"], one["segment"], one["start"]) for one in told["bullets"]}
    assert kinds["decision"] == ("We agreed to start the pilot with two depots.", 1, 70.0)
    assert kinds["action"] == ("I'll send the contract by Friday.", 2, 120.0)
    assert kinds["amount"] == ("It is worth $12,000.", 2, 120.0)
    assert set(kinds) <= {"point", "decision", "action", "date", "amount"}
    for one in told["bullets"]:
        assert one["text"] in told["summary"]
    again = api.post(path(meeting, "generate-summary"), {"detail": "detailed"})
    assert again.json()["data"] == told and "X-Change-Id" not in again  # nothing has changed since
    brief = api.post(path(meeting, "generate-summary"))
    assert brief.json()["data"]["detail"] == "brief"
    with org_scope(rep.organization):
        assert MeetingSummary.objects.count() == 2
        assert Change.objects.filter(verb="meeting.summarised").count() == 2


def test_a_summary_of_what_was_written_down(api, rep):
    meeting = planned(rep, "Price talk", description="We agreed on a pilot. The budget is $9,000 for it.")
    told = api.post(path(meeting, "generate-summary")).json()["data"]
    assert told["source"] == "meeting" and told["summary"].startswith("Price talk\n\n")
    assert {one["kind"]: one["text"] for one in told["bullets"]}["decision"] == "We agreed on a pilot."
    assert {one["segment"] for one in told["bullets"]} == {None}
    with org_scope(rep.organization), history.one_action():
        record_notes.add(meeting, title="Please send the routes", note="Please send the routes to Ana by Monday.", by=rep)
    told = api.post(path(meeting, "generate-summary")).json()["data"]  # a note has come: made anew
    assert "Please send the routes to Ana by Monday." in told["summary"]


def test_nothing_to_summarise(api, rep, meeting):
    answer = api.post(path(meeting, "generate-summary"))
    error = answer.json()["error"]
    assert answer.status_code == 422 and error["code"] == "nothing_to_summarise"
    assert "add a transcript, a description or a note" in error["message"] and error["fields"]["transcript"]
    for wrong in ("long", "", 5, None, []):
        assert api.post(path(meeting, "generate-summary"), {"detail": wrong}).status_code == 422, wrong


def test_what_is_made_of_a_deleted_transcript_goes_with_it(api, meeting, rep):
    api.post(path(meeting), {"file": vtt()}, format="multipart")
    api.post(path(meeting, "generate-summary"))
    removed = api.delete(path(meeting))
    assert removed.json()["data"] == {"meeting_id": meeting.pk, "status": "not_available"}
    assert api.get(path(meeting)).json()["data"]["transcript"] is None
    with org_scope(rep.organization):
        assert recaps.summaries(rep.organization, meeting.pk, None) == {}
    assert api.post(path(meeting, "generate-summary")).status_code == 422
    assert api.post("/api/undo", {"change_id": int(removed["X-Change-Id"])}).status_code == 200
    assert api.get(path(meeting)).json()["data"]["segments"][0]["speaker"] == "Ana Silva"
    with org_scope(rep.organization):
        kept = recaps.summaries(rep.organization, meeting.pk, recaps.living(rep.organization, meeting.pk))
        assert not kept["brief"].is_stale
    api.delete(path(meeting))
    api.post(path(meeting), {"text": "Jon: Another talk altogether."})  # the deleted words do not come back with it
    with org_scope(rep.organization):
        assert not MeetingSummary.objects.exists()


def test_replacing_and_taking_back(api, meeting, rep):
    def stands():
        return api.get(path(meeting)).json()["data"]["transcript"]

    def take_back(answer):
        return api.post("/api/undo", {"change_id": int(answer["X-Change-Id"])})

    first = api.post(path(meeting), {"text": "Ana: first"})
    api.post(path(meeting, "generate-summary"))
    second = api.post(path(meeting), {"text": "Ana: second"})
    with org_scope(rep.organization):
        row = recaps.living(rep.organization, meeting.pk)
        assert recaps.summaries(rep.organization, meeting.pk, row)["brief"].is_stale
    refused = take_back(first)
    assert "has been changed since" in refused.content.decode() and stands() == "Ana: second"
    back = take_back(second)
    assert back.status_code == 200 and stands() == "Ana: first"
    again = api.post("/api/undo", {"change_id": newest(rep).change_id})  # the undoing is undone
    assert again.status_code == 200, again.content
    assert stands() == "Ana: second"
    told = api.post(path(meeting, "generate-summary"))
    assert "made anew" in take_back(told).content.decode()
    api.delete(f"/api/meeting/delete/{meeting.pk}")
    for call in (api.get, api.post, api.delete):
        assert call(path(meeting)).status_code == 404
    assert api.post(path(meeting, "generate-summary")).status_code == 404


def test_other_organisations_have_none_of_it(api, client, meeting, outsider, rep):
    api.post(path(meeting), {"file": vtt()}, format="multipart")
    api.post(path(meeting, "generate-summary"))
    theirs = sign_in(client, outsider)
    for tail in ("transcript", "transcript/add", "transcript/remove", "summarise", "?part=transcript"):
        for call in (theirs.get, theirs.post):
            answer = call(f"/meetings/{meeting.pk}/{tail}", {"text": "Mine: now", "detail": "brief"})
            assert answer.status_code in (404, 405) and "pilot" not in text(answer), tail
    with org_scope(outsider.organization):
        assert not Transcript.objects.exists() and not MeetingSummary.objects.exists()
        with pytest.raises(Exception, match="no such record"):
            recaps.put(meeting.pk, outsider.organization, SAID, by=outsider)
    with org_scope(rep.organization):
        assert Transcript.objects.get().parts == 3


def test_one_living_transcript_a_meeting(meeting, rep):
    """The table itself refuses the second."""
    from django.db import IntegrityError, transaction

    with org_scope(rep.organization):
        row = recaps.put(meeting.pk, rep.organization, SAID, by=rep)
        row.pk = None
        with pytest.raises(IntegrityError, match="one_transcript_of_meeting"), transaction.atomic():
            row.save()


# ----------------------------------------------------------------------- any file at all
PIECES = st.sampled_from([
    "WEBVTT", "\n", "\r\n", "\n\n", "00:01.000 --> 00:02.000", "1\n00:00:01,5 --> 99:59:59,999", "<v Ana>", "<v.loud Jon>",
    "</v>", "&amp;", "&#0;", "&#xD800;", "Ana: ", "[00:01:02] Jon:", "We agreed to go.", "I'll send it by Friday", "$1,000",
    "[noise]", "{x}", "\ufeff", "\u2028", "\u202e", "\x0b", "\x1c", "١:٢٣ --> ٢:٣٤",
    "é", "𝕏", "…", "'", '"', ".", " ", "NOTE", "#", "-->",
])  # fmt: skip
FILES = st.one_of(
    st.binary(max_size=400), st.text(max_size=400).map(lambda words: words.encode("utf-8", "surrogatepass")),
    st.lists(PIECES, max_size=40).map(lambda parts: "".join(parts).encode()),
    st.lists(PIECES, max_size=40).map(lambda parts: "".join(parts).encode("utf-16")),
)  # fmt: skip


@given(FILES)
@example(b"\xff\xfe\x00")
@example(b"00:01 --> 00:02\n<v &#0;>hi")
@settings(max_examples=300, deadline=None)
def test_any_file_is_read_or_refused(data):
    try:
        segments = transcripts.read(data)
    except Invalid as error:
        assert error.fields["file"]
        return
    assert "\x00" not in json.dumps(segments) and transcripts.as_text(segments)
    for detail in ("brief", "detailed"):
        for one in summarize(segments, detail)[1]:
            assert 0 <= one["segment"] < len(segments)


@given(data=FILES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_file_over_the_api_is_taken_or_refused(api, meeting, data):
    answer = api.post(path(meeting), {"file": vtt(data=data)}, format="multipart")
    assert answer.status_code in (201, 422), answer.content[:300]
    if answer.status_code == 201:
        assert api.post(path(meeting, "generate-summary"), {"detail": "detailed"}).status_code == 200


# ----------------------------------------------------------------------- the page
def test_from_the_empty_section_to_the_place(browser, meeting, rep):
    address = f"/meetings/{meeting.pk}/"
    page = text(browser.get(address))
    assert "Nobody has added yet what was said" in page and "Add a transcript" in page and "How it begins" not in page
    answer = browser.post(f"{address}transcript/add", {"file": vtt(), "text": ""})
    assert answer.status_code == 302 and answer.headers["Location"] == address  # without script
    page = text(browser.get(address))
    for words in ("review.vtt", "3 parts", "2:06", "2 speakers", 'id="part-1"', "Jon Bell", "added the transcript review.vtt"):
        assert words in page, words
    answer = browser.post(f"{address}summarise", {"detail": "detailed"})
    assert answer.headers["Location"] == f"{address}?summary=detailed#part-transcript"
    answer = browser.post(f"{address}summarise", {"detail": "brief"}, headers=SWAP)
    assert answer.status_code == 200 and "record-changed" in answer.headers["HX-Trigger"]
    section = text(answer)
    assert re.search(r'href="#part-1"[^>]*>1:10</a><span><b>Jon Bell:</b> We agreed to start', section)
    assert section.count('aria-pressed="true"') == 1 and "<textarea" in section
    assert 'value="detailed" aria-pressed="true"' in text(browser.get(f"{address}?summary=detailed"))
    page = text(browser.get(address))
    assert "summed up the meeting in detail" in page and "summed up the meeting briefly" in page
    read = text(browser.get(f"{address}transcript"))
    assert "Parts 1–3 of 3" in read and "Shall we talk about the pilot" in read


def test_replacing_deleting_and_undo(browser, meeting, rep):
    address = f"/meetings/{meeting.pk}/"
    browser.post(f"{address}transcript/add", {"text": "Ana: We agreed on the first one together."})
    browser.post(f"{address}summarise", {"detail": "brief"})
    answer = browser.post(f"{address}transcript/add", {"text": "Ana: second"}, headers=SWAP)
    assert "has changed since this was summed up" in text(answer) and "undo_url" in answer.headers["HX-Trigger"]
    assert "Pasted text" in text(answer) and 'class="placed"' not in text(answer)
    assert "In place of the one before" in text(browser.get(address))
    answer = browser.post(f"{address}transcript/remove", headers=SWAP)
    assert "Nobody has added" in text(answer) and "first one" not in text(answer)
    assert browser.get(f"{address}transcript").status_code == 404
    assert browser.post(f"{address}transcript/remove", headers=SWAP).status_code == 404
    browser.post(f"/undo/{newest(rep).change_id}")
    assert "Ana" in text(browser.get(f"{address}transcript"))
    assert "deleted the transcript" in text(browser.get(address))


def test_undo_reads_the_page_anew_wherever_it_was_pressed(browser, meeting, rep):
    """An address that differs by its fragment alone would only scroll."""
    address = f"/meetings/{meeting.pk}/"
    browser.post(f"{address}transcript/add", {"text": "Ana: Hi"})
    where = {"HX-Current-URL": f"http://testserver{address}?summary=brief#part-transcript"}
    answer = browser.post(f"/undo/{newest(rep).change_id}", headers=SWAP | where)
    assert answer.headers["HX-Redirect"] == f"http://testserver{address}?summary=brief"


def test_what_is_wrong_is_said_on_the_page(browser, meeting):
    address = f"/meetings/{meeting.pk}/"
    for sent, complaint in (({}, "Choose a file, or paste what was said"), ({"file": vtt(data=b"\x00")}, "Is no text"),
                            ({"text": "..."}, "Holds no words"), ({"file": vtt(data=b"Ana: x\n" * 400_000)}, "at most 2 MB")):
        answer = browser.post(f"{address}transcript/add", sent, headers=SWAP)
        assert answer.status_code == 422 and complaint in text(answer), (sent, text(answer)[:600])
        assert "recap-more\" open" in text(answer)
    answer = browser.post(f"{address}transcript/add", {"text": "... <>&"}, headers=SWAP)
    assert "... &lt;&gt;&amp;</textarea>" in text(answer)
    assert "nothing to summarise" in text(browser.post(f"{address}summarise", {"detail": "brief"}, headers=SWAP))
    assert "Choose how long" in text(browser.post(f"{address}summarise", {"detail": "x"}, headers=SWAP))
    assert "nothing to summarise" in text(browser.post(f"{address}summarise", {"detail": "brief"}, follow=True))


def test_notes_are_summed_up_and_go_stale(browser, rep):
    meeting = planned(rep, description="We agreed on a pilot.\nPlease send the routes by Monday.")
    address = f"/meetings/{meeting.pk}/"
    section = text(browser.post(f"{address}summarise", {"detail": "brief"}, headers=SWAP))
    assert "We agreed on a pilot." in section and 'class="placed"' not in section and "word for word from desc" in section
    browser.post(f"{address}note", {"note": "They also want scanners."})
    assert "Description or notes have changed since" in text(browser.get(address))


def test_what_is_said_is_shown_as_text(browser, meeting):
    address = f"/meetings/{meeting.pk}/"
    browser.post(f"{address}transcript/add", {"text": "Ana: We agreed on <script>alert(1)</script> & more of it."})
    browser.post(f"{address}summarise", {"detail": "brief"})
    for page in (text(browser.get(address)), text(browser.get(f"{address}transcript"))):
        assert "<script>alert(1)" not in page and "&lt;script&gt;alert(1)" in page


def test_three_hours(browser, meeting, rep, django_assert_num_queries):
    """Bounded: whatever the length, a page shows 8 or 200 parts of it, and asks the same."""
    address = f"/meetings/{meeting.pk}/"
    browser.post(f"{address}transcript/add", {"file": vtt(data=long_one(5400))})
    browser.post(f"{address}summarise", {"detail": "detailed"})
    browser.get(address)
    with django_assert_num_queries(16):
        page = text(browser.get(address))
    assert "5,400 parts" in page and "3:00:00" in page and len(re.findall(r'id="part-\d', page)) == 8
    links = re.findall(r'<a class="link num" href="([^"]+)"', page)
    assert links and len(page) < 150_000
    for link in links[:3]:
        number = int(link.rpartition("-")[2])
        assert f"/transcript?at={number}#part-{number}" in link
        with django_assert_num_queries(11):
            read = text(browser.get(link.split("#")[0]))
        assert f'id="part-{number}"' in read and len(re.findall(r'id="part-\d', read)) == 200 and len(read) < 100_000
    last = text(browser.get(f"{address}transcript?at=999999999"))
    assert "Parts 5,201–5,400 of 5,400" in last and 'rel="next"' not in last and "?at=5000" in last
    for odd in ("x", "-1", "9" * 30, ""):
        assert browser.get(f"{address}transcript?at={odd}").status_code == 200


def test_who_may_only_look(client, meeting, rep):
    with org_scope(rep.organization):
        roles.add(rep.organization, name="Viewer", permissions=["records.view"], by=rep)
        recaps.put(meeting.pk, rep.organization, SAID, by=rep)
        for detail in ("brief", "detailed"):
            recaps.summarise(meeting.pk, rep.organization, detail, by=rep)
    browser = sign_in(client, make_member(rep.organization, role="Viewer"))
    address = f"/meetings/{meeting.pk}/"
    page = text(browser.get(address))
    assert "We agreed to start the pilot" in page and "Add a transcript" not in page and "Replace" not in page
    assert f"{address}?summary=detailed#part-transcript" in page
    assert browser.get(f"{address}transcript").status_code == 200
    for tail in ("transcript/add", "transcript/remove", "summarise"):
        assert browser.post(f"{address}{tail}", {"text": "Ana: x", "detail": "brief"}).status_code == 403, tail
    with org_scope(rep.organization):
        assert Transcript.objects.get().parts == 3 and Meeting.objects.count() == 1
