"""Figures as the geometry of SVG charts, which the server draws: x in percent of the width, y in pixels.

So a chart is as wide as its place, its letters stay readable, and it needs neither script nor inline style.
"""

from dataclasses import dataclass, field
from math import floor, log10

HEIGHT, TOP, BOTTOM = 220, 12, 26  # pixels; below are the labels
BAR, MARK, GOAL = 0.34, 0.28, 0.42  # of a column's width: its bar, how far off its middle the forecast is, half the goal's line
SQUARE = 240  # pixels of a side of the reliability chart


@dataclass(frozen=True)
class Column:
    """One period. `parts` are (class of the style sheet, value) from the ground up; the rest may be None."""

    label: str
    parts: tuple = ()
    low: float | None = None
    value: float | None = None
    high: float | None = None
    goal: float | None = None
    weighted: float | None = None
    told: str = ""  # in words, for the tip

    @property
    def top(self):
        ends = (sum(value for _, value in self.parts), self.high, self.value, self.goal, self.weighted)
        return max(end or 0 for end in ends)


@dataclass
class Chart:
    height: int = HEIGHT
    ground: int = HEIGHT - BOTTOM
    ticks: list = field(default_factory=list)
    columns: list = field(default_factory=list)


def bars(columns, *, unit=""):
    """The Chart of Columns; `unit` stands before each number of the axis."""
    chart = Chart()
    most = max((column.top for column in columns), default=0) or 1
    step = step_of(most)
    steps = int(-(-most // step))
    scale = (chart.ground - TOP) / (steps * step)

    def y(value):
        return round(chart.ground - min(max(value, 0), steps * step) * scale, 1)

    chart.ticks = [{"y": y(n * step), "text": f"{unit}{short(n * step)}"} for n in range(steps + 1)]
    slot = 100 / max(1, len(columns))
    every = -(-len(columns) // 12)
    for n, column in enumerate(columns):
        middle, parts, at = (n + 0.5) * slot, [], 0
        for name, value in column.parts:
            if value > 0:
                parts.append({"name": name, "y": y(at + value), "height": round(y(at) - y(at + value), 1)})
                at += value
        chart.columns.append({
            "label": column.label if n % every == 0 else "", "told": column.told, "middle": _percent(middle), "parts": parts,
            "left": _percent(middle - BAR / 2 * slot), "width": _percent(BAR * slot),
            "mark": _percent(middle + MARK * slot), "value": None if column.value is None else y(column.value),
            "low": None if column.low is None else y(column.low), "high": None if column.high is None else y(column.high),
            "goal": None if not column.goal else y(column.goal), "goal_from": _percent(middle - GOAL * slot),
            "goal_to": _percent(middle + GOAL * slot), "weighted": None if column.weighted is None else y(column.weighted),
            "weighted_x": _percent(middle),
        })
    return chart


def line(points, *, most=1.0):
    """A line of (label, value or None, tip) as segments and dots; values from 0 to `most`."""
    chart = Chart(height=96, ground=84)
    slot = 100 / max(1, len(points))
    scale = (chart.ground - TOP) / (most or 1)
    chart.columns = [
        {"label": label, "told": told, "middle": _percent((n + 0.5) * slot), "value": round(chart.ground - value * scale, 1)}
        for n, (label, value, told) in enumerate(points) if value is not None
    ]
    chart.ticks = [{"from": one, "to": other} for one, other in zip(chart.columns, chart.columns[1:], strict=False)]
    return chart


def square(bands):
    """The reliability chart: where each band lies of what was said (x) and what came true (y), and how many deals it has."""
    deals = max((band["deals"] for band in bands), default=1)
    return [
        {"x": round(band["said"] * SQUARE, 1), "y": round((1 - band["won"]) * SQUARE, 1),
         "r": round(3 + 9 * (band["deals"] / deals) ** 0.5, 1), "told": band}
        for band in bands
    ]


def step_of(most):
    """A round number of which three to five reach `most`."""
    power = 10 ** floor(log10(most / 4)) if most > 0 else 1
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power * 5 >= most)


def short(value):
    """1,200 -> 1.2k"""
    for size, letter in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}"


def _percent(x):
    return f"{x:.2f}%"
