"""The list of leads: tabs, filters, rows, paging, and what the bulk bar does."""

from urllib.parse import urlencode

from django.http import QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from leads import bulk
from leads.filters import LeadFilter
from leads.models import Lead
from leads.serializers import entry
from lio.api.envelope import BadParameter
from lio.api.viewsets import in_order
from lio.errors import Invalid
from lio.listing import Listing
from lio.pages import REFUSALS, Page, words_of
from lio.rows import plain_rows
from lio.selection import Selection, selected_rows
from lookups.known import known

SIZE = 25
HOT = 75  # score from which a lead is hot (lio/templatetags/look.py)
TABS = [("All leads", {}), ("Mine", {"assigned_to": "true"}), ("Unassigned", {"unassigned": "true"}),
        ("Hot", {"score_min": str(HOT)})]
VERBS = {"score_min": ("Score", "at least"), "score_max": ("Score", "at most"), "state_id": ("Status", "is"),
         "lead_source": ("Source", "is"), "priority": ("Priority", "is"), "assigned_to": ("Owner", "is"),
         "unassigned": ("Owner", "is"), "company": ("Company", "has"), "city": ("City", "is"), "state": ("State", "is"),
         "country": ("Country", "is"), "created_from": ("Created", "from"), "created_to": ("Created", "to"),
         "change_id": ("Changed", "by action"), "start_date": ("Created", "from"), "end_date": ("Created", "to")}


def cleaned(params):
    """The list's own parameters without empty ones, as a QueryDict."""
    query = QueryDict(mutable=True)
    for name in params:
        values = [value for value in params.getlist(name) if value.strip()]
        name = LeadFilter.aliases.get(name.removesuffix("[]"), name.removesuffix("[]"))
        if values and (name in LeadFilter.filters or name in ("search_value", "order_by", "order_in")):
            query.setlistdefault(name).extend(values)
    return query


def listing_of(query, user):
    """(the list, what was wrong with its parameters): a wrong one is told and left out, not answered with an error page."""
    complaints: list[str] = []
    while True:
        rows = Lead.objects.whole(user.organization)
        try:
            return Listing(rows, LeadFilter, query, user), complaints
        except BadParameter as error:
            if not error.fields.keys() & query.keys():
                raise
            for name, lines in error.fields.items():
                unknown = "The list cannot be sorted or searched like that."
                complaints.append(f"{VERBS[name][0]}: {lines[0]}" if name in VERBS else unknown)
                query.pop(name, None)


