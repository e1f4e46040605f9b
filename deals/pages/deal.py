"""One deal: its stages, what happened, who has a say, its fields."""

from datetime import timedelta

from django.shortcuts import redirect
from django.utils.timezone import now

from accounts.models import User
from contacts.models import Contact
from deals import contacts, edit
from deals.apps import PHRASES
from deals.models import Deal, DealContact, StageEntry
from deals.pages.board import whole
from deals.pages.moving import DealPage
from lio import history
from lio.errors import Invalid
from lio.pages import REFUSALS, words_of
from lio.undo import DAYS, with_undo
from lookups.custom import definitions

OLD = 50  # entries of the timeline
MOST_CONTACTS = 200
LABELS = {"assigned_to": "Owner", "expected_close_date": "Expected to close", "lead_id": "Lead", "cf": "Custom fields",
          "next_step_on": "Next step on", "lost_reason": "Lost because", "category_by_hand": "Category by hand"}
UNSAID = ("stage_id", "pipeline_id", "deleted_at", "contact_id")


class ViewDeal(DealPage):
    def get(self, request):
        deal = self.deal()
        context = {
            "deal": deal, "currency": self.organization.currency, "path": self.path(deal), "stays": self.stays(),
            "timeline": self.timeline(), "facts": self.facts(deal), "contacts": self.contacts(),
            "roles": DealContact.Role.choices, "offered": self.offered(deal),
            "may_edit": request.user.can("records.edit"), "may_delete": request.user.can("records.delete"),
        }
        return self.show("deals/deal.html", context)

    def path(self, deal):
        stages = self.stages(deal)
        place = next((n for n, stage in enumerate(stages) if stage.pk == deal["stage_id"]), -1)

        def step(stage, n):
            state = "now" if stage.pk == deal["stage_id"] else "done" if n < place and not stage.is_lost else "next"
            return {"id": stage.pk, "name": stage.name, "state": state, "won": stage.is_won}

        lost = {stage.pk for stage in stages if stage.is_lost}
        ends = place >= 0 and stages[place].pk in lost
        steps = [step(stage, -1 if ends else n) for n, stage in enumerate(stages) if stage.pk not in lost]
        if ends:
            steps = [one | {"state": "next"} for one in steps]
        return {"steps": steps, "others": [step(stage, 999) for stage in stages if stage.pk in lost]}

    def stays(self):
        """How long the deal stood in each stage that it went through."""
        rows = StageEntry.objects.filter(deal=self.pk).select_related("stage", "by").order_by("entered_at", "pk")
        return [{"name": row.stage.name, "since": row.entered_at, "days": ((row.left_at or now()) - row.entered_at).days,
                 "by": str(row.by) if row.by else "", "current": row.left_at is None} for row in rows[:OLD]]

    def facts(self, deal):
        """[(label, text)] of the fields at the side."""
        found = [("Owner", deal["assigned_to_name"] or "Nobody"), ("Priority", deal["priority_text"]),
                 ("Forecast category", f"{Deal.Category(deal['category']).label}{' (by hand)' * deal['category_by_hand']}")]
        if deal["currency"]:
            found.append((f"Amount in {deal['currency']}", f"{deal['amount']:,} at {deal['rate'].normalize():f}"))
        times = deal["moved_close_dates"]
        found.append(("Close date moved", {0: "never", 1: "once"}.get(times, f"{times} times")))
        if deal["lost_reason"]:
            found.append(("Lost because", deal["lost_reason"]))
        defined = definitions(self.organization, "deal")
        for key, value in deal["custom_fields"].items():
            label = defined[key].label if key in defined else key
            found.append((label, ", ".join(map(str, value)) if isinstance(value, list) else str(value)))
        return found

    def contacts(self):
        rows = DealContact.objects.filter(deal=self.pk, contact__deleted_at=None).select_related("contact").order_by("pk")
        return [{"id": row.contact_id, "name": row.contact.name, "designation": row.contact.designation or "",
                 "email": row.contact.email, "role": row.role, "role_text": row.get_role_display()} for row in rows]

    def offered(self, deal):
        """Contacts of the lead's company, and of the lead itself, that are not in the deal yet."""
        company = Deal.objects.filter(pk=self.pk).values("lead__company")
        rows = Contact.objects.of(self.organization).alive().exclude(deal_contacts__deal=self.pk)
        rows = rows.filter(company__in=company) | rows.filter(lead=deal["lead_id"])
        return rows.order_by("name")[:MOST_CONTACTS]

    def timeline(self):
        rows = list(with_undo(history.timeline(self.organization, "deal", self.pk)).select_related("by")[:OLD])
        sides = [side or {} for row in rows for side in (row.before, row.after)]
        people = User.objects.of(self.organization).filter(pk__in={side.get("assigned_to") for side in sides} - {None})
        names = {member.pk: member.full_name for member in people}
        return [entry(row, names) for row in rows]


