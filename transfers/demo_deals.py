"""The deals of the demo: two pipelines with eight months of history, so that board and forecast have something to tell.

What happened is made up first, then done in its order through the product's own rules, the nights' work of each month among it.
"""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from django.db.models import F, Min, OuterRef, Subquery
from django.utils.timezone import now

from accounts import teams
from contacts.models import Contact
from deals import contacts, edit, pipelines, rates
from deals.add_many import add_many
from deals.forecast import goals, learning, saying, snapshots
from deals.forecast.days import zone
from deals.forecast.months import first_day, month_of
from deals.models import Deal, DealContact, Pipeline, Stage, StageEntry
from leads.models import Lead
from lio import history
from lio.models import Change
from lookups.known import known

SOLD = ["Scanners", "Scanners, 12 depots", "Route planning", "Onboarding", "Warehouse terminals", "Label printers", "Fleet app",
        "Support, three years", "Pilot", "Second site"]
REASONS = ["Too expensive", "Went with a competitor", "No budget this year", "No answer", "Project was stopped"]
STEPS = ["Send the revised offer", "Call after the board meeting", "Show it to the plant", "Arrange the reference call"]
RENEWALS = [{"name": "Due", "probability": Decimal("0.6")}, {"name": "Offered", "probability": Decimal("0.8")}]
DEALS, DAYS = 76, 236  # so many, over so many days
STEP = 9
MORNING, NOON = time(0, 30), time(12)
ROLES = [DealContact.Role.DECISION_MAKER, DealContact.Role.CHAMPION, DealContact.Role.USER]
GOAL = Decimal(60_000)  # of each rep in a month


def make_deals(organization, by, team):
    """Pipelines, deals with their past, contacts with roles, a team, goals. `team` are members who sell."""
    random = Random(12)  # noqa: S311 - the same demo every time, nothing secret
    sales = Pipeline.objects.of(organization).alive().order_by("position").first()
    stages = list(Stage.objects.of(organization).alive().filter(pipeline=sales).order_by("position", "pk"))
    slow = [{"id": stage.pk, "max_days_in_stage": days} for stage, days in zip(stages, (30, 21, 21, 14), strict=False)]
    pipelines.update(sales, by=by, stages=slow)
    renewals = pipelines.add(organization, by=by, name="Renewals", stages=RENEWALS)
    today = now().astimezone(zone()).date()
    rates.set_rates(organization, [(first_day(month_of(today) - 9), "EUR", Decimal("1.08"))], by=by, source="By hand")
    done = Past(organization, random, stages, today, team)
    done.go()
    done.now(by)
    add_renewals(organization, random, renewals, today, by)
    roles(organization, by)
    set_goals(organization, month_of(today), team, by)


