"""The columns of the table of leads: which, in which order, and what stands in the cells of custom fields."""

from accounts.models import User
from leads.columns import COLUMNS, DEFAULT
from leads.filters import LeadFilter
from lookups import list_page
from lookups.custom import Kind, active
from lookups.filters import CUSTOM
from lookups.record_fields import words_of_value

PLAIN = ("email", "phone_number", "industry", "website", "linkedin_url", "city", "state", "country")  # text as it is
RANKS = {"job_title": "rank-3", "lead_source": "rank-3", "estimated_value": "num rank-2", "assigned_to": "rank-2"}
DOWN = ("score", "estimated_value", "last_activity_at", "created_at", "updated_at")  # first click: the highest first


def labels_of(organization):
    """{name: label} of every column that there can be."""
    return COLUMNS | {f"{CUSTOM}{one.key}": one.label for one in active(organization)}


def columns_of(names, organization):
    """[{name, label, sort, first, classes}] of the named columns; what is not there (any more) is left out."""
    labels = labels_of(organization)
    chosen = [name for name in dict.fromkeys(names) if name in labels][: list_page.MOST_COLUMNS] or list(DEFAULT)
    numbers = {f"{CUSTOM}{one.key}" for one in active(organization) if one.kind in (Kind.NUMBER, Kind.MONEY)}
    return [{"name": name, "label": labels[name], "sort": name if name in LeadFilter.sorts or name.startswith(CUSTOM) else "",
             "first": "DESC" if name in DOWN or name in numbers else "ASC",
             "classes": RANKS.get(name, "num" if name in numbers else "")} for name in chosen]


def chooser(columns, organization, link):
    """What the menu of columns offers; `link(names)` is the address of the list with those columns."""
    return list_page.chooser(labels_of(organization), [column["name"] for column in columns], link)


def fill(rows, columns, organization):
    """Give each row its `cells`, one a column: {name, text, label, classes}; `text` where the template knows no better."""
    own = {f"{CUSTOM}{one.key}": one for one in active(organization)}
    asked = [own[column["name"]] for column in columns if column["name"] in own]
    people = _people(rows, [one for one in asked if one.kind == Kind.PERSON], organization)
    for row in rows:
        row["cells"] = []
        for column in columns:
            name = column["name"]
            text = row.get(name) or "" if name in PLAIN else ""
            if name == "do_not_contact":
                text = "Yes" if row[name] else ""
            if name in own:
                value = (row["custom_fields"] or {}).get(own[name].key)
                text = people.get(value, "") if own[name].kind == Kind.PERSON and isinstance(value, int) else words_of_value(
                    own[name], value, organization)
            row["cells"].append({"name": name, "text": text, "label": column["label"], "classes": column["classes"]})
    return rows


def _people(rows, fields, organization):
    ids = {row["custom_fields"].get(one.key) for row in rows for one in fields if row["custom_fields"]}
    ids = {value for value in ids if isinstance(value, int)}
    return {member.pk: member.full_name for member in User.objects.of(organization).filter(pk__in=ids)} if ids else {}
