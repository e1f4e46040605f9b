"""What an uploaded file is: judged by its content, never by what its sender says. What is not on the list is refused."""

import codecs
import re
from pathlib import PurePath

import filetype

from lio.errors import Invalid

HEAD = 8192  # bytes that tell the kind
OFFICE = "application/vnd.openxmlformats-officedocument"
OPEN = "application/vnd.oasis.opendocument"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# type by content: extensions that a download may keep; the first is put on where the sent one is not among them
ALLOWED = {
    "application/pdf": ("pdf",),
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/apng": ("png", "apng"),
    "image/avif": ("avif",),
    "image/tiff": ("tif", "tiff"),
    "image/bmp": ("bmp",),
    "image/heic": ("heic", "heif"),
    "application/msword": ("doc", "dot"),
    "application/vnd.ms-excel": ("xls",),
    "application/vnd.ms-powerpoint": ("ppt", "pps"),
    f"{OFFICE}.wordprocessingml.document": ("docx",),
    f"{OFFICE}.spreadsheetml.sheet": ("xlsx",),
    f"{OFFICE}.presentationml.presentation": ("pptx",),
    f"{OPEN}.text": ("odt",),
    f"{OPEN}.spreadsheet": ("ods",),
    f"{OPEN}.presentation": ("odp",),
    "application/rtf": ("rtf",),
    "application/zip": ("zip", "docx", "xlsx", "pptx", "odt", "ods", "odp", "key", "numbers", "pages"),
    "application/x-ole-storage": ("doc", "xls", "ppt", "msg"),
    "audio/mpeg": ("mp3",),
    "audio/mp4": ("m4a",),
    "audio/x-wav": ("wav",),
    "audio/ogg": ("ogg", "oga"),
    "audio/x-flac": ("flac",),
    "video/mp4": ("mp4", "m4v"),
    "video/x-m4v": ("m4v",),
    "video/quicktime": ("mov",),
    "video/webm": ("webm",),
    "text/csv": ("csv", "tsv"),
    "text/plain": ("txt", "md", "log", "json", "ics", "vcf", "eml", "yaml", "yml", "srt", "vtt"),
}
SPELT = (
    "application/pdf",
    "application/rtf",
)  # their first bytes are letters, as a text's; of others two letters may be chance
CATEGORIES = (  # part of the type by content: category of an attached file
    ("image/", "image"),
    ("audio/", "audio"),
    ("video/", "video"),
    ("spreadsheet", "spreadsheet"),
    ("ms-excel", "spreadsheet"),
    ("csv", "spreadsheet"),
    ("presentation", "presentation"),
    ("powerpoint", "presentation"),
    ("zip", "archive"),
    ("pdf", "document"),
    ("word", "document"),
    ("document", "document"),
    ("text", "document"),
    ("rtf", "document"),
)
MARKUP = re.compile(r"<(?:[a-z][a-z0-9:-]*[\s/>]|[!?])", re.I)
CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# invisible signs that turn a name round or hide a part of it
TRICKS = re.compile('[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff/\\\\:*?"<>|]')


def judge(upload):
    """The MIME type of an uploaded file (Django's UploadedFile) by its content. Raises Invalid for what is not accepted."""
    upload.seek(0)
    head = upload.read(HEAD)
    upload.seek(0)
    guess = filetype.guess(head)
    if guess is not None and (guess.mime in SPELT or head.translate(None, CONTROL) != head):
        if guess.mime in ALLOWED:
            return guess.mime
        raise refused()
    if head.startswith(OLE):
        return "application/x-ole-storage"
    if not is_text(upload):
        raise refused()
    if _is_markup(head):
        raise Invalid(
            {"file": ["is HTML, SVG or XML, which could run as a program in a browser; send it as a PDF or a picture"]}
        )
    return "text/csv" if extension_of(upload.name) in ALLOWED["text/csv"] else "text/plain"


def refused():
    return Invalid(
        {"file": ["is of a kind that is not accepted: send a document, a table, a picture, a recording, a text or a ZIP"]}
    )


def is_text(upload):
    """Whether the whole file decodes: UTF-8, UTF-16 with its mark, or one byte a letter without control characters."""
    upload.seek(0)
    first = upload.read(4)
    upload.seek(0)
    encoding = next((name for mark, name in BOMS if first.startswith(mark)), "utf-8")
    decoder, is_unicode, is_plain = codecs.getincrementaldecoder(encoding)(), True, True
    for chunk in upload.chunks():
        is_plain = is_plain and chunk.translate(None, CONTROL) == chunk
        if is_unicode:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                is_unicode = False
        if not is_plain and (encoding != "utf-16" or not is_unicode):
            break
    if is_unicode:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            is_unicode = False
    upload.seek(0)
    return (is_unicode and encoding == "utf-16") or is_plain


def _is_markup(head):
    """Whether the text begins with a tag, as a browser that guesses would see it."""
    encoding = next((name for mark, name in BOMS if head.startswith(mark)), "latin-1")
    text = head.decode(encoding, "ignore").lstrip("\ufeff \t\r\n\f")
    return bool(MARKUP.match(text))


def category_of(mime_type):
    """One of document, spreadsheet, presentation, image, audio, video, archive, other."""
    return next((category for part, category in CATEGORIES if part in mime_type), "other")


def extension_of(name):
    return PurePath(name or "").suffix.lower().lstrip(".")


def clean_name(name, mime_type):
    """The name that a download gets: no path, nothing invisible, at most 200 characters, an extension that is true."""
    text = TRICKS.sub("", (name or "").replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")
    allowed = ALLOWED.get(mime_type, ())
    stem, extension = PurePath(text).stem, extension_of(text)
    if extension in allowed:
        return f"{stem[:190]}.{extension}"
    return f"{text[:190] or 'file'}.{allowed[0]}" if allowed else text[:200] or "file"
