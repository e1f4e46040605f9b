"""Keys of the board: always one between two, in any order of moves, and short."""

from hypothesis import given, settings
from hypothesis import strategies as st

from deals import ranks


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=80))
def test_there_is_always_a_key_between(places):
    keys: list[str] = []
    for place in places:
        at = place % (len(keys) + 1)
        low, high = keys[at - 1] if at else None, keys[at] if at < len(keys) else None
        keys.insert(at, ranks.between(low, high))
    assert [key.encode() for key in keys] == sorted(key.encode() for key in keys) and len(set(keys)) == len(keys)


def test_piling_up_keeps_keys_short():
    top = bottom = ranks.FIRST
    for _ in range(10_000):
        top, bottom = ranks.between(None, top), ranks.between(bottom, None)
    assert len(top) == len(bottom) == ranks.HEAD and top < ranks.FIRST < bottom


def test_one_gap_takes_hundreds():
    low, high = ranks.FIRST, ranks.between(ranks.FIRST, None)
    for n in range(900):
        key = ranks.between(low, high)
        assert low < key < high
        low, high = (key, high) if n % 2 else (low, key)


def test_a_full_gap_is_told_by_the_lower_key():
    low, high = ranks.FIRST + "0" * 194 + "1", ranks.FIRST + "0" * 194 + "2"
    assert ranks.between(low, high) == low


def test_keys_for_a_pile():
    keys = ranks.on_top("V00000", 3)
    assert keys == sorted(keys) and len(set(keys)) == 3 and keys[-1] < "V00000"
