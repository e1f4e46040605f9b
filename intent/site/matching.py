"""Which pages of a site mean something: patterns of paths."""


def signal_of(page, rules):
    """The type of signal that the first matching rule gives a page; None when none does."""
    return next((rule["signal_type"] for rule in rules if matches(rule["pattern"], page)), None)


def matches(pattern, page):
    """Whether a path fits a pattern, in which * stands for any characters. Case and a slash at the end mean nothing.

    Read once from left to right, so that no pattern takes long.
    """
    first, *others = plain(pattern).split("*")
    page = plain(page)
    if not others:
        return page == first
    if not page.startswith(first):
        return False
    at, *_ = len(first), None
    *middle, last = others
    for part in middle:
        found = page.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(page) - at >= len(last) and page.endswith(last)


def plain(path):
    return path.lower().rstrip("/") or "/"
