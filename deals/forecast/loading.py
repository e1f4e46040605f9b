"""Bringing in a past pipeline from files: deals go through the product's own rules, on the days on which things happened.

The files are those of the Maven Analytics set "CRM Sales Opportunities": `sales_pipeline.csv`, `products.csv`, `accounts.csv`,
and `sales_teams.csv` where it is there: its managers and offices become teams, so that goals can be set for them.
At the beginning of each month the night's work is done as it would have been then, so that snapshots, win probabilities and
what was said of the month come from what was known on that day and from nothing later.
"""

import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from statistics import median

from accounts import members as people
from accounts import teams
from accounts.models import User
from deals import edit, pipelines
from deals.add_many import add_many
from deals.forecast import learning, saying, snapshots
from deals.forecast.days import zone
from deals.forecast.months import first_day, month_of
from deals.models import Pipeline, Stage
from leads.capture import capture
from lio.tenancy import org_scope

PROSPECTING, ENGAGING, WON, LOST = "Prospecting", "Engaging", "Won", "Lost"
STAGES = [{"name": PROSPECTING, "probability": Decimal("0.2")}, {"name": ENGAGING, "probability": Decimal("0.5")}]
SPELT = {"GTXPro": "GTX Pro", "technolgy": "technology", "Philipines": "Philippines"}  # as the files have it: as it is right
CYCLE = timedelta(days=60)  # until as many deals as this are closed
KNOWN_CYCLES = 30
EARLY, NOON = time(0, 30), time(12)


class LoadError(Exception):
    """The files cannot be brought in."""


@dataclass(frozen=True)
class Opportunity:
    agent: str
    product: str
    account: str
    stage: str
    engaged: date | None
    closed: date | None
    price: Decimal  # from the list
    value: Decimal | None  # of a closing


def read(folder):
    """([Opportunity], {account: its row}). Raises LoadError with the file and line that cannot be understood."""
    folder = Path(folder)
    prices = {_spelt(row["product"]): Decimal(row["sales_price"]) for row in _rows(folder / "products.csv")}
    accounts = {row["account"]: {name: _spelt(text) for name, text in row.items()} for row in _rows(folder / "accounts.csv")}
    found = []
    for line, row in enumerate(_rows(folder / "sales_pipeline.csv"), 2):
        try:
            one = Opportunity(
                row["sales_agent"], _spelt(row["product"]), row["account"], row["deal_stage"], _day(row["engage_date"]),
                _day(row["close_date"]), prices[_spelt(row["product"])],
                Decimal(row["close_value"]) if row["close_value"] else None)
            if one.stage not in (PROSPECTING, ENGAGING, WON, LOST) or (one.stage in (WON, LOST)) != bool(one.closed):
                raise ValueError(f"stage {one.stage!r} with the close date {row['close_date']!r}")
        except (KeyError, ValueError, InvalidOperation) as error:
            raise LoadError(f"sales_pipeline.csv, line {line}: {error}") from error
        found.append(one)
    return found, accounts


def read_teams(folder):
    """{name of a team: its agents}, of each manager and each regional office; none without `sales_teams.csv`."""
    path, found = Path(folder) / "sales_teams.csv", defaultdict(set)
    for row in _rows(path) if path.exists() else ():
        for name in (row.get("manager") and f"Team of {row['manager']}", row.get("regional_office")):
            if name and row.get("sales_agent"):
                found[name[:80]].add(row["sales_agent"])
    return dict(found)


def _rows(path):
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return [{name: (text or "").strip() for name, text in row.items()} for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError) as error:
        raise LoadError(f"{path} cannot be read: {error}") from error


def _spelt(text):
    return SPELT.get(text, text)


def _day(text):
    return date.fromisoformat(text) if text else None