def entry(row, names):
    """A Change row of a deal as _timeline.html shows it."""
    before, after = row.before or {}, row.after or {}

    def words(name, value):
        if value in (None, "", [], {}):
            return ""
        if name == "assigned_to":
            return names.get(value, "somebody who has left")
        if isinstance(value, dict):
            return ", ".join(f"{key}: {inner}" for key, inner in value.items())[:300]
        return f"{value:,}" if isinstance(value, int | float) and name in ("value", "amount") else str(value)[:300]

    changes = [] if row.verb == "deal.created" else [
        {"label": LABELS.get(name, name.replace("_", " ").capitalize()), "before": words(name, before.get(name)),
         "after": words(name, after[name])} for name in after if name not in UNSAID]
    may_undo = not row.undone and not row.is_closed and row.created_at > now() - timedelta(days=DAYS)
    return {"at": row.created_at, "by": str(row.by) if row.by else row.actor, "changes": changes, "undone": row.undone,
            "what": PHRASES.get(row.verb, "changed"), "icon": ICONS.get(row.verb, "pencil"),
            "undo": row.change_id if may_undo else 0}


ICONS = {"deal.created": "plus", "deal.moved": "arrows-right-left", "deal.won": "trophy", "deal.lost": "x-circle",
         "deal.assigned": "user", "deal.deleted": "trash", "deal.restored": "arrow-uturn-left",
         "deal.contact_changed": "user-group"}


class DealContacts(DealPage):
    """Posts contact with role to add or change one, or remove with the id of a contact."""

    verb = "records.edit"

    def post(self, request):
        self.deal()
        deal = Deal.objects.of(self.organization).get(pk=self.pk)
        try:
            if request.POST.get("remove"):
                contacts.remove(deal, whole(request.POST["remove"]), by=request.user)
                self.say("The contact is taken out.", undoable=True)
            else:
                self.put(deal)
        except REFUSALS as error:
            self.complain(words_of(error))
        return redirect(self.address)

    def put(self, deal):
        sent = self.request.POST
        contact = Contact.objects.of(self.organization).alive().filter(pk=whole(sent.get("contact"))).first()
        if contact is None or sent.get("role") not in DealContact.Role.values:
            raise Invalid({"contact": ["choose a contact and a role"]})
        contacts.put(deal, contact, role=sent["role"], by=self.request.user)
        self.say(f"{contact} has a say in the deal.", undoable=True)


class DeleteDeal(DealPage):
    verb = "records.delete"

    def get(self, request):
        deal = self.deal()
        return self.show("confirm.html", {"title": f"Delete {deal['title']}?", "verb": "Delete deal", "back": self.address,
                                          "text": "The deal goes from board, lists and forecast."})

    def post(self, request):
        deal = self.deal()
        edit.delete(Deal.objects.of(self.organization).filter(pk=self.pk), by=request.user)
        self.say(f"{deal['title']} is deleted.", undoable=True)
        return redirect("deals:board")
