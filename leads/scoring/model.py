"""A model: fields, a weight for each of their columns, and what it says of a lead in words and numbers. No NumPy here."""

from dataclasses import dataclass
from functools import cached_property
from math import exp

from leads.scoring import expert
from leads.scoring.facts import facts_of, is_reachable
from leads.scoring.fields import Field, written

TOLD = 12  # reasons; the rest is summed up
NOBODY = {"reason": "No e-mail, phone number or LinkedIn address to reach this person", "points": 0}


@dataclass(frozen=True)
class Model:
    """`weights` are one for the start and one for each column of `fields`, in log-odds; `means` the columns' means.

    Contributions are told against the average lead that was learned from, so what a lead lacks counts, too.
    """

    name: str
    fields: tuple[Field, ...]
    weights: tuple[float, ...]
    means: tuple[float, ...]

    @cached_property
    def _parts(self):
        """[(field, its weights, what the average lead has by it)]"""
        parts, at = [], 1
        for field in self.fields:
            weights = self.weights[at : at + field.width]
            usual = sum(w * m for w, m in zip(weights, self.means[at : at + field.width], strict=True))
            parts.append((field, weights, usual))
            at += field.width
        return parts

    @cached_property
    def start(self):
        """Log-odds of the average lead."""
        return self.weights[0] + sum(usual for _, _, usual in self._parts)

    def fit(self, facts):
        """(log-odds, [(words, contribution)]) of a lead; the contributions and `start` add up to the log-odds."""
        told = []
        for field, weights, usual in self._parts:
            fact = facts.get(field.name)
            effect = sum(weights[column] * value for column, value in field.columns(fact)) - usual
            if effect:
                told.append((field.words(fact), effect))
        return self.start + sum(effect for _, effect in told), told

    def differences(self, old, new):
        """[(field, log-odds)] of the fields by which the facts `new` are worth something else than the facts `old`."""
        return [(field, effect) for field, weights, _ in self._parts if (effect := sum(
            weights[column] * value for column, value in field.columns(new.get(field.name))) - sum(
            weights[column] * value for column, value in field.columns(old.get(field.name))))]

    @staticmethod
    def worth_of(points):
        """Log-odds of so many points of engagement."""
        return expert.ENGAGEMENT / 100 * points

    def score(self, lead, engagement=(0.0, ())):
        """What is kept of a lead's score in its ai_information, `scored_at` apart.

        `lead` as in `facts_of`; `engagement` is (points 0 to 100, [(words, points)]). The score is the chance in percent,
        at least 1; score_start and the points of the reasons add up to it. `score_probability` is the chance by fit alone.
        """
        if not is_reachable(lead):
            return {"score": 0, "score_start": 0, "score_reasons": [NOBODY], "score_model": self.name,
                    "score_probability": None, "score_fit": 0, "score_engagement": 0}
        odds, told = self.fit(facts_of(lead))
        points, signals = engagement
        shown = sum(worth for _, worth in signals)
        told += [(words, self.worth_of(points) * worth / shown) for words, worth in signals if shown]
        whole = odds + self.worth_of(points)
        score, start = percent(whole), percent(self.start)
        return {
            "score": score, "score_start": start, "score_reasons": reasons(told, score - start),
            "score_model": self.name, "score_probability": round(chance(odds), 4), "score_fit": percent(odds),
            "score_engagement": round(points),
        }


def chance(odds):
    return 1 / (1 + exp(-max(-30.0, min(30.0, odds))))


def percent(odds):
    """A score: the chance in percent, at least 1 (DECISIONS 19)."""
    return max(1, round(100 * chance(odds)))


def reasons(told, difference):
    """[{reason, points}], strongest first, of contributions in log-odds: whole points that add up to `difference`.

    Each gets its share of the difference by largest remainders; where the contributions cancel each other out, each gets what
    it would have moved near the middle of the scale, and what is left over stands by itself.
    """
    total = sum(effect for _, effect in told)
    scale = difference / total if abs(total) > 0.05 and difference / total > 0 else 20.0
    ordered = sorted(told, key=lambda one: (-abs(one[1]), one[0]))
    exact = [(words, effect * scale) for words, effect in ordered[:TOLD]]
    points = [int(worth) for _, worth in exact]
    left = difference - sum(points)
    by_rest = sorted(range(len(exact)), key=lambda n: -abs(exact[n][1] - points[n]))
    for n in by_rest:
        sign = (left > 0) - (left < 0)
        if sign and (exact[n][1] - points[n]) * sign > 0:
            points[n] += sign
            left -= sign
    found = [{"reason": words, "points": worth} for (words, _), worth in zip(exact, points, strict=True) if worth]
    found.sort(key=lambda reason: (-abs(reason["points"]), reason["reason"]))
    return [*found, {"reason": "All else together", "points": left}] if left else found


def written_model(sources=()):
    """What we believe before there is any history; `sources` as in fields.py."""
    fields = tuple(written(sources))
    weights = [expert.START, *(mean for field in fields for mean, _ in field.prior)]
    return Model("expert", fields, tuple(weights), (1.0, *(0.0 for _ in weights[1:])))
