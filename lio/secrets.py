"""Keys of an installation that brings none of its own, made once and kept beside the embedded database; and what they lock:
secrets of organisations, which lie in the database under seal."""

import os
import secrets
from base64 import urlsafe_b64encode
from functools import lru_cache
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


def kept_key(path):
    """The key in `path`, made on first use (64 random bytes as text, readable by its owner only)."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(64))
    try:
        os.link(fresh, path)  # whoever links first wins; a process that starts beside us reads the same key
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text().strip()


class Unreadable(Exception):
    """Sealed with a key that this installation does not have."""


@lru_cache(maxsize=4)
def _locks(keys):
    """The first key seals, all open: while a key is being replaced there are two."""
    given = [key.strip() for key in keys.split(",") if key.strip()]
    return MultiFernet([Fernet(urlsafe_b64encode(sha256(key.encode()).digest())) for key in given])


def seal(text):
    """`text` as it may lie in the database (Fernet: AES-128-CBC with HMAC-SHA256)."""
    from django.conf import settings

    return _locks(settings.SECRETS_KEYS).encrypt(text.encode()).decode()


def unseal(sealed):
    """The text under a seal. Raises Unreadable when it was sealed with another key or has been tampered with."""
    from django.conf import settings

    try:
        return _locks(settings.SECRETS_KEYS).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable("This was sealed with another LIO_SECRETS_KEY.") from None
