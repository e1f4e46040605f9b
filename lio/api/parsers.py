"""JSON that cannot hurt: size, encoding, depth and numbers are checked before anything reads it (TRUST 3.8)."""

import json

from django.conf import settings
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import BaseParser

MAX_DEPTH, MAX_NODES, INT8 = 20, 20_000, 2**63
MAX_DIGITS = 400  # of one number as text; longer ones cost CPU to read and mean nothing


class SafeJSONParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None):
        body = stream.read(settings.MAX_BODY + 1)
        if len(body) > settings.MAX_BODY:
            raise ParseError(f"The body is larger than {settings.MAX_BODY} bytes.")
        return safe_json(body)


def safe_json(body):
    """The JSON object in `body` (bytes). Raises ParseError (400) or, for a NUL, ValidationError (422)."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParseError("The body is not UTF-8.") from error
    try:
        data = json.loads(text, parse_constant=_no_constant, parse_int=_whole, parse_float=_real)
    except RecursionError as error:
        raise ParseError("The body is nested too deeply.") from error
    except ValueError as error:
        raise ParseError(f"The body is not JSON: {str(error)[:120]}") from error
    if not isinstance(data, dict):
        raise ParseError("The body must be a JSON object.")
    check(data)
    return data


def check(data):
    """Walk a parsed value: depth, number of nodes, NUL, lone surrogates."""
    nodes, waiting = 0, [(data, "", 1)]
    while waiting:
        value, name, depth = waiting.pop()
        nodes += 1
        if nodes > MAX_NODES:
            raise ParseError("The body has too many values.")
        if depth > MAX_DEPTH:
            raise ParseError("The body is nested too deeply.")
        if isinstance(value, str):
            check_text(value, name)
        elif isinstance(value, dict):
            for key, inner in value.items():
                check_text(key, name or key)
                waiting.append((inner, name or key, depth + 1))
        elif isinstance(value, list):
            waiting.extend((inner, name, depth + 1) for inner in value)


def check_text(text, name):
    if "\x00" in text:
        raise ValidationError({name.replace("\x00", "") or "body": ["must not hold a NUL character"]})
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ParseError("The body holds half of a surrogate pair.") from error


def _no_constant(name):
    raise ValueError(f"{name} is no JSON number")


def _whole(text):
    if len(text) > MAX_DIGITS:
        raise ValueError("a number has too many digits")
    number = int(text)
    if not -INT8 <= number < INT8:
        raise ValueError("a whole number is beyond 64 bits")
    return number


def _real(text):
    if len(text) > MAX_DIGITS:
        raise ValueError("a number has too many digits")
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is out of range")
    return number
