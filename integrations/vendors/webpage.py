"""What a web page says of itself in its markup: title, meta, links, schema.org. Nothing of it is run or shown as HTML."""

import codecs
import json
import re
from contextlib import suppress
from html import unescape
from html.parser import HTMLParser
from time import monotonic

MOST_CHARACTERS = 600_000  # of a page; what says who somebody is stands in front
MOST_SECONDS = 2  # of parsing: a page may be made to be hard to read
SLICE = 16_384
MOST_LINKS, MOST_SCRIPTS, MOST_THINGS = 1_000, 30, 500
# What browsers understand; Python knows more, some of which unpack or take quadratic time.
ENCODINGS = {
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257",
    "cp1258", "cp866", "cp874", "iso8859-2", "iso8859-3", "iso8859-4", "iso8859-5", "iso8859-6", "iso8859-7", "iso8859-8",
    "iso8859-10", "iso8859-13", "iso8859-14", "iso8859-15", "iso8859-16", "koi8-r", "koi8-u", "mac-roman", "shift_jis", "cp932",
    "euc_jp", "iso2022_jp", "gb2312", "gbk", "gb18030", "big5", "big5hkscs", "euc_kr", "cp949", "tis-620"}  # fmt: skip
CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{2,30})""", re.I)


class Webpage(HTMLParser):
    """`title`, `meta` {name or property: content}, `links` [(href, words)], `things` [objects of schema.org]."""

    def __init__(self, data, content_type=""):
        super().__init__(convert_charrefs=True)
        self.title, self.meta, self.links, self.things = "", {}, [], []
        self._text: list[str] | None = None  # of the element that is being read
        self._href = ""
        self._scripts = 0
        text, until = decoded(data, content_type)[:MOST_CHARACTERS], monotonic() + MOST_SECONDS
        for start in range(0, len(text), SLICE):
            self.feed(text[start : start + SLICE])
            if monotonic() > until:
                break
        # never `close()`: it tries what is unfinished at the end again and again, in quadratic time

    def parse_marked_section(self, i, report=1):
        """`<![if x]>` and the like: to HTML a comment, to the base class an error."""
        return self.parse_bogus_comment(i)

    def handle_starttag(self, tag, attrs):
        if tag == "meta":
            given = dict(attrs)
            name = (given.get("property") or given.get("name") or given.get("itemprop") or "").strip().lower()
            if name and len(self.meta) < 300:
                self.meta.setdefault(name[:100], clean(given.get("content") or "", 2000))
        elif tag == "a" and len(self.links) < MOST_LINKS:
            self._href, self._text = (dict(attrs).get("href") or "").strip()[:2000], []
        elif tag == "title" and not self.title:
            self._text = []
        elif tag == "script" and self._scripts < MOST_SCRIPTS and "ld+json" in (dict(attrs).get("type") or "").lower():
            self._scripts += 1
            self._text = []

    def handle_data(self, data):
        if self._text is not None and len(self._text) < 1000:
            self._text.append(data)

    def handle_endtag(self, tag):
        if self._text is None or tag not in ("a", "title", "script"):
            return
        text, self._text = "".join(self._text), None
        if tag == "a" and self._href:
            self.links.append((self._href, clean(text, 100)))
        elif tag == "title" and not self.title:
            self.title = clean(text, 300)
        elif tag == "script":
            self._read(text)

    def _read(self, text):
        """JSON of schema.org: one object, a list, or a graph; whatever else it is, is passed over."""
        with suppress(ValueError, RecursionError):
            waiting = [json.loads(text.strip().removeprefix("<!--").removesuffix("-->"))]
            while waiting and len(self.things) < MOST_THINGS:
                found = waiting.pop(0)
                if isinstance(found, list):
                    waiting[:0] = found[:MOST_THINGS]
                elif isinstance(found, dict):
                    self.things.append(found)
                    if isinstance(found.get("@graph"), list):
                        waiting[:0] = found["@graph"][:MOST_THINGS]


def decoded(data, content_type=""):
    """The text of a page: by its byte order mark, else as the answer's header or the page itself says, else UTF-8 if it is."""
    for mark, name in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    told = re.search(r"""charset\s*=\s*["']?\s*([\w.:-]{2,30})""", content_type, re.I)
    inside = CHARSET.search(data[:4096])
    name = encoding(told[1] if told else inside[1].decode() if inside else "")
    if name:
        return data.decode(name, "replace")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        if error.start > len(data) - 4:  # cut in the middle of a character
            return data.decode("utf-8", "replace")
        return data.decode("cp1252", "replace")


def encoding(label):
    """Python's name of an encoding that a page may have; "" for what is none."""
    try:
        name = codecs.lookup(label).name if label else ""
    except LookupError:
        return ""
    if name in ("iso8859-1", "ascii", "iso8859-9"):  # browsers read more into these
        return "cp1254" if name == "iso8859-9" else "cp1252"
    return name if name in ENCODINGS else ""


def clean(value, most):
    """One line of plain text of at most `most` characters: no entities, tags of a browser, control or direction characters."""
    if not isinstance(value, str):
        return ""
    text = " ".join(unescape(value[: most * 8]).split())
    return "".join(character for character in text if character.isprintable())[:most].strip()
