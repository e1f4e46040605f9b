"""How likely an open deal is to be won, from what became of the organisation's own deals, and why we think so.

The stage comes first: of the deals that stood in it and are closed, so many were won; the probability that is set for the
stage counts as PRIOR further deals (a Beta prior, so the answer is the mean of the posterior Beta). Age, silence and moved
close dates follow as Bayes factors: by how much the odds of deals like this differed from those of all deals, drawn towards
no difference by PRIOR deals again. Such a factor is used only while it would have improved what was said of the deals that
closed in the last TESTED months: many pipelines tell nothing beyond their stages, and a score that claims to know more is
over-confident. What is said of an open deal is never certain; before ENOUGH deals of its pipeline are closed, nothing is said.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from math import exp, log

from lio.calibration import brier

PRIOR = 20  # deals that a prior weighs as much as
ENOUGH = 30  # closed deals of a pipeline before we say anything
LEAST, MOST = 0.01, 0.99
AGES = (0, 7, 14, 30, 60, 90, 120, 180, 365)  # days since it was opened, from which a class of ages begins
QUIET_DAYS = 14  # without anything happening on deal or lead (R54)
MOVES = 2  # the close date was moved so often or oftener
TESTED = 3  # months
GAIN = 0.01  # by which share the squared error must fall for a factor to be used
FACTORS = ("ages", "quiet", "moves")


def age_class(days):
    return max(0, bisect_right(AGES, days) - 1)


@dataclass
class Tally:
    """Of so many closed deals, so many were won."""

    closed: int = 0
    won: int = 0

    def add(self, won, times=1):
        self.closed += times
        self.won += times * bool(won)

    def rate(self, prior):
        """The won share, drawn towards `prior`."""
        return (self.won + PRIOR * prior) / (self.closed + PRIOR)


@dataclass(frozen=True, slots=True)
class Ending:
    """`number` deals that closed alike: in `month`, at `age` days, after standing in `stages` (ids of open ones, in order).

    `seen` is the age at which they were last looked at before; then they were `quiet` or not, and their date had moved `moves`
    times.
    """

    month: int
    won: bool
    stages: tuple[int, ...]
    age: int
    seen: int
    quiet: bool = False
    moves: int = 0
    number: int = 1


@dataclass
class Conversions:
    """What became of the closed deals of one pipeline.

    `stages` has those that stood in a stage, `ages` those that were still open at an age of its class, `quiet` and `moves`
    those that were so when they were last looked at before they closed. `used` are the FACTORS that proved useful.
    """

    all: Tally = field(default_factory=Tally)
    stages: dict[int, Tally] = field(default_factory=dict)
    ages: dict[int, Tally] = field(default_factory=dict)
    quiet: dict[bool, Tally] = field(default_factory=dict)
    moves: dict[int, Tally] = field(default_factory=dict)
    used: tuple[str, ...] = ()

    def learn(self, ending):
        """Count an Ending."""
        self.all.add(ending.won, ending.number)
        for stage in set(ending.stages):
            self.stages.setdefault(stage, Tally()).add(ending.won, ending.number)
        for reached in range(age_class(ending.age) + 1):
            self.ages.setdefault(reached, Tally()).add(ending.won, ending.number)
        self.quiet.setdefault(bool(ending.quiet), Tally()).add(ending.won, ending.number)
        self.moves.setdefault(min(ending.moves, MOVES), Tally()).add(ending.won, ending.number)


def fit(endings, month):
    """The Conversions of what closed before `month`, with the factors that proved useful in the months just before it."""
    past = [ending for ending in endings if ending.month < month]
    found = _counted(past)
    before = _counted([ending for ending in past if ending.month < month - TESTED])
    tested = [ending for ending in past if ending.month >= month - TESTED]
    if before.all.closed >= ENOUGH and sum(ending.number for ending in tested) >= ENOUGH:
        plain = _error(before, tested)
        for name in FACTORS:
            before.used = (name,)
            if _error(before, tested) < plain * (1 - GAIN):
                found.used += (name,)
    return found


def _counted(endings):
    found = Conversions()
    for ending in endings:
        found.learn(ending)
    return found


def _error(known, endings):
    """The Brier score of what `known` would have said of these deals when they were last looked at."""
    return brier([
        (chance(known, stage=ending.stages[-1] if ending.stages else 0, set_to=0.5, age=ending.seen, quiet=ending.quiet,
                moves=ending.moves).probability, ending.won, ending.number)
        for ending in endings
    ])


@dataclass(frozen=True)
class Factor:
    """What moved the probability: by how much, and in words. The effects sum to the probability."""

    name: str
    effect: float
    text: str


@dataclass(frozen=True)
class Chance:
    """`probability` is None where we abstain; `reason` then says why."""

    probability: float | None
    factors: tuple[Factor, ...] = ()
    reason: str = ""


def chance(known, *, stage, stage_name="this stage", set_to, age, quiet=False, moves=0):
    """The Chance of an open deal that stands in `stage`, for which a probability of `set_to` (0 to 1) is set.

    `age` is days since it was opened, `quiet` whether nothing happened for QUIET_DAYS, `moves` how often its close date moved.
    """
    if known is None or known.all.closed < ENOUGH:
        closed = known.all.closed if known else 0
        return Chance(None, reason=f"{closed} deals of this pipeline are closed; a forecast needs {ENOUGH}.")
    set_to = min(max(float(set_to), LEAST), MOST)
    stood = known.stages.get(stage, Tally())
    p = stood.rate(set_to)
    factors = [
        Factor("set", set_to, f"{stage_name} is set to {_percent(set_to)}."),
        Factor("stage", p - set_to, f"Of {stood.closed:,} closed deals that stood in {stage_name}, {stood.won:,} were won."),
    ]
    overall = known.all.rate(0.5)
    for used, name, tally, text in (
        ("ages", "age", known.ages.get(age_class(age)), f"It has been open for {age} days"),
        ("quiet", "activity", known.quiet.get(bool(quiet)), _words_of_quiet(quiet)),
        ("moves", "moved_dates", known.moves.get(min(moves, MOVES)), _words_of_moves(moves)),
    ):
        if used in known.used and tally:
            moved = _with_odds(p, _odds(tally.rate(overall)) / _odds(overall))
            share = _percent(tally.won / tally.closed) if tally.closed else "none"
            factors.append(Factor(name, moved - p, f"{text}: of {tally.closed:,} such deals {share} were won."))
            p = moved
    bounded = min(max(p, LEAST), MOST)
    if bounded != p:
        factors.append(Factor("bounds", bounded - p, "An open deal is neither won nor lost."))
    return Chance(bounded, tuple(factors))


def _odds(p):
    return p / (1 - p)


def _with_odds(p, ratio):
    return 1 / (1 + exp(-(log(_odds(p)) + log(ratio))))


def _percent(p):
    return f"{p * 100:.0f} %"


def _words_of_quiet(quiet):
    return f"Nothing happened for {QUIET_DAYS} days" if quiet else f"Something happened in the last {QUIET_DAYS} days"


def _words_of_moves(moves):
    return "Its close date never moved" if not moves else f"Its close date moved {'once' if moves == 1 else f'{moves} times'}"
