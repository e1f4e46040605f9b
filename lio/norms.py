"""Addresses without what does not matter about them: by these two records are found to be about the same person (R40)."""

import re
from urllib.parse import urlsplit


def email_norm(email):
    return (email or "").strip().lower() or None


def linkedin_norm(url):
    """Without scheme, www, case, query and trailing slash."""
    text = (url or "").strip().lower()
    if not text:
        return None
    parts = urlsplit(text if "//" in text else f"//{text}")
    host = (parts.netloc or "").removeprefix("www.")
    return f"{host}{parts.path}".rstrip("/")[:500] or None


def phone_norm(phone):
    """Digits, with a leading + where the country is told; None when there are none."""
    text = (phone or "").strip()
    digits = re.sub(r"\D", "", re.sub(r"(?i)(ext|x|#).*$", "", text))
    if not digits:
        return None
    if text.lstrip("( ").startswith("+"):
        return f"+{digits}"[:30]
    return (f"+{digits[2:]}" if digits.startswith("00") else digits)[:30]


def norms(fields):
    """The normal forms of whichever addresses are among `fields`."""
    found = {}
    for name, make in (("email", email_norm), ("linkedin_url", linkedin_norm), ("phone_number", phone_norm)):
        if name in fields:
            found[{"email": "email_norm", "linkedin_url": "linkedin_norm", "phone_number": "phone_norm"}[name]] = make(
                fields[name]
            )
    return found
