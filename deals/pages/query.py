"""What board and list share: the address as filters, its chips, the inputs of the filter panel, and how a deal looks."""

from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.timezone import now

from accounts.models import User
from deals.filters import QUIET, DealFilter
from deals.models import Deal, Pipeline, Stage
from leads.models import Lead
from lio.api.envelope import BadParameter
from lio.grammar import zone_of
from lio.listing import Listing
from lookups.models import SavedView

OTHERS = ("search_value", "order_by", "order_in", "view", "filters")
MOST_VIEWS = 20
SOON = timedelta(days=7)
VERBS = {
    "pipeline_id": ("Pipeline", "is"), "status": ("Stage", "is"), "lead_id": ("Lead", "is"), "company_id": ("Company", "is"),
    "contact_id": ("Contact", "is"), "assigned_to": ("Owner", "is"), "unassigned": ("Owner", "is"),
    "priority": ("Priority", "is"), "category": ("Category", "is"), "state": ("State", "is"), "rotting": ("Rotting", "is"),
    "value_min": ("Value", "at least"), "value_max": ("Value", "at most"), "close_from": ("Closes", "from"),
    "close_to": ("Closes", "to"), "start_date": ("Created", "from"), "end_date": ("Created", "to"),
    "change_id": ("Changed", "by action"), "search_value": ("Words", "are"), "filters": ("Where", ""), "view": ("View", "is"),
}  # fmt: skip


def cleaned(params):
    """The list's own parameters without empty ones, as a QueryDict."""
    query = QueryDict(mutable=True)
    for name in params:
        values = [value for value in params.getlist(name) if value.strip()]
        name = DealFilter.aliases.get(name.removesuffix("[]"), name.removesuffix("[]"))
        if values and (name in DealFilter.filters or name.startswith("cf.") or name in OTHERS):
            query.setlistdefault(name).extend(values)
    return query


def listing_of(query, user, rows=None):
    """(the list, what was wrong with its parameters): a wrong one is told and left out."""
    complaints: list[str] = []
    while True:
        living = Deal.objects.whole(user.organization) if rows is None else rows
        try:
            return Listing(living, DealFilter, query, user), complaints
        except BadParameter as error:
            if not error.fields.keys() & query.keys():
                raise
            for name, lines in error.fields.items():
                complaints.append(f"{VERBS.get(name, (name, ''))[0]}: {lines[0]}")
                query.pop(name, None)


def pipelines_of(organization):
    """The living pipelines in their order, the active ones first."""
    return list(Pipeline.objects.of(organization).alive().order_by("-is_active", "position", "id"))


def owners_of(organization):
    members = User.objects.of(organization).active().order_by("first_name", "last_name")
    return [{"id": str(member.pk), "name": member.full_name} for member in members]


def views_of(user, query):
    """Saved views of deals as tabs."""
    seen = SavedView.objects.of(user.organization).alive().seen_by(user).filter(module_name="deal").order_by("visibility", "id")
    return [{"label": row.view_name, "query": f"?view={row.pk}", "current": query.get("view") == str(row.pk)}
            for row in seen[:MOST_VIEWS]]


def choices(query, organization):
    """The options of the filter panel, marked where they are chosen."""

    def marked(name, options):
        chosen = {part for value in query.getlist(name) for part in value.split(",")}
        return [{"id": str(key), "name": label, "selected": str(key) in chosen} for key, label in options]

    return {
        "owners": marked("assigned_to", [("true", "Me"), *[(owner["id"], owner["name"]) for owner in owners_of(organization)]]),
        "priorities": marked("priority", Lead.Priority.choices),
        "categories": marked("category", Deal.Category.choices),
        "states": marked("state", [("open", "Open"), ("won", "Won"), ("lost", "Lost")]),
    }


def chips(query, organization):
    """What the address filters by: [{label, verb, value, remove}]."""
    found = []
    names = {"assigned_to": {owner["id"]: owner["name"] for owner in owners_of(organization)} | {"true": "me"},
             "priority": {str(key): label for key, label in Lead.Priority.choices},
             "pipeline_id": {str(row.pk): row.name for row in pipelines_of(organization)}}
    for name in query:
        if name in ("order_by", "order_in", "view") or (name == "pipeline_id" and "board" in query):
            continue
        label, verb = VERBS.get(name, (name.removeprefix("cf."), "is"))
        parts = [part for value in query.getlist(name) for part in value.split(",")]
        if name == "status":
            stages = Stage.objects.of(organization).filter(pk__in=[part for part in parts if part.isdigit()][:50])
            names["status"] = {str(stage.pk): stage.name for stage in stages}
        words = {"unassigned": "nobody", "rotting": "yes", "filters": "several conditions"}.get(name)
        rest = query.copy()
        rest.pop(name)
        value = words or ", ".join(names.get(name, {}).get(part, part) for part in parts)
        found.append({"label": label, "verb": verb, "value": value, "remove": f"?{rest.urlencode()}"})
    return found


def link(query, **changed):
    """The address of the same list with some parameters replaced; None takes one away."""
    rest = query.copy()
    for name, value in changed.items():
        rest.pop(name, None)
        if value is not None:
            rest[name] = value
    return f"?{rest.urlencode()}" if rest else "?"


def as_params(query):
    return urlencode([(name, value) for name in query for value in query.getlist(name)])


def dressed(rows, user):
    """`page_rows` of deals with what a card or a row shows of them: {..., mark: {text, tone}, rots}."""
    moment, today = now(), now().astimezone(zone_of(user)).date()
    for row in rows:
        row["mark"], row["rots"] = _mark(row, moment, today)
        row["lead_name"] = row["lead_name"] or row["lead_email"] or f"Lead {row['lead_id']}"
    return rows


def _mark(row, moment, today):
    """({text, tone} of what to look at first, whether the deal rots): stuck, idle, late, soon (R54)."""
    if row["closed_at"]:
        return None, False
    days = (moment - datetime.fromisoformat(row["entered_stage_at"])).days
    if row["max_days_in_stage"] is not None and days >= row["max_days_in_stage"] and days > 0:
        return {"text": f"{days} d in stage", "tone": "bad"}, True
    last = max(datetime.fromisoformat(at) for at in (row["last_activity_at"], row["lead_activity"], row["created_at"]) if at)
    if moment - last > QUIET:
        return {"text": f"{(moment - last).days} d idle", "tone": "bad"}, True
    close: date = row["expected_close_date"]
    if close < today:
        return {"text": f"{(today - close).days} d late", "tone": "bad"}, False
    if close - today < SOON:
        return {"text": "Today" if close == today else f"{close:%a}", "tone": "good"}, False
    return None, False
