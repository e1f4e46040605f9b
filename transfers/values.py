"""What a cell says: addresses, phone numbers, names, amounts, as people write them in tables."""

import re
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

CELL_LIMIT = 20_000  # characters looked at; a longer cell is text, whatever it begins with
# Phones copied from address books have them.
INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
EMPTY_WORDS = {"NULL", "null", "(null)", "\\N", "#N/A", "N/A", "n/a", "-", "--", "—", "–"}
NO_DATE = re.compile(r"0+([/.-])0+(?:\1)0+( 0+:0+(:0+)?)?")
EMAIL_BREAK = re.compile(r"[\s,;:<>()\[\]\"|]+|/(?=[^@]*@)")
EMAIL_NOISE = {"", "mailto", "email", "e-mail", "mail", "or", "and", "und", "oder", "et", "ou", "/", "-", "*", "&"}
SEVERAL = re.compile(r"\s*:::\s*|\s*[;|\r\n]+\s*|\s+/\s+|\s+(?:or|and|und|oder|et|ou)\s+")
PHONE_MARK = re.compile(r"^(?:p|tel|phone|mobile|cell|fon)\s*:\s*", re.IGNORECASE)
REMARK = re.compile(r"\s*[(\[][^()\[\]\d]*[)\]]\s*|\s+[-–]\s+[^\W\d_][^\d]*$|^\s*[^\W\d_][^\d+:]*:\s*")
PHONE = re.compile(
    r"\+?[\d\s().\-–/\u2011\u2010]{5,}(?:\s*(?:x|ext\.?|extension|#|,|;ext=|dw|durchwahl)\s*\d{1,10})?", re.IGNORECASE
)
DECIMAL_OR_IP = re.compile(r"[+-]?\d*[.,]\d+|\d{1,3}(\.\d{1,3}){3}")
DATE = re.compile(r"\d{4}([-/.])\d{1,2}\1\d{1,2}([T\s].*)?|\d{1,2}([-/.])\d{1,2}\3\d{4}([T\s].*)?")
LINKEDIN_PERSON = re.compile(
    r"(?:https?://)?(?:[a-z]{2,3}\.)?linkedin\.com/(?:mwlite/)?(?:in|pub|sales/(?:lead|people))/[^\s\"<>]+",
    re.IGNORECASE,
)
HOST = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:[^\W\d_]{2,63}|xn--[\w-]{2,59})")
HONORIFICS, SUFFIXES, PARTICLES = (
    set(words.split())
    for words in (
        """mr mrs ms miss mx dr prof sir madam dame rev fr hon herr frau hr dipl-ing ing mag m mme mlle sr sra srta don
        doña sig sigra dott dottssa avv dhr mevr mw drs ir pan pani""",
        "jr sr ii iii iv phd md mba esq cpa dds dvm jd msc bsc ma ba llm pe rn cfa pmp cissp ret",
        "van von vom zu zum zur de der den del della delle di da do dos das du la le ten ter te af av bin ibn al el",
    )
)
LABELLED_NAME = re.compile(
    r"first\s*name\s*[:=]\s*(?P<first>.{1,80}?)[\s,;|]+(?:last\s*name|surname)\s*[:=]\s*(?P<last>.{1,80})",
    re.IGNORECASE,
)
LEGAL_FORM = re.compile(
    r"\b(?:inc|ltd|llc|llp|corp|corporation|company|gmbh|ag|kg|plc|pty|co|group|holdings?|s\.?a\.?|s\.?r\.?l|b\.?v|n\.?v|ab|oy)\b\.?",
    re.IGNORECASE,
)


def clean(cell):
    """The cell without blanks around it; "" when it only says that there is nothing."""
    text = cell.strip() if cell.isascii() else INVISIBLE.sub("", cell).strip().strip("\u200c\u200d")
    if text[:1] == "'" and text[1:2] in tuple("=+-@"):  # the guard that spreadsheet-safe exports put before a formula
        text = text[1:]
    return "" if text in EMPTY_WORDS or NO_DATE.fullmatch(text) else text


def emails_in(cell):
    """(addresses in order, whether the cell holds nothing beside them)."""
    if len(cell) > CELL_LIMIT or "@" not in cell:
        return [], False
    words = [word.strip("'.") for word in EMAIL_BREAK.split(cell)]
    found = dict.fromkeys(word for word in words if is_email(word))
    return list(found), all(word in found or word.lower() in EMAIL_NOISE for word in words)


def is_email(text):
    local, at, host = text.partition("@")
    plain = 0 < len(local) <= 64 and not re.search(r"[\s,;:<>()\[\]\"|\\]|\.\.|^\.|\.$", local)
    return bool(at) and plain and len(host) <= 253 and bool(HOST.fullmatch(host))


def phones_in(cell):
    """(numbers in order, as written without labels; whether the cell holds nothing beside them)."""
    if len(cell) > CELL_LIMIT:
        return [], False
    found, whole = [], True
    for part in _several(cell):
        bare = REMARK.sub(" ", PHONE_MARK.sub("", part)).strip()
        number = bare[:-2] if re.fullmatch(r"\d{7,}\.0", bare) else bare  # "491511234567.0": it once was a float
        if is_phone(number):
            found.append(number)
            whole = whole and bare == PHONE_MARK.sub("", part).strip()
        elif part:
            whole = False
    return list(dict.fromkeys(found)), whole