class LeadList(Page):
    def get(self, request):
        query = cleaned(request.GET)
        listing, complaints = listing_of(query, request.user)
        for text in complaints:
            self.complain(text)
        page = self.number(request.GET.get("page"))
        ids, total, capped = listing.page((page - 1) * SIZE, SIZE)
        if total and not ids:  # beyond the end: leads were deleted, or somebody typed the address
            page = -(-total // SIZE)
            ids, total, capped = listing.page((page - 1) * SIZE, SIZE)
        rows = plain_rows(in_order(Lead.objects, ids).page_rows()) if ids else []
        place = [query.urlencode(), page]
        if request.session.get("leads_place") != place:  # where "next lead" goes on
            request.session["leads_place"] = place
        context = {
            "leads": rows, "currency": self.organization.currency, "total": lead_count(request.user),
            "query": {name: query.get(name, "") for name in [*LeadFilter.filters, "search_value", "order_by"]},
            "sort": {"by": query.get("order_by", "id"), "in": query.get("order_in", "DESC").upper()},
            "tabs": self.tabs(query), "chips": self.chips(query), "choices": self.choices(query), "bulk": self.bulk(),
            "page": self.page(page, len(rows), total, capped),
        }
        return self.show("leads/_table.html" if self.is_swap else "leads/list.html", context)

    @staticmethod
    def number(text):
        return max(1, int(text)) if text and text.isascii() and text.isdigit() and len(text) < 10 else 1

    @staticmethod
    def page(number, shown, total, capped):
        first = (number - 1) * SIZE
        return {"number": number, "first": first + 1 if shown else 0, "last": first + shown, "total": total,
                "total_is_capped": capped, "previous": number - 1 if number > 1 else None,
                "next": number + 1 if first + shown < total or (capped and shown == SIZE) else None}

    def tabs(self, query):
        filters = {name: query.getlist(name) for name in query if name in LeadFilter.filters or name == "search_value"}
        user = self.request.user
        return [{"label": label, "query": f"?{urlencode(params)}",
                 "count": count_of(params, user) if params else lead_count(user),
                 "current": filters == {name: [value] for name, value in params.items()}} for label, params in TABS]

    def chips(self, query):
        found = []
        for name in query:
            if name not in VERBS:
                continue
            rest = query.copy()
            rest.pop(name)
            label, verb = VERBS[name]
            found.append({"label": label, "verb": verb, "value": self.words(name, query.getlist(name)),
                          "remove": f"?{rest.urlencode()}"})
        return found

    def words(self, name, values):
        kind = {"state_id": "status", "lead_source": "source"}.get(name)
        parts = [part for value in values for part in value.split(",")]
        if kind:
            names = {str(number): found.name for number, found in known(self.organization, kind).items()}
        elif name == "priority":
            names = {str(value): label for value, label in Lead.Priority.choices}
        elif name == "assigned_to":
            names = {owner["id"]: owner["name"] for owner in self.owners} | {"true": "me"}
        else:
            return {"unassigned": "nobody"}.get(name, ", ".join(values))
        return ", ".join(names.get(part, part) for part in parts)

    @property
    def owners(self):
        if not hasattr(self, "_owners"):
            members = User.objects.of(self.organization).active().order_by("first_name", "last_name")
            self._owners = [{"id": str(member.pk), "name": member.full_name} for member in members]
        return self._owners

    def choices(self, query):
        def ticked(name, options):
            chosen = {part for value in query.getlist(name) for part in value.split(",")}
            return [{"id": key, "name": label, "selected": str(key) in chosen} for key, label in options]

        return {
            "statuses": ticked("state_id", lookup_options(self.organization, "status")),
            "sources": ticked("lead_source", lookup_options(self.organization, "source")),
            "priorities": ticked("priority", Lead.Priority.choices),
            "owners": ticked("assigned_to", [("true", "Me"), *[(owner["id"], owner["name"]) for owner in self.owners]]),
        }

    def bulk(self):
        return {"people": self.owners,
                "statuses": [{"id": key, "name": name} for key, name in lookup_options(self.organization, "status")],
                "tags": [{"id": key, "name": name} for key, name in lookup_options(self.organization, "tags")],
                "may_import": self.request.user.can("records.import"), "may_delete": self.request.user.can("records.delete"),
                "may_manage_keys": self.request.user.can("keys.manage")}


def lookup_options(organization, kind):
    return [(number, found.name) for number, found in known(organization, kind).items() if found.is_active]


def count_of(params, user):
    """How many leads a tab shows: from the counters, or counted on an index."""
    query = QueryDict(urlencode(params))
    return Listing(Lead.objects.whole(user.organization), LeadFilter, query, user).total()[0]


def lead_count(user):
    """All leads, counted once a request: rail, tabs and head show it."""
    if not hasattr(user, "_lead_count"):
        user._lead_count = count_of({}, user)
    return user._lead_count


class BulkLeads(Page):
    """One form posts `action` with `ids`, or `select_all` with the filters of the address."""

    verb = "records.edit"

    def post(self, request):
        back = f"{reverse('leads:list')}?{cleaned(request.GET).urlencode()}"
        try:
            answer = self.act(request.POST.get("action", ""))
        except REFUSALS as error:
            self.complain(words_of(error))
            return redirect(back)
        return answer or redirect(back)

    def rows(self):
        selection = {"select_all": True, "filters": self.filters()} if self.request.POST.get("select_all") else {
            "ids": self.request.POST.getlist("ids")}
        mine = Lead.objects.of(self.organization).alive()
        return selected_rows(mine, Selection.read(selection), LeadFilter, self.request.user)

    def filters(self):
        query = cleaned(self.request.GET)
        return {name: query.getlist(name) if len(query.getlist(name)) > 1 else query[name] for name in query
                if name not in ("order_by", "order_in")}

    def act(self, action):
        given, organization, by = self.request.POST, self.organization, self.request.user
        if action == "assign":
            member = User.objects.of(organization).filter(pk=given.get("assigned_to") if given.get("assigned_to", "").isdigit()
                                                          else 0).first()
            if member is None:
                raise Invalid({"assigned_to": ["choose a person"]})
            return self.tell(bulk.assign(self.rows(), member, by=by), f"assigned to {member.full_name}")
        if action == "status":
            status = entry(organization, "status", number(given.get("status")), "status")
            return self.tell(bulk.set_status(self.rows(), status, by=by), f"set to {status.name}")
        if action == "tag":
            tag = entry(organization, "tags", number(given.get("tags")), "tags")
            return self.tell(bulk.add_tag(self.rows(), tag, by=by), f"tagged {tag.name}")
        if action == "delete":
            return self.delete()
        raise Invalid({"action": ["choose what to do"]})

    def tell(self, outcome, done):
        leads = f"{outcome.count:,} lead{'s' if outcome.count != 1 else ''}"
        self.say(f"{leads} are being {done} in the background." if outcome.job_id else f"{leads} {done}.")

    def delete(self):
        if not self.request.user.can("records.delete"):
            raise Invalid({"action": ["your role does not let you delete leads"]})
        rows = self.rows()
        if self.request.POST.get("confirmed") != "yes":
            count = rows.count()
            hidden = [("action", "delete"), ("confirmed", "yes")]
            hidden += [("select_all", "true")] if self.request.POST.get("select_all") else [
                ("ids", pk) for pk in self.request.POST.getlist("ids")]
            leads = f"{count:,} lead{'s' if count != 1 else ''}"
            return self.show("confirm.html", {
                "title": f"Delete {leads}?", "verb": f"Delete {leads}", "action": "", "hidden": hidden,
                "text": "They go from every list, with their notes and history.",
                "back": f"{reverse('leads:list')}?{cleaned(self.request.GET).urlencode()}"})
        return self.tell(bulk.delete(rows, by=self.request.user), "deleted")


def number(text):
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 17 else 0


