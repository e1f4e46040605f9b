"""The list of deals: tabs, filters, rows, and what its bulk bar does."""

from datetime import date

from django.urls import reverse

from accounts.models import User
from companies.models import Company
from contacts.models import Contact
from deals import bulk
from deals.columns import COLUMNS, DEFAULT
from deals.filters import DealFilter
from deals.models import Deal, Stage
from deals.pages.fields import DealFields
from deals.pages.query import REASONS, day_in_words, dressed, pipelines_of
from leads.models import Lead
from lio.errors import Invalid
from lio.templatetags.look import money, priority_tone
from lookups.list_page import BulkPage, EditView, ListKind, ListPage, SaveView
from lookups.names import names_of, whole
from lookups.record_fields import people

STATES = [("open", "Open"), ("won", "Won"), ("lost", "Lost")]
TONES = {"won": "good", "lost": "bad"}
SORTS = {"lead_name": "lead_id", "stage_name": "status", "pipeline_name": "pipeline_id"}  # columns that have no order by name
PLACES = {"lead_name": "at-title", "company_name": "at-company", "stage_name": "at-foot", "value": "at-value",
          "expected_close_date": "at-time", "assigned_to": "at-owner"}  # of cells on a phone (static/css/table.css)
NAMED = {"lead_id": (Lead, ("first_name", "last_name", "email")), "company_id": (Company, ("company_name",)),
         "contact_id": (Contact, ("name",))}  # fmt: skip


class Deals(ListKind):
    module, namespace, model, filter_class = "deal", "deals", Deal, DealFilter
    noun, title, icon, exported = "deal", "Deals", "view-columns", "deals"
    hint = "What you may sell to a lead, with its value and when it should close."
    name_field, name_label = "title", "Title"
    columns, default = COLUMNS, DEFAULT
    numbers = ("value", "weighted_value", "probability", "moved_close_dates")
    tabs = [("All deals", {}), ("Open", {"state": "open"}), ("Mine", {"state": "open", "assigned_to": "true"}),
            ("Rotting", {"rotting": "true"}), ("Won", {"state": "won"}), ("Lost", {"state": "lost"})]  # fmt: skip
    inputs = [
        ("one", "assigned_to", "Owner"), ("check", "unassigned", "Only those without an owner"),
        ("choices", "pipeline_id", "Pipeline"), ("choices", "status", "Stage"), ("one", "state", "State"),
        ("one", "category", "Category"), ("choices", "priority", "Priority"), ("range", "value", "Value"),
        ("dates", "close", "Closes"), ("check", "rotting", "Only rotting: idle for 14 days, or too long in a stage"),
    ]  # fmt: skip
    labels = {"lead_id": "Lead", "company_id": "Company", "contact_id": "Contact", "start_date": "Created from",
              "end_date": "Created to", "change_id": "Changed by action", "unassigned": "Owner",
              "rotting": "Rotting"}  # fmt: skip
    fields_class = DealFields

    def columns_of(self, names):
        found = super().columns_of(names)
        for column in found:
            column["sort"] = SORTS.get(column["name"], column["sort"])
            if column["name"] == "value":
                column["classes"] = "num"  # the last to go where there is little room
        return found

    def fill(self, rows, columns):
        rows = super().fill(dressed(rows, self.request.user), columns)
        for row in rows:
            for column, cell in zip(columns, row["cells"], strict=True):
                cell["at"] = PLACES.get(column["name"], "at-more")
        return rows

    def cell(self, row, name):
        if name == "lead_name":
            url = reverse("leads:view", args=[row["lead_id"]])
            return {"kind": "link", "url": url, "text": row["lead_name"], "outside": False}
        if name == "stage_name":
            return {"kind": "chip", "text": row["stage_name"], "tone": TONES.get(row["status"], "acc")}
        if name in ("value", "weighted_value"):
            return {"kind": "text", "text": money(row[name], self.organization.currency)}
        if name == "probability":
            return {"kind": "text", "text": f"{row['probability'] * 100:.0f} %"}
        if name == "expected_close_date":
            mark = row["mark"] if row["mark"] and row["mark"]["tone"] == "bad" else None
            return {"kind": "text", "text": day_in_words(row[name]), "mark": mark}
        if name == "next_step_on":
            return {"kind": "text", "text": day_in_words(row[name])}
        if name == "priority":
            return {"kind": "chip", "text": row["priority_text"] or "", "tone": priority_tone(row["priority"])}
        if name == "category":
            return {"kind": "text", "text": Deal.Category(row["category"]).label}
        if name == "assigned_to":
            name = row["assigned_to_name"]
            return {"kind": "who", "text": name} if name else {"kind": "text", "text": "Nobody"}
        if name == "last_activity_at":
            return {"kind": "ago", "value": row[name] or row["created_at"]}
        return super().cell(row, name)

    # ---------------------------------------------------------------- filters
    def options(self, name):
        if name == "assigned_to":
            return [("true", "Me"), *self.members()]
        if name == "pipeline_id":
            return [(row.pk, row.name) for row in pipelines_of(self.organization)]
        if name == "status":
            found = self.stages()
            return [(pk, f"{group}: {label}" if len(found) > 1 else label) for group, stages in found for pk, label in stages]
        if name == "category":
            return Deal.Category.choices
        if name == "priority":
            return Lead.Priority.choices
        return STATES if name == "state" else super().options(name)

    def members(self):
        """[(id, name)] of the active members, read once."""
        if not hasattr(self, "_members"):
            self._members = people(self.organization)
        return self._members

    def stages(self):
        """[(name of a pipeline, [(id, name) of its stages])] in their order, read once."""
        if not hasattr(self, "_stages"):
            rows = Stage.objects.of(self.organization).alive().filter(pipeline__deleted_at=None).select_related("pipeline")
            found: dict[int, tuple[str, list]] = {}
            for stage in rows.order_by("-pipeline__is_active", "pipeline__position", "pipeline_id", "position", "id"):
                found.setdefault(stage.pipeline_id, (stage.pipeline.name, []))[1].append((stage.pk, stage.name))
            self._stages = list(found.values())
        return self._stages

    def words(self, name, values):
        if name == "unassigned":
            return "nobody"
        if name == "rotting":
            return "yes" if values[-1] == "true" else "no"
        if name in NAMED:
            return ", ".join(names_of(self.organization, *NAMED[name], values)) or ", ".join(values)
        return super().words(name, values)


