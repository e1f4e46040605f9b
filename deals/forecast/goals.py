"""Goals: what an owner or a team is to win in a month, and how far along they are."""

from calendar import monthrange

from django.db import connection, transaction

from accounts.models import TeamMember
from deals.forecast.days import today, zone
from deals.forecast.models import Quota
from deals.forecast.months import first_day, month_of, name_of
from lio import history
from lio.errors import Invalid
from lio.tenancy import current_organization_id

ATTAINED = """
SELECT d.assigned_to_id, d.pipeline_id,
       coalesce(sum(d.value) FILTER (WHERE s.is_won AND d.closed_at >= %(first)s::timestamp AT TIME ZONE %(zone)s
                                     AND d.closed_at < %(end)s::timestamp AT TIME ZONE %(zone)s), 0),
       coalesce(sum(d.value) FILTER (WHERE d.closed_at IS NULL AND d.expected_close_date < %(end)s), 0),
       coalesce(sum(round(d.value * s.probability, 2))
                FILTER (WHERE d.closed_at IS NULL AND d.expected_close_date < %(end)s), 0)
FROM deals_deal d JOIN deals_stage s ON s.organization_id = d.organization_id AND s.id = d.stage_id
WHERE d.organization_id = %(organization)s AND d.deleted_at IS NULL AND d.assigned_to_id IS NOT NULL
  AND (d.closed_at IS NULL OR d.closed_at >= %(first)s::timestamp AT TIME ZONE %(zone)s)
GROUP BY 1, 2
"""


@transaction.atomic
def set_quota(organization, *, month, amount, by, owner=None, team=None, pipeline=None):
    """Set what `owner` or `team` is to win in `month`; None takes the goal away. Answers the Quota, None when it is gone.

    Raises Invalid unless exactly one of them is named.
    """
    if bool(owner) == bool(team):
        raise Invalid({"owner_id": ["name an owner or a team"]})
    rows = Quota.objects.of(organization).alive().select_for_update()
    quota = rows.filter(owner=owner, team=team, pipeline=pipeline, month=first_day(month)).first()
    before = float(quota.amount) if quota else None
    if amount is None:
        if quota:
            Quota.objects.filter(pk=quota.pk).bury()
            history.record("quota.removed", quota, by=by, before={"amount": before})
        return None
    if quota is None:
        quota = Quota(organization=organization, owner=owner, team=team, pipeline=pipeline, month=first_day(month))
    if before != float(amount):
        quota.amount = amount
        quota.save()
        history.record("quota.set", quota, by=by, before={"amount": before}, after={"amount": float(amount)})
    return quota


def amount_of(organization, *, month, owner=None, team=None, pipeline=None):
    """The amount of a goal that is set; None without one."""
    rows = Quota.objects.of(organization).alive().filter(owner=owner, team=team, pipeline=pipeline, month=first_day(month))
    amount = rows.values_list("amount", flat=True).first()
    return None if amount is None else float(amount)


def goals(organization, month):
    """The goals of a month with what came of them, as the API shows it: those of teams first.

    `open_value` are open deals that are expected by the end of the month. `coverage` is open value per value that is still to
    be won, `pacing` what is won per what would be by now if every day brought the same; `attainment` is in percent.
    """
    quotas = Quota.objects.of(organization).alive().filter(month=first_day(month)).select_related("owner", "team")
    quotas = list(quotas.order_by("owner_id", "team_id", "pipeline_id", "id"))
    attained, members, share = _attained(month), _members(quotas), elapsed(month)
    return [_row(quota, _sum(quota, attained, members), share) for quota in sorted(quotas, key=lambda one: one.team_id is None)]


def elapsed(month):
    """The share of the month that is over, today included: 0 before it, 1 after it."""
    day = today()
    if month_of(day) != month:
        return 0.0 if month_of(day) < month else 1.0
    return day.day / monthrange(day.year, day.month)[1]


def _attained(month):
    with connection.cursor() as cursor:
        cursor.execute(ATTAINED, {"organization": current_organization_id(), "first": first_day(month),
                                  "end": first_day(month + 1), "zone": zone().key})
        return {(owner, pipeline): values for owner, pipeline, *values in cursor.fetchall()}


