"""What the bulk bar of the list of leads does."""

from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from leads import bulk, merge
from leads.filters import LeadFilter
from leads.models import Lead
from leads.pages.fields import APART, LeadFields
from leads.pages.list import changed, cleaned, number
from leads.serializers import entry
from lio.errors import Invalid
from lio.pages import REFUSALS, Page, words_of
from lio.registry import bulk_actions
from lio.selection import Selection, selected_rows
from lookups import views


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
        given = self.request.POST
        selection = {"select_all": True, "filters": self.filters(), "expected_count": given.get("expected_count") or None
                     } if given.get("select_all") else {"ids": given.getlist("ids")}
        mine = Lead.objects.of(self.organization).alive()
        return selected_rows(mine, Selection.read(selection), LeadFilter, self.request.user)

    def filters(self):
        """What the list shows, its view included, as one set of filters."""
        _, query = changed(cleaned(self.request.GET), self.request.user)
        _, means = views.merged("lead", query, self.request.user, LeadFilter.aliases)
        return {name: value for name, value in means.items() if name not in ("order_by", "order_in", "columns")}

    def act(self, action):
        given, organization, by = self.request.POST, self.organization, self.request.user
        if action == "assign":
            if given.get("assigned_to") == "":
                return self.tell(bulk.assign(self.rows(), None, by=by), "left without an owner")
            member = User.objects.of(organization).filter(pk=number(given.get("assigned_to"))).first()
            if member is None:
                raise Invalid({"assigned_to": ["choose a person"]})
            return self.tell(bulk.assign(self.rows(), member, by=by), f"assigned to {member.full_name}")
        if action == "status":
            status = entry(organization, "status", number(given.get("status")), "status")
            return self.tell(bulk.set_status(self.rows(), status, by=by), f"set to {status.name}")
        if action in ("tag", "set_tags"):
            tags = [entry(organization, "tags", number(text), "tags") for text in given.getlist("tags")]
            if not tags and action == "tag":
                raise Invalid({"tags": ["choose at least one"]})
            rule, names = bulk.add_tags if action == "tag" else bulk.set_tags, ", ".join(tag.name for tag in tags)
            done = f"tagged {names}" if tags else "left without tags"
            return self.tell(rule(self.rows(), [tag.number for tag in tags], by=by), done)
        if action == "merge":
            ids = list(self.rows().order_by("pk").values_list("pk", flat=True)[: merge.MOST + 1])
            return redirect(f"{reverse('leads:merge')}?ids={','.join(map(str, ids))}")
        if more := bulk_actions["lead"].get(action):
            return self.say(more.act(self.rows(), by), undoable=True)
        if action == "edit":
            return self.edit()
        if action == "delete":
            return self.delete()
        raise Invalid({"action": ["choose what to do"]})

    def tell(self, outcome, done):
        leads = f"{outcome.count:,} lead{'s' if outcome.count != 1 else ''}"
        if outcome.job_id:
            self.say(f"{leads} are being {done} in the background.", undoable=True)
        else:
            self.say(f"{leads} {done}.", undoable=True)

    def edit(self):
        """One field of all of them: asked for on a page of its own, which posts here again."""
        given, rows = self.request.POST, self.rows()
        name = given.get("field", "")
        fields = LeadFields(self.organization)
        names = fields.for_many(APART)
        error = ""
        if given.get("confirmed") == "yes":
            try:
                outcome = bulk.set_fields(rows, fields.posted(name, given), by=self.request.user)
                done = "given another" if given.get("value") else "left without"
                return self.tell(outcome, f"{done} {names.get(name, name)}")
            except REFUSALS as refusal:
                error = words_of(refusal)
        name = name if name in names else next(iter(names))
        count = rows.count()
        hidden = [("select_all", "true"), ("expected_count", count)] if given.get("select_all") else [
            ("ids", pk) for pk in given.getlist("ids")]
        context = {
            "title": f"Change a field of {count:,} lead{'s' if count != 1 else ''}", "hidden": hidden, "error": error,
            "field": fields.empty(name) | {"error": error},
            "names": names.items(), "chosen": name, "back": f"{reverse('leads:list')}?{cleaned(self.request.GET).urlencode()}",
            "here": f"{reverse('leads:bulk')}?{cleaned(self.request.GET).urlencode()}",
        }
        swap = self.is_swap and given.get("confirmed") != "yes"
        return self.show("leads/_bulk_edit.html" if swap else "leads/bulk_edit.html", context)

    def delete(self):
        if not self.request.user.can("records.delete"):
            raise Invalid({"action": ["your role does not let you delete leads"]})
        rows = self.rows()
        if self.request.POST.get("confirmed") != "yes":
            count = rows.count()
            hidden = [("action", "delete"), ("confirmed", "yes")]
            hidden += [("select_all", "true"), ("expected_count", count)] if self.request.POST.get("select_all") else [
                ("ids", pk) for pk in self.request.POST.getlist("ids")]
            leads = f"{count:,} lead{'s' if count != 1 else ''}"
            return self.show("confirm.html", {
                "title": f"Delete {leads}?", "verb": f"Delete {leads}", "action": "", "hidden": hidden,
                "text": "They go from every list, with their notes and history.",
                "back": f"{reverse('leads:list')}?{cleaned(self.request.GET).urlencode()}"})
        return self.tell(bulk.delete(rows, by=self.request.user), "deleted")
