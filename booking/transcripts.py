"""What was said in a meeting: WebVTT, SRT or plain text, read into segments of one speaker each.

Recorders write these files loosely, so reading them is tolerant: a cue that makes no sense is left out, a missing header is
not missed, and words that a rolling caption repeats are taken once.
"""

import re
from html import unescape

from lio.errors import Invalid

MOST_BYTES = 2 * 1024 * 1024  # three hours of captions are about 400 KB
MOST_SEGMENTS = 20_000  # three hours of captions are about 6,000
LONGEST = 5_000  # characters of a segment; longer ones are cut where a sentence or a word ends
CLOCK = r"(?:(\d{1,3}):)?([0-5]?\d):([0-5]\d)(?:[.,](\d{1,3}))?"
CUE = re.compile(rf"^\s*{CLOCK}\s*-->\s*{CLOCK}(?:\s.*)?$")
TAG = re.compile(r"<[^<>]*>")
VOICE = re.compile(r"<v(?:\.[^\s<>]{0,100})?\s([^<>]{1,200})>", re.I)
ASIDE = re.compile(r"^(?:WEBVTT|NOTE|STYLE|REGION)\b")
SPEAKER = re.compile(
    rf"^(?:\[?\(?{CLOCK}\)?\]?\s*[-–]?\s*)?([^\W\d_][\w.'’\- ]{{0,59}}?)(?:\s*\([^()]{{1,60}}\))?"
    rf"\s*(?:\(?\[?{CLOCK}\]?\)?)?\s*:\s*(.*)$")
BLANK = re.compile(r"\s+")
BREAK = re.compile(r"[.?!…][\"'”’)]*\s|\s")
CONTROLS = re.compile(r"[\x01-\x08\x0e-\x1f\x7f\ufffd]")  # what texts do not hold, and what could not be decoded
ODD = 0.02  # share of them from which a file is no text


def read(data):
    """[{"start", "end": seconds or None, "speaker", "text"}] of a file's bytes. Raises Invalid for what holds no words."""
    return read_file(data)[1]


def read_file(data):
    """(format: "vtt", "srt" or "text", the segments as `read` answers them) of a file's bytes. Raises Invalid."""
    if len(data) > MOST_BYTES:
        raise Invalid({"file": [f"must be at most {MOST_BYTES // 1024 // 1024} MB"]})
    text = _decoded(data)
    lines = text.splitlines()
    if any(CUE.match(line) for line in lines):
        kind, found = "vtt" if text.lstrip().startswith("WEBVTT") else "srt", _cues(lines)
    else:
        kind, found = "text", _spoken(lines)
    found = [one for whole in found for one in _cut(whole)]
    if not any(letter.isalnum() for one in found for letter in one["text"]):
        raise Invalid({"file": ["holds no words that could be read: it must be WebVTT, SRT or plain text"]})
    if len(found) > MOST_SEGMENTS:
        raise Invalid({"file": [f"has more than {MOST_SEGMENTS:,} parts"]})
    return kind, found


def as_text(segments):
    """Segments as one text: a line for each turn of a speaker."""
    turns: list[list[str]] = []
    before = None
    for one in segments:
        if turns and one["speaker"] == before:
            turns[-1].append(one["text"])
        else:
            turns.append([f"{one['speaker']}: {one['text']}" if one["speaker"] else one["text"]])
        before = one["speaker"]
    return "\n".join(" ".join(turn) for turn in turns)


def _cut(segment):
    """The segment in parts of at most LONGEST characters."""
    text = segment["text"]
    if len(text) <= LONGEST:
        return [segment]
    parts, at = [], 0
    while at < len(text):
        end = at + LONGEST
        if end < len(text):
            breaks = [found.end() for found in BREAK.finditer(text, at + LONGEST // 2, end)]
            sentences = [place for place in breaks if text[place - 2] in ".?!…"]
            end = (sentences or breaks or [end])[-1]
        parts.append(text[at:end].strip())
        at = end
    return [segment | {"text": part} for part in parts if part]


def _decoded(data):
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if "\x00" in text or len(CONTROLS.findall(text)) > ODD * len(text):
        raise Invalid({"file": ["is no text: it must be WebVTT, SRT or plain text"]})
    return text


def _cues(lines):
    """The cues of a WebVTT or SRT file."""
    found: list[dict] = []
    start = end = None
    said: list[str] = []
    shown: set[str] = set()  # what the caption before showed: a rolling one shows it again

    def close():
        nonlocal shown
        if start is None:
            return
        raw = "\n".join(said)
        voice = VOICE.search(raw)
        plain = [BLANK.sub(" ", unescape(TAG.sub("", line))).strip() for line in raw.split("\n")]
        plain = [line for line in plain if line]
        fresh = [line for line in plain if line not in shown]
        shown = set(plain)
        if not fresh:
            return
        text, speaker = " ".join(fresh), voice[1].strip()[:100] if voice else ""
        if not speaker and (named := SPEAKER.match(text)) and named.groups()[-1] and len(named.group(5).split()) <= 4:
            speaker, text = named.group(5).strip(), named.groups()[-1]
        found.append({"start": start, "end": end, "speaker": speaker, "text": text})

    aside = False
    for line in lines:
        if cue := CUE.match(line):
            close()
            parts = cue.groups()
            start, end, said, aside = _seconds(parts[:4]), _seconds(parts[4:8]), [], False
        elif not line.strip():
            if start is not None and said:
                close()
                start, said = None, []
            aside = False
        elif start is not None and not aside:
            said.append(line)
        elif ASIDE.match(line):
            aside = True
    close()
    return found


def _spoken(lines):
    """The turns of a plain text: `Name: words`, a name alone on its line, or paragraphs."""
    found: list[dict] = []
    said: list[list[str]] = []  # the lines of each
    speaker, start, fresh = "", None, True
    for line in lines:
        text = BLANK.sub(" ", line).strip()
        if not text or text.startswith("#") or ASIDE.match(text):
            fresh = True
            continue
        named = SPEAKER.match(text)
        if named and len(named.group(5).split()) <= 4:
            speaker = named.group(5).strip()
            clocks = [part for part in (named.groups()[:4], named.groups()[5:9]) if part[1] is not None]
            start = _seconds(clocks[0]) if clocks else None
            text, fresh = named.groups()[-1].strip(), True
            if not text:
                continue
        if found and not fresh and found[-1]["speaker"] == speaker:
            said[-1].append(text)
        else:
            found.append({"start": start, "end": None, "speaker": speaker})
            said.append([text])
        fresh = False
    return [one | {"text": " ".join(texts)} for one, texts in zip(found, said, strict=True)]


def _seconds(parts):
    hours, minutes, seconds, fraction = parts
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + (int(fraction.ljust(3, "0")) / 1000 if fraction else 0)