class Load:
    """One load into an organisation. `go()` does it, a month in a transaction, and answers how many deals came in."""

    def __init__(self, organization, folder, *, name, tell=lambda line: None):
        self.organization, self.name, self.tell = organization, name, tell
        self.rows, self.accounts = read(folder)
        self.teams = read_teams(folder)
        self.cycles: list[int] = []

    def go(self):
        """Raises LoadError when a pipeline of that name is there already."""
        with org_scope(self.organization):
            self._prepare()
        opened, closed = defaultdict(list), defaultdict(list)
        last = max(day for row in self.rows for day in (row.engaged, row.closed) if day)
        for row in self.rows:
            opened[row.engaged or last].append(row)  # a prospect without a date is known on the last day only
            if row.closed:
                closed[row.closed].append(row)
        self.ids: dict[int, int] = {}
        first = month_of(min(opened))
        for month in range(first, month_of(last) + 2):
            with org_scope(self.organization):
                self._begin(month)
                self._month(month, opened, closed)
            self.tell(f"{first_day(month):%Y-%m}: {len(self.ids):,} deals")
        return len(self.ids)

    def _prepare(self):
        if Pipeline.objects.of(self.organization).alive().filter(name=self.name).exists():
            raise LoadError(f"There is a pipeline {self.name} already.")
        self.zone = zone()
        pipeline = pipelines.add(self.organization, by=None, name=self.name, stages=STAGES)
        self.stages = {stage.name: stage.pk for stage in Stage.objects.filter(pipeline=pipeline)}
        agents = sorted({row.agent for row in self.rows})
        self.owners = {agent: self._member(agent) for agent in agents}
        members = User.objects.of(self.organization).in_bulk(self.owners.values())
        for team, names in sorted(self.teams.items()):
            if those := [members[self.owners[name]] for name in sorted(names & self.owners.keys())]:
                teams.put(self.organization, team, those, by=None)
        self.leads = {(account, ""): self._lead(account, facts) for account, facts in self.accounts.items()}
        for row in self.rows:  # what has no account is kept apart by agent
            key = (row.account, "") if row.account else ("", row.agent)
            if key not in self.leads:
                self.leads[key] = self._lead(row.account or f"Prospects of {row.agent}", {})

    def _member(self, agent):
        first, _, last = agent.partition(" ")
        email = f"{agent.lower().replace(' ', '.')}.{self.organization.pk}@pipeline.example"
        found = User.objects.of(self.organization).filter(email=email).first()
        return (found or people.join(self.organization, email=email, password=None, first_name=first, last_name=last)).pk

    def _lead(self, account, facts):
        fields = {"first_name": "Buyer at", "last_name": account[:50], "company": account, "industry": facts.get("sector", ""),
                  "country": facts.get("office_location", "")}
        return capture(self.organization, fields, by=None, on_duplicate="accept")[0]

    def _begin(self, month):
        """The night before a month's first day, as it would have been then."""
        day, last = first_day(month), 0
        learning.learn(day)
        while last is not None:
            last = snapshots.snapshot_open(last, 10_000, look=True, at=datetime.combine(day, EARLY, self.zone))
        if saying.won_by_month(day):
            saying.say(month)

    def _month(self, month, opened, closed):
        """What came and what closed in a month, each at its own moment."""
        came, day = [], first_day(month)
        ends: dict[str, dict] = {WON: {}, LOST: {}}
        while day < first_day(month + 1):
            cycle = timedelta(days=median(self.cycles)) if len(self.cycles) >= KNOWN_CYCLES else CYCLE
            noon = datetime.combine(day, NOON, self.zone)
            came += [(row, noon, day + cycle) for row in opened.get(day, ())]
            for row in closed.get(day, ()):
                ends[row.stage][id(row)] = ({"value": row.value} if row.stage == WON else {}, noon + timedelta(hours=1))
                self.cycles.append((row.closed - row.engaged).days)
            day += timedelta(days=1)
        if came:
            entries = [(self.leads[(row.account, "") if row.account else ("", row.agent)], self._fields(row, expected))
                       for row, _, expected in came]
            made = add_many(self.organization, entries, by=None, at=[noon for _, noon, _ in came])
            self.ids |= {id(row): pk for (row, _, _), pk in zip(came, made, strict=True)}
        for stage, rows in ends.items():
            if rows:
                values = {self.ids[key]: fields for key, (fields, _) in rows.items()}
                moments = {self.ids[key]: at for key, (_, at) in rows.items()}
                edit.set_each(self.organization, self.stages[stage], values, by=None, at=moments)

    def _fields(self, row, expected):
        return {"stage_id": self.stages[row.stage if row.stage == PROSPECTING else ENGAGING],
                "title": f"{row.product} for {row.account or row.agent}"[:50], "value": row.price,
                "expected_close_date": expected, "assigned_to_id": self.owners[row.agent]}
