"""One deal: its stages, its chance, who has a say, what happened, notes, files, fields."""

from django.utils.timezone import now

from accounts.models import User
from activity import record_page as pages
from contacts.models import Contact
from deals import contacts, edit
from deals.forecast.deal import forecast
from deals.models import Deal, DealContact, StageEntry
from deals.pages.moving import DealPage
from deals.pages.query import dressed
from leads.models import Lead
from lio.errors import Conflict, Invalid
from lio.pages import REFUSALS
from lookups.names import whole

OLD = 50  # stages that a deal went through
MOST_CONTACTS = 200
WARNING = "The deal goes from board, lists and forecast, with its notes and history. Its lead stays."
UNSAID = ("stage_id", "pipeline_id", "deleted_at", "contact_id", "contact", "role", "category_by_hand", "stage", "rate")
MOVES = {"deal.moved": "moved", "deal.won": "won", "deal.lost": "lost", "deal.reopened": "moved"}
SAID = {"won": "won the deal", "lost": "lost the deal"}
RISKS = {"overdue": "late", "stalled": "too long in its stage", "inactive": "nothing happened for 14 days"}
ROLES = dict(DealContact.Role.choices)


class ViewDeal(DealPage, pages.ViewRecord):
    template = "deals/deal.html"
    parts = pages.ViewRecord.parts | {"hero": "deals/_hero.html"}

    def record(self):
        """Read once: all parts of the page tell of the same deal."""
        if not hasattr(self, "_record"):
            self._record = dressed([super().record()], self.request.user)[0]
        return self._record

    def about(self, record):
        return super().about(record) | {"warning": WARNING, "currency": self.organization.currency}

    def hero(self, record):
        return {}

    # ------------------------------------------------------------------------- what deals have of their own
    def further(self):
        """Asked for one of them, that alone."""
        own = {"path": self.path, "chance": self.chance, "people": self.people, "stays": self.stays}
        asked = self.request.GET.get("part")
        if asked in own:
            return [own[asked]()]
        return [part() for part in own.values()] + super().further()

    def path(self):
        """The stages of the pipeline: those behind, the one it is in, those to come; the lost one apart."""
        deal = self.record()
        stages = self.stages(deal)
        lost = deal["status"] == "lost"
        place = next((n for n, stage in enumerate(stages) if stage.pk == deal["stage_id"]), -1)

        def step(stage, n):
            behind = n < place and not lost and not stage.is_lost
            state = "now" if stage.pk == deal["stage_id"] else "done" if behind else "next"
            return {"id": stage.pk, "name": stage.name, "state": state, "won": stage.is_won}

        return {
            "name": "path", "template": "deals/_path.html", "place": "main",
            "steps": [step(stage, n) for n, stage in enumerate(stages) if not stage.is_lost],
            "others": [step(stage, n) for n, stage in enumerate(stages) if stage.is_lost],
        }  # fmt: skip

    def chance(self):
        """What the stage says, and what the organisation's own history does."""
        found = forecast(self.organization, Deal.objects.select_related("stage").get(pk=self.pk))
        found["risk"] = [] if self.record()["closed_at"] else [RISKS.get(one, one) for one in found["risk"]]
        for n, factor in enumerate(found["factors"]):  # the first is where it starts, the others move it
            percent = round(factor["effect"] * 100)
            factor["share"] = f"{abs(percent)} %" if not n else f"{'−' if percent < 0 else '+'}{abs(percent)} %"
        return {"name": "chance", "template": "deals/_chance.html", "forecast": found}

    def stays(self):
        """How long the deal stood in each stage that it went through."""
        rows = StageEntry.objects.filter(deal=self.pk).select_related("stage", "by").order_by("-entered_at", "-pk")[:OLD]
        stays = [{"name": row.stage.name, "since": row.entered_at, "days": ((row.left_at or now()) - row.entered_at).days,
                  "by": str(row.by) if row.by else "", "current": row.left_at is None} for row in reversed(rows)]  # fmt: skip
        return {"name": "stays", "template": "deals/_stays.html", "place": "below", "stays": stays}

    def people(self):
        return {"name": "people", "template": "deals/_people.html", **people_of(self, self.record())}

    # ------------------------------------------------------------------------- timeline
    def values_in_words(self, rows):
        sides = [side for row in rows for side in (row.before or {}, row.after or {})]
        wanted = {name: {side[name] for side in sides if side.get(name)} for name in ("assigned_to", "lead_id")}
        members = User.objects.of(self.organization).filter(pk__in=wanted["assigned_to"])
        found = {("assigned_to", str(member.pk)): member.full_name for member in members}
        if wanted["lead_id"]:
            leads = Lead.objects.of(self.organization).filter(pk__in=wanted["lead_id"])
            found |= {("lead_id", str(lead.pk)): str(lead) for lead in leads}
        return found

    def entry(self, row, words, written):
        before, after = row.before or {}, row.after or {}
        if not row.verb.startswith("deal.") or row.verb in ("deal.created", "deal.deleted", "deal.restored"):
            return super().entry(row, words, written)
        row.after = {name: value for name, value in after.items() if name not in UNSAID}
        found = super().entry(row, words, written)
        if row.verb in MOVES:
            found["kind"] = MOVES[row.verb]
            said = SAID.get(found["kind"], "moved the deal")
            found["detail"] = f"{said} from {before.get('stage', 'another stage')} to {after.get('stage', 'this one')}"
            found["text"] = "; ".join(f"{one['label']}: {one['after'] or 'empty'}" for one in found["changes"])
        elif row.verb == "deal.assigned":
            found["kind"] = "assigned"
        elif row.verb == "deal.contact_changed":
            who, role = after.get("contact", "a contact"), ROLES.get(after.get("role") or "", "").lower()
            found |= {"kind": "people", "detail": f"made {who} {role}" if role else f"took {who} out of the deal"}
        return found


