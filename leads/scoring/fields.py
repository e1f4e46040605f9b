"""From facts to columns of numbers, and how the columns are found in the leads that are learned from.

A field of levels has a column for each level; a number has its (logarithm's) distance from the middle, steps at the quantiles,
so that the model can bend, and whether it is missing. Both sides, learning and scoring, go through `Field.columns`.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from math import log1p
from statistics import median, pstdev

from leads.scoring import expert
from leads.scoring.facts import ABSENT, CUSTOM, LABELS, WORDS, Fact

RARE = 20  # leads with a level, from which it is a column
MOST_LEVELS, MOST_FIELDS = 40, 80
STEPS = 12  # quantiles of a number
NUMBERS = 0.9  # share of numbers among a custom field's values, from which it is a number


@dataclass(frozen=True)
class Field:
    """`levels` of a field of words; `steps` (rising), `middle` and `spread` (of the logarithm with `is_log`) of a number."""

    name: str
    label: str
    levels: tuple[str, ...] = ()
    is_number: bool = False
    is_log: bool = False
    middle: float = 0.0
    spread: float = 1.0
    steps: tuple[float, ...] = ()
    names: tuple[tuple[str, str], ...] = ()  # what levels are called, where they are numbers of look-ups

    @property
    def width(self):
        return len(self.steps) + 2 if self.is_number else len(self.levels)

    def columns(self, fact: Fact) -> list[tuple[int, float]]:
        """[(column, value)] of those that are not 0."""
        if not self.is_number:
            held: Iterable = fact if isinstance(fact, tuple) else (ABSENT if fact is None else fact,)
            return [(self.levels.index(level), 1.0) for level in held if level in self.levels]
        if not isinstance(fact, float):
            return [(1, 1.0)]
        distance = (self._scaled(fact) - self.middle) / self.spread
        above = bisect_left(self.steps, fact)
        return [(0, max(-5.0, min(5.0, distance))), *((2 + step, 1.0) for step in range(above))]

    def _scaled(self, number):
        return log1p(max(number, 0.0)) if self.is_log else number

    @property
    def prior(self) -> list[tuple[float, float]]:
        """(mean, precision) of the weight of each column."""
        if self.is_number:
            return [(0.0, expert.PRECISION_OF_DATA)] * self.width
        believed = expert.WEIGHTS.get(self.name, {})
        return [
            (believed[level], expert.PRECISION_OF_EXPERT) if level in believed else (0.0, expert.PRECISION_OF_DATA)
            for level in self.levels
        ]

    def words(self, fact: Fact) -> str:
        """What the lead has in this field."""
        if isinstance(fact, str) and (self.name, fact) in WORDS:
            return WORDS[self.name, fact]
        if fact in (None, ABSENT, ()):
            return f"{self.label}: not known"
        if isinstance(fact, float):
            return f"{self.label}: {fact:,.10g}"
        return f"{self.label}: {', '.join(fact) if isinstance(fact, tuple) else dict(self.names).get(fact, fact)}"

    def as_json(self):
        return asdict(self)

    @classmethod
    def of_json(cls, told):
        lists = {name: tuple(told[name]) for name in ("levels", "steps")}
        return cls(**told | lists | {"names": tuple((level, name) for level, name in told["names"])})


def written(sources=()):
    """The fields of which something is believed before there is any history; `sources` are (number as text, name)."""
    return [Field(name, LABELS[name], tuple(levels), names=tuple(sources) if name == "source" else ())
            for name, levels in expert.WEIGHTS.items()]


def found(leads, labels, *, excluded=(), sources=()):
    """The fields that `leads` (a list of facts) have enough of, those that are `written` first.

    `labels` are {name: label} of custom fields; `excluded` are names that are not to be looked at; `sources` as in `written`.
    """
    counts: Counter[str] = Counter()
    for facts in leads:
        counts.update(name for name, fact in facts.items() if name.startswith(CUSTOM) and fact not in (None, ABSENT, ()))
    custom = [name for name, number in counts.most_common(MOST_FIELDS) if number >= RARE]
    fields = [_of(name, LABELS.get(name, labels.get(name, name.removeprefix(CUSTOM))), [facts.get(name) for facts in leads])
              for name in [*expert.WEIGHTS, *sorted(custom)] if name not in excluded]
    fields = [replace(field, names=tuple(sources)) if field.name == "source" else field for field in fields]
    return [field for field in fields if field.width > (not field.is_number and field.name not in expert.WEIGHTS)]


def _of(name, label, values):
    numbers = [value for value in values if isinstance(value, float)]
    there = sum(value not in (None, ABSENT, ()) for value in values)
    if name.startswith(CUSTOM) and len(numbers) >= max(RARE, NUMBERS * there):
        return _number(name, label, numbers)
    levels: Counter[str] = Counter()
    for value in values:
        levels.update(value if isinstance(value, tuple) else (ABSENT if value is None else str(value),))
    believed = expert.WEIGHTS.get(name, {})
    common = [level for level, number in levels.most_common(MOST_LEVELS) if number >= RARE and level not in believed]
    return Field(name, label, (*believed, *sorted(common)))


def _number(name, label, numbers):
    ordered = sorted(numbers)
    steps = sorted({ordered[len(ordered) * step // STEPS] for step in range(1, STEPS)} - {ordered[-1]})
    is_log = ordered[0] >= 0
    scaled = [log1p(number) for number in ordered] if is_log else ordered
    return Field(name, label, is_number=True, is_log=is_log, middle=median(scaled), spread=pstdev(scaled) or 1.0,
                 steps=tuple(steps))