class Past:
    """What happened to the deals of the sales pipeline until `today`."""

    def __init__(self, organization, random, stages, today, team):
        self.organization, self.random, self.today, self.team = organization, random, today, team
        self.zone = zone()
        self.open = [stage for stage in stages if not stage.is_protected]
        self.won = next(stage for stage in stages if stage.is_won)
        self.lost = next(stage for stage in stages if stage.is_lost)
        numbers = known(organization, "status")
        leads = Lead.objects.of(organization).alive().filter(company__isnull=False)
        self.leads = list(leads.exclude(status=numbers[6].pk).order_by("-status__number", "pk")[:48])
        self.opened: dict[date, list] = defaultdict(list)
        self.moves: dict[date, dict] = defaultdict(lambda: defaultdict(dict))
        for n in range(DEALS):
            self.invent(n)

    def invent(self, n):
        """The days on which a deal came and went on: every few of them, so that many happen at once."""
        random = self.random
        day = self.today - timedelta(days=1 + int((DAYS - 1) * (1 - n / DEALS) ** 1.4))  # more of them lately
        lead, owner = self.leads[n % len(self.leads)], self.team[n % len(self.team)]
        value = random.choice([2400, 3200, 5600, 7800, 9400, 14000, 18200, 26500, 36500, 48000])
        close = day + timedelta(days=random.randint(35, 75))
        title = f"{random.choice(SOLD)} for {lead.company.company_name}"[:50]
        fields = {"stage_id": self.open[0].pk, "title": title, "value": Decimal(value), "expected_close_date": close,
                  "assigned_to_id": owner.pk}
        if n % 19 == 7:
            fields |= {"currency": "EUR", "amount": Decimal(value)}
            del fields["value"]
        self.opened[self.step(day)].append((n, lead.pk, fields))
        pace = 3 if random.random() < 0.12 else 1
        wins = random.random() < 0.5
        steps = len(self.open) - 1 if wins else random.randint(0, len(self.open) - 1)
        for stage in [*self.open[1 : steps + 1], self.won if wins else self.lost]:
            day += timedelta(days=pace * random.randint(7, 20))
            if self.step(day) <= self.today:
                values = {"lost_reason": random.choice(REASONS)} if stage.is_lost else {}
                self.moves[self.step(day)][stage.pk][n] = values

    def step(self, day):
        return self.today - (self.today - day) // timedelta(days=STEP) * timedelta(days=STEP) if day <= self.today else day

    def go(self):
        self.ids: dict[int, int] = {}
        month = 0
        for day in sorted(self.opened.keys() | self.moves.keys()):
            while month < month_of(day):
                month = month + 1 if month else month_of(day)
                self.night(first_day(month), month)
            at = min(datetime.combine(day, NOON, self.zone), now() - timedelta(minutes=20))
            if entries := self.opened.get(day):
                self.do(at, self.come, entries)
            for stage_id, values in self.moves.get(day, {}).items():
                self.do(at + timedelta(minutes=5), self.move, stage_id, values)
        lived_in(self.organization, [lead.pk for lead in self.leads])

    def night(self, day, month):
        """What the first night of a month does (deals/forecast/jobs.py)."""
        learning.learn(day)
        snapshots.snapshot_open(0, 10_000, look=True, at=datetime.combine(day, MORNING, self.zone))
        if saying.won_by_month(day):
            saying.say(month)

    def do(self, at, rule, *args):
        """Do something as if it were done at `at` by those who own the deals."""
        with history.one_action():
            rule(at, *args)
            mine = Change.objects.of(self.organization).filter(change_id=history.last_change_id())
            mine.update(created_at=at)
            owners = Deal.objects.filter(pk=OuterRef("model_id")).values("assigned_to")
            mine.filter(model_type="deal").update(by_id=Subquery(owners))

    def come(self, at, entries):
        made = add_many(self.organization, [(lead_id, fields) for _, lead_id, fields in entries], by=None, at=at)
        self.ids |= {n: pk for (n, *_), pk in zip(entries, made, strict=True)}

    def move(self, at, stage_id, values):
        each = {self.ids[n]: more for n, more in values.items()}
        edit.set_each(self.organization, stage_id, each, by=None, at=at)

    def now(self, by):
        """What is planned for the open deals; dates that have passed are moved, but for a few."""
        random = self.random
        rows = Deal.objects.of(self.organization).alive().open().order_by("pk")
        for n, deal in enumerate(rows):
            fields = {}
            if deal.expected_close_date < self.today and n % 3:
                fields["expected_close_date"] = self.today + timedelta(days=random.randint(4, 50))
            if n % 3 == 0:
                fields |= {"next_step": random.choice(STEPS), "next_step_on": self.today + timedelta(days=random.randint(1, 9))}
            if n % 11 == 4:
                fields["category"] = Deal.Category.COMMIT
            if fields:
                edit.update(deal.pk, self.organization, fields, by=deal.assigned_to or by, at=now() - timedelta(minutes=10))
        StageEntry.objects.of(self.organization).filter(by=None).update(
            by_id=Subquery(Deal.objects.filter(pk=OuterRef("deal")).values("assigned_to")))
        Deal.objects.of(self.organization).filter(created_by=None).update(created_by=F("assigned_to"))


def lived_in(organization, lead_ids):
    """The leads were there before their deals."""
    for pk, first in Deal.objects.of(organization).filter(lead__in=lead_ids).order_by().values_list("lead").annotate(
            Min("created_at")):
        born = first - timedelta(days=3)
        if Lead.objects.filter(pk=pk, created_at__gt=born).update(created_at=born):
            Change.objects.of(organization).filter(model_type="lead", model_id=pk, verb="lead.created").update(created_at=born)


def add_renewals(organization, random, pipeline, today, by):
    """Won customers whose contracts end."""
    stages = list(Stage.objects.of(organization).alive().filter(pipeline=pipeline).order_by("position", "pk")[:2])
    won = Deal.objects.of(organization).alive().won().select_related("lead__company").order_by("closed_at")[:6]
    entries = [(deal.lead_id, {
        "stage_id": stages[n % 2].pk, "title": f"Renewal of {deal.lead.company.company_name}"[:50], "value": deal.value,
        "expected_close_date": today + timedelta(days=random.randint(10, 80)), "assigned_to_id": deal.assigned_to_id})
        for n, deal in enumerate(won)]
    add_many(organization, entries, by=by, at=now() - timedelta(hours=3))


def roles(organization, by):
    """People of the companies have a say in the deals."""
    people: dict[int, list[int]] = defaultdict(list)
    rows = Contact.objects.of(organization).alive().filter(company__isnull=False).order_by("-lead_id", "pk")
    for company_id, pk in rows.values_list("company_id", "pk"):
        people[company_id].append(pk)
    deals = Deal.objects.of(organization).alive().filter(lead__company__in=people).order_by("pk")
    of_deal = {pk: people[company_id] for pk, company_id in deals.values_list("pk", "lead__company_id")}
    for place, role in enumerate(ROLES):
        contact_of = {pk: found[place] for pk, found in of_deal.items() if len(found) > place}
        contacts.put_many(organization, contact_of, by=by, role=role)


def set_goals(organization, month, team, by):
    """What each rep is to win in this month and those about it, and all of them together."""
    together = teams.put(organization, "Field sales", team, by=by)
    for at in range(month - 2, month + 2):
        for owner in team:
            goals.set_quota(organization, month=at, amount=GOAL, owner=owner, by=by)
        goals.set_quota(organization, month=at, amount=GOAL * len(team), team=together, by=by)