class ShownDeals(Deals, ListPage):
    """Deals on a page of many, be it a list or a board."""

    def bulk(self):
        """Deals have no tags; what is done with many of them stands in a menu of its own each (templates/deals/_acts.html)."""
        found = super().bulk()["bulk"]
        found |= {"tags": [], "acts": "deals/_acts.html", "people": self.members(), "stages": self.stages(),
                  "categories": Deal.Category.choices, "reasons": REASONS}  # fmt: skip
        return {"bulk": found}


class DealList(ShownDeals):
    def describe(self, query):
        """With the same deals as a board beside it."""
        kept = query.copy()
        for name in ("order_by", "order_in", "columns"):
            kept.pop(name, None)
        address = f"{reverse('deals:board')}?{kept.urlencode()}"
        return super().describe(query) | {"beside": [{"url": address, "icon": "rectangle-stack", "label": "Board"}]}


class BulkDeals(Deals, BulkPage):
    rules = bulk
    apart = ("assigned_to", "expected_close_date", "category")
    warning = "They go from board, lists and forecast, with their notes and history."

    def act(self, action):
        given, by = self.request.POST, self.request.user
        if action == "assign":
            member = User.objects.of(self.organization).active().filter(pk=whole(given.get("assigned_to", ""))).first()
            if member is None and given.get("assigned_to"):
                raise Invalid({"assigned_to": ["choose a member"]})
            done = f"given to {member.full_name}" if member else "left without an owner"
            return self.tell(bulk.set_fields(self.rows(), {"assigned_to": member and member.pk}, by=by), done)
        if action == "stage":
            return self.move()
        if action == "close":
            fields = {"expected_close_date": given.get("expected_close_date", "")}
            done = f"expected to close on {day_in_words(read_day(fields['expected_close_date']))}"
            return self.tell(bulk.set_fields(self.rows(), fields, by=by), done)
        if action == "category":
            return self.tell(bulk.set_fields(self.rows(), {"category": given.get("category") or None}, by=by),
                             "given another category")  # fmt: skip
        if action in ("edit", "delete"):
            return super().act(action)
        raise Invalid({"action": ["choose what to do"]})

    def move(self):
        """Those of the stage's pipeline; a lost stage wants its reason."""
        stage = Stage.objects.of(self.organization).alive().filter(pk=whole(self.request.POST.get("stage_id", ""))).first()
        if stage is None:
            raise Invalid({"stage_id": ["choose a stage"]})
        fields = {"stage_id": stage.pk}
        if stage.is_lost:
            fields["lost_reason"] = self.request.POST.get("lost_reason", "").strip()[:500]
        rows = self.rows()
        moving = rows.filter(pipeline=stage.pipeline_id)
        if not moving.exists() and rows.exists():
            raise Invalid({"stage_id": ["none of them is in the pipeline of this stage"]})
        return self.tell(bulk.set_fields(moving, fields, by=self.request.user, ask=True), f"moved to {stage.name}")


def read_day(text):
    """The day that a date input sends. Raises Invalid."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid({"expected_close_date": ["choose a day"]}) from None


class SaveDealView(Deals, SaveView):
    pass


class EditDealView(Deals, EditView):
    pass