def is_phone(text):
    """Whether a text reads as one phone number: 6 to 15 digits, perhaps an extension, no date."""
    if len(text) > 60 or not PHONE.fullmatch(text) or DATE.fullmatch(text) or DECIMAL_OR_IP.fullmatch(text):
        return False
    main = re.split(r"[x#,;]|ext|dw|durchwahl", text, maxsplit=1, flags=re.IGNORECASE)[0]
    return 6 <= sum(letter.isdigit() for letter in main) <= 17


def _several(cell):
    for part in SEVERAL.split(cell):
        pieces = part.split(",")
        # A comma parts two numbers only when each side is one: "555 1234, 12" is an extension.
        if len(pieces) > 1 and all(sum(letter.isdigit() for letter in piece) >= 6 for piece in pieces):
            yield from (piece.strip() for piece in pieces)
        else:
            yield part.strip()


def linkedin_url(cell):
    """The address of a person's LinkedIn page, with a scheme, or ""."""
    if re.fullmatch(r"/?in/[\w%-]{3,100}/?", cell):
        return f"https://www.linkedin.com/{cell.strip('/')}"
    match = LINKEDIN_PERSON.match(cell) if len(cell) < 2000 else None
    if not match or match.end() != len(cell):
        return ""
    return cell if cell.lower().startswith("http") else f"https://{cell}"


def web_url(cell):
    """An http or https address made of a URL or a bare host name, or ""."""
    if len(cell) > 2000 or re.search(r"[\s@\"<>]", cell):
        return ""
    address = cell if re.match(r"https?://", cell, re.IGNORECASE) else f"https://{cell}"
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return ""
    return address if HOST.fullmatch(host) else ""


def amount(cell):
    """A sum of money as a Decimal of at most two places, or None. Reads 1,234.50, 1.234,50, 1 234 and € 12k."""
    text = re.sub(r"(?:[A-Z]{3}|Rs\.?|kr\.?|[$€£¥₹])", "", cell, flags=re.IGNORECASE)
    match = re.fullmatch(r"\s*([\d.,'’\s\u00a0\u202f]*\d)\s*([km]?)\s*", text, re.IGNORECASE)
    if not match or len(text) > 40:
        return None
    digits = re.sub(r"[\s'’\u00a0\u202f]", "", match[1])
    if "," in digits and "." in digits:
        thousands = "," if digits.rfind(",") < digits.rfind(".") else "."
        digits = digits.replace(thousands, "").replace(",", ".")
    elif digits.count(",") > 1 or digits.count(".") > 1 or re.fullmatch(r"[1-9]\d{0,2}[,.]\d{3}", digits):
        digits = re.sub("[,.]", "", digits)
    try:
        value = Decimal(digits.replace(",", ".")) * {"": 1, "k": 1000, "m": 1_000_000}[match[2].lower()]
    except InvalidOperation:
        return None
    return value if value == round(value, 2) and value < 10**13 else None


DAY_FIRST = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})", re.ASCII)


def iso_date(cell):
    """2026-06-15 of 15.06.2026, 15/06/2026 and 06/15/2026; another cell, an ambiguous one among them, as it is.

    With dots the day is first. With slashes or dashes it is told by a number above 12, or both are the same.
    """
    match = DAY_FIRST.fullmatch(cell)
    if not match:
        return cell
    day, month = int(match[1]), int(match[3])
    if match[2] != ".":
        if day <= 12 and month <= 12 and day != month:
            return cell
        if month > 12:
            day, month = month, day
    return f"{match[4]}-{month:02}-{day:02}"


def split_name(text):
    """A whole name as {"first_name", "last_name", "name_prefix", "name_suffix"}, without the parts it lacks.

    "Dr. Anna van der Berg", "van der Berg, Anna" and "John Smith, PhD" are understood; a single word is a first name.
    """
    labelled = LABELLED_NAME.fullmatch(text)
    if labelled:
        return {"first_name": labelled["first"].strip(), "last_name": labelled["last"].strip()}
    pieces = [piece.strip() for piece in text.split(",") if piece.strip()]
    suffix: list[str] = []
    while len(pieces) > 1 and all(_bare(word) in SUFFIXES for word in pieces[-1].split()):
        suffix.insert(0, pieces.pop())
    if len(pieces) == 2:
        prefix, first = _without_prefix(pieces[1].split())
        parts = {"first_name": " ".join(first), "last_name": pieces[0]}
    else:
        prefix, words = _without_prefix(" ".join(pieces).split())
        while len(words) > 2 and _bare(words[-1]) in SUFFIXES - {"ma", "ba", "pe"}:
            suffix.insert(0, words.pop())
        at = next((index for index, word in enumerate(words) if index and word in PARTICLES), len(words) - 1)
        at = max(1, min(at, len(words) - 1)) if len(words) > 1 else 1
        parts = {"first_name": " ".join(words[:at]), "last_name": " ".join(words[at:])}
    parts |= {"name_prefix": " ".join(prefix), "name_suffix": " ".join(suffix)}
    return {name: value for name, value in parts.items() if value}


def is_honorific(text):
    words = text.split()
    return bool(words) and all(_bare(word) in HONORIFICS for word in words)


def _without_prefix(words):
    prefix = []
    while len(words) > 1 and _bare(words[0]) in HONORIFICS and (words[0].endswith(".") or len(words) > 2):
        prefix.append(words.pop(0))
    return prefix, words


def _bare(word):
    return word.casefold().replace(".", "").strip()