def _members(quotas):
    found: dict[int, set[int]] = {}
    teams = [quota.team_id for quota in quotas if quota.team_id]
    for team, user in TeamMember.objects.of(current_organization_id()).filter(team__in=teams).values_list("team", "user"):
        found.setdefault(team, set()).add(user)
    return found


def _sum(quota, attained, members):
    """[won, open value, weighted value] of whom and what the quota is of."""
    owners = members.get(quota.team_id, set()) if quota.team_id else {quota.owner_id}
    rows = [values for (owner, pipeline), values in attained.items()
            if owner in owners and quota.pipeline_id in (None, pipeline)]
    return [float(sum(column)) for column in zip(*rows, strict=True)] if rows else [0.0, 0.0, 0.0]


def _row(quota, sums, share):
    won, still_open, weighted = sums
    amount = float(quota.amount)
    remaining = max(0.0, amount - won)
    due = amount * share
    return {
        "id": quota.pk, "owner_id": quota.owner_id, "team_id": quota.team_id, "pipeline_id": quota.pipeline_id,
        "name": str(quota.team) if quota.team_id else quota.owner.name,
        "month": name_of(month_of(quota.month)), "amount": amount, "won_value": won, "open_value": still_open,
        "weighted_value": weighted, "remaining": round(remaining, 2),
        "attainment": round(won / amount * 100, 2) if amount else None,
        "coverage": round(still_open / remaining, 2) if remaining else None,
        "pacing": round(won / due, 2) if due else None,
    }




def planned(organization, first, end, *, pipeline=None, owner=None, team=None):
    """{month: what is to be won in it} of the months from `first` up to `end`, None where nobody set a goal.

    Of an owner it is their goal, of a team the team's, else its members' together. Of all it is the goal of the team that has
    everybody; without one those of the teams, and of the owners who are in none of these. Without a pipeline it is the goal for
    all pipelines, else those of single pipelines together.
    """
    rows = Quota.objects.of(organization).alive().filter(month__gte=first_day(first), month__lt=first_day(end))
    found: dict[int, dict[tuple, dict]] = {month: {} for month in range(first, end)}
    for quota in rows.select_related("team"):
        whose = (quota.team_id, None) if quota.team_id else (None, quota.owner_id)
        found[month_of(quota.month)].setdefault(whose, {})[quota.pipeline_id] = quota
    if not any(found.values()):
        return dict.fromkeys(found)
    teams: dict[int, set[int]] = {one: set() for goals in found.values() for one, _ in goals if one}
    teams |= {team: set()} if team else {}
    for one, user in TeamMember.objects.of(organization).filter(team__in=teams).values_list("team", "user"):
        teams[one].add(user)
    return {month: _planned(goals, teams, pipeline, owner, team) for month, goals in found.items()}


def _planned(goals, teams, pipeline, owner, team):
    """`goals` are {(team, None) or (None, owner): {pipeline: Quota}} of one month, `teams` {team: ids of its members}."""
    amounts = {whose: amount for whose, by_pipeline in goals.items()
               if (amount := _amount(by_pipeline, pipeline)) is not None}
    if owner is not None:
        return amounts.get((None, owner))
    if team is not None:
        own, members = amounts.get((team, None)), [amounts[key] for key in amounts if key[1] in teams[team]]
        return own if own is not None else sum(members) if members else None
    for one, by_pipeline in goals.items():
        if one in amounts and one[0] and next(iter(by_pipeline.values())).team.is_everybody:
            return amounts[one]
    told: set[int] = set().union(*(teams[one] for one, _ in amounts if one))
    counted = [amount for (one, who), amount in amounts.items() if one or who not in told]
    return sum(counted) if counted else None


def _amount(by_pipeline, pipeline):
    if pipeline is not None:
        return float(by_pipeline[pipeline].amount) if pipeline in by_pipeline else None
    if None in by_pipeline:
        return float(by_pipeline[None].amount)
    return sum(float(quota.amount) for quota in by_pipeline.values())