def people_of(page, deal):
    """What templates/deals/_people.html shows: who has a say in a deal, and who may be asked to have one."""
    rows = DealContact.objects.filter(deal=page.pk, contact__deleted_at=None).select_related("contact").order_by("pk")
    offered = Contact.objects.none()
    if page.request.user.can("records.edit"):
        company = Lead.objects.filter(pk=deal["lead_id"]).exclude(company=None).values("company")
        offered = Contact.objects.of(page.organization).alive().exclude(deal_contacts__deal=page.pk)
        offered = offered.filter(company__in=company) | offered.filter(lead=deal["lead_id"])
    return {
        "contacts": [{"id": row.contact_id, "name": row.contact.name, "designation": row.contact.designation or "",
                      "role": row.role, "role_text": row.get_role_display()} for row in rows],
        "offered": list(offered.order_by("name", "pk").distinct()[:MOST_CONTACTS]),
        "roles": DealContact.Role.choices,
    }  # fmt: skip


class DealContacts(DealPage):
    """Posts contact with role to add one or give it another role, or remove with the id of a contact."""

    verb = "records.edit"

    def post(self, request):
        context = self.about(self.record()) | {"part": {"name": "people"}}
        deal = self.row()
        try:
            text = self.act(deal)
        except REFUSALS as error:
            context["part"] |= people_of(self, context["record"])
            return self.refused("deals/_people.html", context, error)
        context["part"] |= people_of(self, context["record"])
        return self.changed("deals/_people.html", context, text)

    def act(self, deal):
        """Do it. Answers what was done."""
        sent, by = self.request.POST, self.request.user
        if sent.get("remove"):
            contacts.remove(deal, whole(sent["remove"]), by=by)
            return "The contact is taken out."
        contact = Contact.objects.of(self.organization).alive().filter(pk=whole(sent.get("contact"))).first()
        if contact is None or sent.get("role") not in DealContact.Role.values:
            raise Invalid({"contact": ["choose a contact and a role"]})
        contacts.put(deal, contact, role=sent["role"], by=by)
        return f"{contact} is {ROLES[sent['role']].lower()} now."


class EditField(DealPage, pages.EditField):
    """The form posts what the field held when it was opened: who has changed it meanwhile is not overwritten unseen."""

    def save(self, name, fields, tags):
        for left in reversed(range(3)):
            record = self.record()
            held = self.request.POST.get("seen")
            found = self.fields_class(self.organization).field(record, name)
            if held is not None and held != found["seen"]:
                raise Conflict(f"Somebody else has changed this meanwhile: it is {found['text'] or 'empty'} now. "
                               "Save again to put yours in its place.", code="stale")  # fmt: skip
            try:
                edit.update(self.pk, self.organization, fields, version=record["version"], by=self.request.user, ask=True)
                return
            except Conflict as error:  # changed between reading and writing: whether it was this field is looked at again
                if error.code != "stale" or not left:
                    raise


class AddNote(DealPage, pages.AddNote):
    pass


class EditNote(DealPage, pages.EditNote):
    pass


class AddDocument(DealPage, pages.AddDocument):
    pass


class DeleteDocument(DealPage, pages.DeleteDocument):
    pass


class DeleteDeal(DealPage, pages.DeleteRecord):
    warning = WARNING
