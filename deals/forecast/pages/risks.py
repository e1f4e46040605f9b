"""The open deals at risk (R54), why each is, and what can be done about it."""

from django.http import QueryDict

from accounts.models import User
from deals.forecast.filters import AtRiskFilter, any_risk
from deals.forecast.lists import RISKS, DealAtRisk
from deals.forecast.pages.base import ForecastPage, number_of_page, paging
from deals.models import Stage
from leads.models import Lead
from lio.api.envelope import BadParameter
from lio.listing import Listing
from lookups.names import whole

SIZE = 25
LABELS = {"overdue": "Overdue", "stalled": "Stalled", "inactive": "No activity"}
WORDS = {"overdue": "Expected to close before today.", "stalled": "In its stage for longer than the stage allows.",
         "inactive": "Nothing happened on deal or lead for 14 days."}
TABS = [("All", {}), ("Mine", {"owner": "me"}), *[(label, {"status": name}) for name, label in LABELS.items()]]
READ = ("status", "owner", "pipeline_id", "search_value", "order_by", "order_in")


class AtRisk(ForecastPage):
    tab, filters = "at-risk", ("pipeline_id",)

    def get(self, request):
        query = QueryDict(mutable=True)
        for name in READ:
            if request.GET.get(name, "").strip():
                query[name] = request.GET[name].strip()
        listing = self.listing(query)
        number = number_of_page(request.GET.get("page", ""))
        ids, total, capped = listing.page((number - 1) * SIZE, SIZE)
        if total and not ids:
            number = -(-total // SIZE)
            ids, total, capped = listing.page((number - 1) * SIZE, SIZE)
        rest = {name: value for name, value in query.items() if name in ("pipeline_id", "search_value")}
        pipeline = whole(query.get("pipeline_id", ""))
        chosen = {"pipeline_id": pipeline} if pipeline else {}
        context = {
            "deals": self.dressed(ids), "query": query.dict(), "words": WORDS.get(query.get("status", ""), ""), "rest": rest,
            "sort": {"by": query.get("order_by", ""), "in": query.get("order_in", "").upper()},
            "page": paging(number, SIZE, total, capped), "total": total, "chosen": chosen, "choices": self.choices(chosen),
            "views": [{"label": label, "params": {"status": None, "owner": None} | params, "current": params == {
                name: query[name] for name in ("status", "owner") if name in query}} for label, params in TABS],
        }
        return self.page("forecast/at_risk.html", context)

    def listing(self, query):
        """The list that the API answers; a wrong parameter is told and left out."""
        query.setdefault("order_by", "value")
        query.setdefault("order_in", "DESC")
        while True:
            try:
                rows = DealAtRisk.objects.of(self.organization).alive()
                return Listing(rows.filter(any_risk()), AtRiskFilter, query, self.request.user)
            except BadParameter as error:
                if not error.fields.keys() & query.keys():
                    raise
                for name, lines in error.fields.items():
                    self.complain(f"{name.replace('_', ' ').capitalize()}: {lines[0]}")
                    query.pop(name, None)

    def dressed(self, ids):
        """The deals of a page in its order, with the names that they are known by."""
        rows = {row["id"]: row for row in DealAtRisk.objects.filter(pk__in=ids).rows()}
        deals = [rows[pk] for pk in ids if pk in rows]
        stages = dict(Stage.objects.filter(pk__in={deal["stage_id"] for deal in deals}).values_list("pk", "name"))
        owners = {user.pk: user.name for user in User.objects.of(self.organization).filter(
            pk__in={deal["assigned_to_"] for deal in deals})}
        leads = {lead.pk: f"{lead.first_name} {lead.last_name}".strip() or lead.email or f"Lead {lead.pk}"
                 for lead in Lead.objects.filter(pk__in={deal["lead_id"] for deal in deals})}
        for deal in deals:
            late = deal["days_overdue"]
            deal |= {
                "stage": stages.get(deal["stage_id"], ""), "owner": owners.get(deal["assigned_to_"], ""),
                "lead": leads.get(deal["lead_id"], ""),
                "why": [{"name": name, "text": f"{late} d overdue" if name == "overdue" else LABELS[name], "words": WORDS[name]}
                        for name in RISKS if name in deal["reasons"]],
            }
        return deals
