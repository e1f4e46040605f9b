"""Keys that keep a column of the board in order: moving a card writes that card alone, never its neighbours.

A key is a number of HEAD digits in base 62, then, where a card was put between two neighbouring numbers, a fraction. Keys
compare as text byte by byte (the column's collation is "C"). At either end the number goes on by one, so keys stay short
however many cards are put on top.
"""

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
HEAD = 6
FIRST = "V00000"  # of the first card of a column, in the middle of all that can be
LONGEST = 200


def between(low, high):
    """A key above `low` and below `high`; None is the end of the column.

    Where nothing fits between them any more (LONGEST), the lower one: cards with one key go by their age.
    """
    if low is None and high is None:
        return FIRST
    if low is None:
        return _text(_number(high) - 1)
    if high is None:
        return _text(_number(low) + 1)
    if _number(high) - _number(low) > 1:
        return _text((_number(high) + _number(low)) // 2)
    end = high[HEAD:] if high[:HEAD] == low[:HEAD] else None
    key = low[:HEAD] + _fraction(low[HEAD:], end)
    return key if len(key) <= LONGEST else low


def on_top(high, count):
    """`count` keys in ascending order, all below `high` (None: of an empty column)."""
    keys = []
    for _ in range(count):
        high = between(None, high)
        keys.append(high)
    return keys[::-1]


def _number(key):
    found = 0
    for digit in key[:HEAD]:
        found = found * 62 + DIGITS.index(digit)
    return found


def _text(number):
    digits = ""
    for _ in range(HEAD):
        number, rest = divmod(number, 62)
        digits = DIGITS[rest] + digits
    return digits


def _fraction(low, high):
    """The digits of a fraction between two; "" is 0, None is 1. Never ends in 0, so that something fits below it."""
    if high is not None:
        same = 0
        while same < len(high) and (low[same] if same < len(low) else "0") == high[same]:
            same += 1
        if same:
            return high[:same] + _fraction(low[same:], high[same:])
    first = DIGITS.index(low[0]) if low else 0
    last = DIGITS.index(high[0]) if high else 62
    if last - first > 1:
        return DIGITS[(first + last) // 2]
    if high is not None and len(high) > 1:
        return high[0]
    return DIGITS[first] + _fraction(low[1:], None)
