"""What kind of table a text is: its encoding, delimiter, escapes, and the row that holds the header.

Pure functions over a sample of the file; `reading.py` applies what they find to the whole of it.
"""

import codecs
import hashlib
import io
import re
from collections import Counter
from dataclasses import dataclass, field

from transfers.records import Record, records
from transfers.synonyms import is_known

DELIMITERS = (",", ";", "\t", "|")
HEADER_SEARCH = 40  # records; nobody writes a longer preamble
BOMS = (  # the UTF-32 marks begin with the UTF-16 ones, so they come first
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
NOT_TEXT = (
    (b"PK\x03\x04", "an Excel or zip file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
)
MARKUP = ((rb"<", "a web page or XML"), (rb"\{", "JSON or RTF"), (rb"\[\s*[\[{\"]", "JSON"))
CONTROLS = bytes(range(9)) + b"\x0e\x0f" + bytes(range(16, 27)) + bytes(range(28, 32))
UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
ASCII_BYTES = bytes(range(128))
DATA_LIKE = re.compile(r"[^@\s]+@[^@\s]+\.\w{2,}|https?://\S+|\+\d[\d ()/.-]{7,}")


class TableError(ValueError):
    """The file cannot be read as a table; the message is for the person who brought it."""


@dataclass(frozen=True)
class Layout:
    """How a text splits into a table. `before` counts the records above the header (or above the first row)."""

    delimiter: str
    escape: bool = False
    spaces: bool = False
    before: int = 0
    header: list[str] | None = None
    width: int = 1
    score: float = 0.0
    found: list[Record] = field(default_factory=list, repr=False)


def fallback(error):
    """Decode the bytes that an encoding refuses as Windows-1252, or as Latin-1 where that has no character."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in bad), error.end


codecs.register_error("windows_fallback", fallback)


def scan(handle, chunk_size=1 << 20):
    """The encoding of a binary file and the SHA-256 of its bytes, in one pass of bounded memory."""
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
    head, strict, in_sequences, high = b"", True, 0, 0
    while chunk := handle.read(chunk_size):
        head = head or chunk[: 1 << 16]
        digest.update(chunk)
        if chunk.isascii() and not decoder.getstate()[0]:
            continue
        high += len(chunk.translate(None, ASCII_BYTES))
        in_sequences += len(chunk) - len(UTF8_SEQUENCE.sub(b"", chunk))
        strict = strict and _decodes(decoder, chunk)
    strict = strict and _decodes(decoder, b"", final=True)
    return encoding_of(head, strict=strict, mostly=in_sequences > 2 * (high - in_sequences)), digest.hexdigest()


def encoding_of(head, *, strict, mostly):
    """Name of the encoding of a file that begins with `head`.

    `strict`: all of it is valid UTF-8; `mostly`: most of its non-ASCII bytes are. A few broken bytes in a UTF-8 file
    are read one by one as Windows-1252 (`windows_fallback`), for reading all of it so would spoil every accent.
    """
    if not head.strip():
        raise TableError("The file is empty.")
    for magic, name in NOT_TEXT:
        if head.startswith(magic):
            raise TableError(f"This is {name}, not a text file. Save the table as CSV.")
    for mark, name in BOMS:
        if head.startswith(mark):
            return name
    for pattern, name in MARKUP:
        if re.match(pattern, head.lstrip()):
            raise TableError(f"This is {name}, not a table. Save the table as CSV.")
    nuls = head.count(0)
    if len(head) - len(head.translate(None, CONTROLS)) - nuls > len(head) * 0.01:
        raise TableError("This is not a text file. Save the table as CSV.")
    if nuls > len(head) * 0.3:  # UTF-16 without a mark: every other byte of Latin text is zero
        return "utf-16-le" if head[1::2].count(0) > nuls / 2 else "utf-16-be"
    return "utf-8" if strict or mostly else "cp1252"


def _decodes(decoder, chunk, final=False):
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def layout_of(text, *, complete, delimiter=None):
    """The best `Layout` for the beginning of a file. `complete`: the text is all of it, not a cut sample."""
    declared = re.match(r"sep=(.)\r?\n", text, re.IGNORECASE)  # the line that Excel reads and writes
    if declared:
        delimiter = delimiter or declared[1]
    escape = bool(re.search(r'(?<!\\)(?:\\\\)*\\"[^",;|\t\r\n]', text))
    tries = [
        _layout(text, candidate, escape, complete, 1 if declared else 0)
        for candidate in ([delimiter] if delimiter else DELIMITERS)
    ]
    return max(tries, key=lambda layout: layout.score)


def _layout(text, delimiter, escape, complete, skip):
    mark = re.escape(delimiter)
    spaces = delimiter != "\t" and len(re.findall(rf'{mark} +"', text)) > len(re.findall(rf'{mark}"', text))
    found = list(records(io.StringIO(text, newline=""), delimiter, escape=escape, spaces=spaces))
    if not complete and len(found) > 1:
        found.pop()  # the sample may have cut it in two
    widths = Counter(len(record.cells) for record in found[skip:] if record.filled)
    if not widths:
        raise TableError("The file holds no rows.")
    # Preambles and titles are lines of one cell: they must not outvote the table below them.
    width = max(widths, key=lambda size: widths[size] * (1 if size > 1 else 0.25))  # of equals the first to occur
    at = _header_at(found, width, skip)
    header = found[at].cells if not _is_data(found[at]) else None
    body = [record for record in found[at:] if record.filled]
    share = sum(len(record.cells) == width for record in body) / len(body)
    score = share * {1: 0.3, 2: 0.9}.get(width, 1.0) + 0.5 * _known(found[at])
    score -= 0.2 * (at > skip) + 0.3 * (header is None)
    return Layout(delimiter, escape, spaces, at, header, max(width, len(found[at].cells)), score, found)


def _header_at(found, width, skip):
    """Index of the first record as wide as the table, unless a later one holds clearly more known column names."""
    wide = [
        index
        for index, record in enumerate(found[:HEADER_SEARCH])
        if index >= skip and record.filled >= max(1, min(width, 2), width / 2)
    ]
    if not wide:
        return next(index for index, record in enumerate(found) if index >= skip and record.filled)
    best = wide[0]
    for index in wide[1:]:
        share = _known(found[index])
        several = share * found[index].filled >= 2  # one word alone may be a value: a company called Contact
        if several and share >= _known(found[best]) + 0.25 and not _is_data(found[index]):
            best = index
    return best


def _known(record):
    cells = [cell for cell in record.cells if cell.strip()]
    return sum(len(cell) < 80 and is_known(cell) for cell in cells) / len(cells) if cells else 0.0


def _is_data(record):
    """Whether a record holds an address or a phone number, which no header does."""
    return any(DATA_LIKE.fullmatch(cell.strip()[:300]) for cell in record.cells)
