"""Hot leads: who is hot, why, how long nobody has answered, and answering where they stand."""

from django.utils.timezone import now

from intent import alerts, heat
from intent.pages.base import OUTCOMES, SIZE, AnswerPage, SignalPage, clock_of, number, paging, tabs_of, type_options
from intent.rules import settings_of
from intent.types import DAYS, TYPES
from leads.models import Lead
from lio.errors import Missing
from lookups.record_fields import people

MOST = 1000  # that are counted
SHOWN = 3  # reasons of a row
TABS = [("All", {}), ("Mine", {"owner": "me"}), ("To answer", {"show": "open"}),
        ("Mine to answer", {"owner": "me", "show": "open"})]


class HotList(SignalPage):
    """The hot leads, hottest first. `owner` (me or an id), `show=open` (nobody has answered) and `type` narrow."""

    read = ("owner", "show", "type", "page")

    def get(self, request):
        asked = self.asked()
        if asked.get("type") not in TYPES:
            asked.pop("type", None)
        if asked.get("owner") != "me" and not number(asked.get("owner", ""), 0):
            asked.pop("owner", None)
        at, rules, which = number(asked.pop("page", "")), settings_of(self.organization), self.which(asked)
        total = heat.hot_total(self.organization.pk, **which, most=MOST + 1)
        if (at - 1) * SIZE >= total and total <= MOST:  # beyond the end: what was hot has cooled
            at = 1
        rows = heat.hot_leads(self.organization.pk, **which, limit=SIZE, offset=(at - 1) * SIZE, rules=rules)
        context = {
            "rows": dressed(self, rows, rules), "total": total,
            "page": paging(at, len(rows), min(total, MOST), capped=total > MOST), "asked": asked,
            "tabs": tabs_of(TABS, asked, ("owner", "show")), "types": type_options(asked.get("type")),
            "owners": [{"id": pk, "name": name, "selected": str(pk) == asked.get("owner")}
                       for pk, name in people(self.organization)],
            "narrowed": bool(asked), "hot_from": rules.hot_from, "days": DAYS,
        } | shared(self)
        return self.show("intent/hot.html", context)

    def which(self, asked):
        owner = asked.get("owner")
        owner = self.request.user.pk if owner == "me" else number(owner) if owner else None
        return {"owner": owner, "kind": asked.get("type"), "waiting": asked.get("show") == "open"}


class AnswerLead(AnswerPage):
    """All alerts of a lead that wait are answered; htmx gets the row of the hot list, or from elsewhere the page anew."""

    def answer(self, pk, outcome, note):
        lead = Lead.objects.of(self.organization).alive().filter(pk=pk).first()
        if lead is None:
            raise Missing()
        alerts.acknowledge_lead(self.organization, pk, by=self.request.user, outcome=outcome, note=note)
        return str(lead)

    def shown(self, pk):
        rules = settings_of(self.organization)
        rows = dressed(self, heat.hot_leads(self.organization.pk, lead=pk, rules=rules), rules)
        return ("intent/_hot_row.html", {"row": rows[0], "again": True} | shared(self)) if rows else None


def shared(page):
    """What the row of a hot lead needs beside itself."""
    return {"outcomes": OUTCOMES, "may_edit": page.is_editor}


def dressed(page, rows, rules):
    """Rows of heat.hot_leads with the names that they are known by, their reasons, and how long they wait."""
    ids = [row["lead_id"] for row in rows]
    if not ids:
        return []
    names, why = page.lead_names(ids), heat.why(page.organization.pk, ids, rules=rules)
    worked, moment = clock_of(page.organization, rules), now()
    for row in rows:
        reasons = why.get(row["lead_id"], [])
        row |= names[row["lead_id"]] | {
            "why": reasons[:SHOWN], "more": len(reasons) - SHOWN, "share": min(100, row["points"]),
            "last": TYPES[row["last_type"]].words,
            "waits": worked(row["waiting_since"], moment) if row["open"] and row["waiting_since"] else ""}
    return rows
