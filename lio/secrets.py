"""Keys of an installation that brings none of its own: made once, kept beside the embedded database."""

import os
import secrets


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
