"""A lead becomes a contact: what will be made, with the choices, before it is made."""

from django.shortcuts import redirect

from companies.models import Company
from contacts import conversion
from leads.models import Lead
from lio.errors import Conflict, Invalid, Missing
from lio.pages import REFUSALS, Page, words_of
from lio.registry import conversion_parts


class ConvertPage(Page):
    """GET: the plan. POST: `contact` (an id, or new) and `company`: kept (of the contact that it joins), found (of the plan),
    named (with `company_name`) or none; and what the parts of higher floors ask (lio.registry.conversion_parts).
    """

    verb = "records.edit"

    def get(self, request, pk):
        return self.page(self.lead(pk))

    def lead(self, pk):
        found = Lead.objects.of(self.organization).alive().filter(pk=pk).select_related("company").first()
        if found is None:
            raise Missing()
        return found

    def post(self, request, pk):
        lead = self.lead(pk)
        try:
            done = conversion.convert(pk, self.organization, by=request.user, further=self.further(), **self.chosen(lead))
        except Conflict as error:
            if error.code != "already_converted":
                return self.page(lead, error=error, status=422)
            self.complain(str(error))
            return redirect("contacts:view", pk=error.details["contact_id"])
        except REFUSALS as error:
            if isinstance(error, Missing):
                raise
            return self.page(lead, error=error, status=422)
        self.say(f"{lead} is a contact now." if done.made_contact else f"{lead} is joined with the contact.", undoable=True)
        return redirect("contacts:view", pk=done.contact_id)

    def chosen(self, lead):
        """The arguments of `convert` for what was posted. Raises Invalid."""
        given = self.request.POST
        found: dict = {}
        company, contact = given.get("company", ""), given.get("contact", "")
        if company == "none":
            found["company_id"] = None
        elif company == "found":
            plan = conversion.plan(self.organization, lead)
            found |= {"company_id": plan.company["id"]} if plan.company else {"company": plan.company_name}
        elif company == "named":
            if not given.get("company_name", "").strip():
                raise Invalid({"company_name": ["name the company"]})
            found["company"] = given["company_name"].replace("\x00", "")[:200]
        if contact == "new":
            found["new_contact"] = True
        elif contact.isascii() and contact.isdigit() and len(contact) < 19:
            found["contact_id"] = int(contact)
        return found

    def further(self):
        found = {part.name: read for part in conversion_parts if (read := part.read(self.request.POST)) is not None}
        return found | {"ask": True} if found else None

    def page(self, lead, *, error=None, status=200):
        if there := conversion.of_leads(self.organization, [lead.pk]):
            return redirect("contacts:view", pk=there[lead.pk])
        plan = conversion.plan(self.organization, lead)
        names = dict(Company.objects.of(self.organization).filter(
            pk__in=[one["company_id"] for one in plan.contacts if one["company_id"]]).values_list("pk", "company_name"))
        for one in plan.contacts:
            one["company"] = names.get(one["company_id"], "")
        posted, kept = self.request.POST, any(one["company"] for one in plan.contacts)
        likely = "kept" if kept else "found" if plan.company or plan.company_name else "none"
        context = {
            "lead": lead, "plan": plan, "error": self.words(error), "typed": posted.get("company_name", ""),
            "company": posted.get("company") or likely, "kept": kept,
            "contact": posted.get("contact") or (str(plan.contacts[0]["id"]) if plan.contacts else "new"),
            "parts": [part.show(self.request.user, lead, posted, error) for part in conversion_parts],
        }  # fmt: skip
        return self.show("contacts/convert.html", context, status=status)

    def words(self, error):
        """What is wrong, unless a part says it beside its fields."""
        fields = (getattr(error, "fields", None) or getattr(error, "detail", None) or {}) if error else {}
        if any(str(name).startswith(f"{part.name}.") for name in fields for part in conversion_parts):
            return "Nothing was converted: something further down is missing or wrong."
        return words_of(error) if error else ""
