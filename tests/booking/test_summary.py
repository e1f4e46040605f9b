"""Transcripts as recorders write them, and what is taken out of them, measured against what people wrote of real meetings."""

import json
import re
from collections import Counter

import pytest

from booking.summary import chosen, sentences, summarize
from booking.transcripts import as_text, read
from lio.errors import Invalid
from tests.conftest import shared

MEETING = b"""David (Sales Manager):
Let's begin. We agreed to drop the old price list.

Jessica: I'll send the proposal to RetailHub by Friday. It is worth $45,000.
Marcus: [inaudible] Fine. Lisa, draft the contract by tomorrow.
"""


def said(segments):
    return [(one["speaker"], one["text"]) for one in segments]


@pytest.mark.parametrize(("name", "count", "first"), [
    ("captions_with_bom.vtt", 4, "Caption text #1"), ("comments.vtt", 3, "- Ta en kopp varmt te. - Det är inte varmt."),
    ("cue_tags.vtt", 3, "When the moon hits your eye"), ("invalid.vtt", 7, "Caption text #1"),
    ("missing_timeframe.vtt", 6, "Caption text #1"),
    ("sample.srt", 5, "Caption text #1"), ("sample.vtt", 16, "Caption text #1"),
    ("styles.vtt", 1, "- Hello world."), ("using_identifiers.vtt", 6, "Caption text #1"), ("youtube_dl.vtt", 3, "yeah"),
])  # fmt: skip
def test_files_of_recorders(name, count, first):
    segments = read(shared(f"data/transcripts/vtt/{name}").read_bytes())
    assert len(segments) == count and segments[0]["text"] == first
    assert all(one["start"] <= one["end"] and "<" not in one["text"] and "-->" not in one["text"] for one in segments)


def test_a_file_without_words_is_refused():
    for data in (b"", b"   \n\n", b"WEBVTT\n\nNOTE nothing", b"\x00\x01\x02", "\x00".encode("utf-16"), b"# a title"):
        with pytest.raises(Invalid):
            read(data)


def test_speakers_and_times_are_read_however_they_are_written():
    vtt = (
        b"WEBVTT\n\n00:01.000 --> 00:03.500\n<v Ana Silva>Hello &amp; welcome\n\n01:00:00.000 --> 01:00:02.000\nJon: Hi there\n"
    )
    assert read(vtt) == [
        {"start": 1.0, "end": 3.5, "speaker": "Ana Silva", "text": "Hello & welcome"},
        {"start": 3600.0, "end": 3602.0, "speaker": "Jon", "text": "Hi there"},
    ]
    assert said(read(b"[00:01:05] Ana: Hello\nand welcome\n\nJon (00:02): Hi")) == [("Ana", "Hello and welcome"), ("Jon", "Hi")]
    assert read(b"[00:01:05] Ana: Hello")[0]["start"] == 65
    assert said(read("Ein Satz ohne Namen.\n\nNoch einer.".encode("utf-16"))) == [
        ("", "Ein Satz ohne Namen."),
        ("", "Noch einer."),
    ]
    assert as_text(read(MEETING)).splitlines()[0].startswith("David: Let's begin.")


def test_each_line_points_to_its_place_and_says_what_was_said():
    segments = read(MEETING)
    text, points = summarize(segments, "detailed")
    kinds = {kind: [one["text"] for one in points if one["kind"] == kind] for kind in ("decision", "action", "amount")}
    assert kinds["decision"] == ["We agreed to drop the old price list."]
    assert kinds["action"] == ["I'll send the proposal to RetailHub by Friday.", "Lisa, draft the contract by tomorrow."]
    assert kinds["amount"] == ["It is worth $45,000."]
    for one in points:
        assert one["text"] in segments[one["segment"]]["text"].replace("[inaudible] ", "")
        assert one["speaker"] == segments[one["segment"]]["speaker"] and one["text"] in text
    assert "inaudible" not in text


def test_nothing_to_say():
    assert summarize([{"start": None, "end": None, "speaker": "", "text": "Hm."}])[0] == "Key points\n- Hm."


def rouge_1(found, wanted):
    """F1 of words, endings left off as everywhere (ROUGE-1)."""
    one, other = (
        Counter(re.sub(r"(ing|ed|es|s)$", "", word) for word in re.findall(r"[a-z0-9]+", text.lower()))
        for text in (found, wanted)
    )
    same = sum((one & other).values())
    return 2 * same / (sum(one.values()) + sum(other.values()))


def test_real_bar_of_whole_meetings(capsys):
    """As many words as the human summary has: better than its bar of 0.20, and than the first words (0.197 there)."""
    ours, first = [], []
    for file in sorted(shared("data/transcripts/qmsum").glob("*.json")):
        meeting = json.loads(file.read_text())
        wanted = next(one["answer"] for one in meeting["general_query_list"] if "ummar" in one["query"])
        turns = [
            {"start": None, "end": None, "speaker": one["speaker"], "text": one["content"]}
            for one in meeting["meeting_transcripts"]
        ]
        many, spoken = len(wanted.split()), sentences(turns)
        first.append(rouge_1(" ".join(" ".join(one[3] for one in spoken).split()[:many]), wanted))
        ours.append(rouge_1(" ".join(" ".join(one[3] for one in chosen(spoken, many)).split()[:many]), wanted))
    mean, plain = sum(ours) / len(ours), sum(first) / len(first)
    with capsys.disabled():
        print(f"\nROUGE-1 of {len(ours)} meetings: ours {mean:.3f}, first words {plain:.3f}")
    assert mean > 0.20 and mean > 1.2 * plain
