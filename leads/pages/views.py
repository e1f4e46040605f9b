"""Saved views of the list of leads: made from what the address says, changed, shared, deleted."""

from django import forms
from django.shortcuts import redirect
from django.urls import reverse

from leads.filters import LeadFilter
from leads.pages.list import changed, cleaned
from lio.errors import DomainError, Missing
from lio.forms import Choice, InputForm, Text
from lio.pages import REFUSALS, Page, words_of
from lookups import views
from lookups.models import SavedView
from lookups.serializers import AddView

HELP = "Shared views are tabs for everybody in the organization; you and administrators can change them."


class ViewForm(InputForm):
    input_class = AddView
    view_name = Text("Name", required=True, maxlength=100, autofocus=True)
    visibility = Choice("Who sees it", choices=SavedView.Visibility.choices, required=True, help_text=HELP)
    module_name = forms.CharField(widget=forms.HiddenInput, initial="lead")


def state_of(query, user):
    """{filters, columns, sorting}: the list as the address shows it, with what its view says and what was changed."""
    view, found = views.merged("lead", changed(query, user)[1], user, LeadFilter.aliases)
    columns = found.pop("columns", None)
    sorting = {name: found.pop(name) for name in ("order_by", "order_in") if name in found}
    found.pop("search_value", None)
    columns = columns.split(",") if columns else view.columns if view else []
    return {"filters": found, "columns": columns, "sorting": sorting or None}


class ViewPage(Page):
    def form(self, form, title, verb, status=200, **more):
        context = {"form": form, "title": title, "verb": verb, "back": self.back, **more}
        return self.show("leads/view_form.html", context, status=status)

    @property
    def back(self):
        return f"{reverse('leads:list')}?{cleaned(self.request.GET).urlencode()}"

    def view(self, pk):
        seen = SavedView.objects.of(self.organization).alive().seen_by(self.request.user)
        found = seen.filter(pk=pk, module_name="lead").first()
        if found is None:
            raise Missing()
        return found


class SaveView(ViewPage):
    """A new view of what the address shows."""

    def get(self, request):
        return self.form(ViewForm(initial={"visibility": "private", "module_name": "lead"}), "Save view", "Save view")

    def post(self, request):
        form = ViewForm({**request.POST.dict(), "module_name": "lead"})
        if form.is_valid():
            try:
                shown = state_of(cleaned(request.GET), request.user)
                view = views.add(self.organization, by=request.user, **form.given | shown)
                self.say(f"The view {view.view_name} is saved.", undoable=True)
                return redirect(f"{reverse('leads:list')}?view={view.pk}")
            except DomainError as error:
                form.refuse(error)
        return self.form(form, "Save view", "Save view", status=422)


class EditView(ViewPage):
    """Rename and share; `overwrite` puts what the address shows into the view, `delete` deletes it."""

    def get(self, request, pk):
        view = self.view(pk)
        form = ViewForm(initial={"view_name": view.view_name, "visibility": view.visibility, "module_name": "lead"})
        return self.form(form, view.view_name, "Save", view=view, may_change=views.may_change(view, request.user))

    def post(self, request, pk):
        view, there = self.view(pk), f"{reverse('leads:list')}?view={pk}"
        try:
            if "delete" in request.POST:
                views.delete(view, by=request.user)
                self.say(f"The view {view.view_name} is deleted.", undoable=True)
                return redirect("leads:list")
            if "overwrite" in request.POST:
                views.update(view, by=request.user, **state_of(cleaned(request.GET), request.user))
                self.say(f"The view {view.view_name} is saved.", undoable=True)
                return redirect(there)
            form = ViewForm({**request.POST.dict(), "module_name": "lead"})
            if form.is_valid():
                views.update(view, by=request.user, **form.given)
                self.say(f"The view {form.given['view_name']} is saved.", undoable=True)
                return redirect(there)
        except REFUSALS as error:
            self.complain(words_of(error))
            return redirect("leads:list" if "delete" in request.POST else there)
        return self.form(form, view.view_name, "Save", status=422, view=view, may_change=views.may_change(view, request.user))
