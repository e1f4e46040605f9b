"""Settings: the sources of enrichment. What each does, what leaves this machine for it, and whether it is connected."""

from django import forms
from django.shortcuts import redirect
from django.urls import reverse

from accounts.pages.base import SettingsPage
from integrations import connections
from integrations.models import Connection
from integrations.serializers import ConnectService
from lio.errors import DomainError
from lio.forms import Choice, InputForm, Text

State = Connection.State
SURE = [(4, "4 of 10: more hits, more of them wrong"), (6, "6 of 10"), (8, "8 of 10: fewer hits, hardly one wrong")]


class KeyForm(InputForm):
    input_class = ConnectService
    key = forms.CharField(
        label="API key", required=False, max_length=500, widget=forms.PasswordInput(attrs={"autocomplete": "off"})
    )
    cost = Text("Credits a hit", required=True, kind="number", min="0", max="1000",
                help_text="What a hit costs your members in LIO's own credits. Nobody found costs nothing.")  # fmt: skip
    min_likelihood = Choice("How sure it must be", choices=SURE, required=True)


class SourcesPage(SettingsPage):
    section, verb = "enrichment", "organization.manage"

    def connection(self, provider):
        return Connection.objects.of(self.organization).filter(provider=provider).first()


class Sources(SourcesPage):
    """The sources in the order in which they are asked. Posts on, off or check with the name of a service."""

    def get(self, request):
        sources = [
            {
                "provider": provider,
                "connection": row,
                "state": row.state if row else State.OFF,
                "cost": connections.cost(provider, row),
            }
            for provider, row in connections.services(self.organization)
        ]
        checking = any(source["connection"] and source["connection"].is_checking for source in sources)
        template = "settings/_sources.html" if self.is_swap else "settings/sources.html"
        return self.show(template, {"sources": sources, "checking": checking})

    def post(self, request):
        action = next((name for name in ("on", "off", "check") if name in request.POST), "")
        provider = connections.known(request.POST.get(action, ""))
        try:
            if action == "on":
                connections.connect(self.organization, provider.name, by=request.user, ip=self.ip)
                self.say(f"{provider.label} is on.")
            elif action == "off":
                connections.disconnect(self.organization, provider.name, by=request.user, ip=self.ip)
                self.say(f"{provider.label} is off.")
            elif (row := self.connection(provider.name)) and row.secret:
                connections.start_check(row)
        except DomainError as error:
            self.complain(str(error))
        return redirect("settings:enrichment")


class Connect(SourcesPage):
    """Enter a service's key, or change what it was connected with."""

    def dispatch(self, request, *args, provider, **kwargs):
        self.name = provider
        return super().dispatch(request, *args, **kwargs)

    def get(self, request):
        return self.page()

    def post(self, request):
        provider, form = connections.known(self.name, needs_key=True), self.form(request.POST)
        if form.is_valid():
            key = form.given.pop("key", "") or ""
            try:
                connections.connect(self.organization, provider.name, by=request.user, key=key, options=form.given, ip=self.ip)
            except DomainError as error:
                form.refuse(error)
            else:
                self.say(f"{provider.label} is connected. Its key is being checked.")
                return redirect("settings:enrichment")
        return self.page(form, status=422)

    def form(self, *data):
        provider, row = connections.known(self.name, needs_key=True), self.connection(self.name)
        form, has_key = KeyForm(*data, initial=provider.options | (row.options if row else {})), bool(row and row.secret)
        form.fields["key"].required = not has_key
        form.fields["key"].help_text = (
            "Leave it empty to keep the key that is there." if has_key else f"From your account at {provider.label}."
        )
        return form

    def page(self, form=None, status=200):
        provider, form = connections.known(self.name, needs_key=True), form or self.form()
        is_new = form.fields["key"].required
        return self.show(
            "settings/form.html",
            {
                "title": f"Connect {provider.label}" if is_new else provider.label,
                "text": provider.sends,
                "verb": "Connect" if is_new else "Save",
                "back": reverse("settings:enrichment"),
                "place": "Enrichment",
                "form": form,
            },
            status=status,
        )


class Disconnect(Connect):
    def get(self, request):
        provider = connections.known(self.name, needs_key=True)
        return self.show(
            "confirm.html",
            {
                "title": f"Disconnect {provider.label}?",
                "text": "Its key is deleted here and nothing more is asked of it. What it has found stays.",
                "verb": "Disconnect",
                "action": "",
                "back": reverse("settings:enrichment"),
                "hidden": [],
            },
        )

    def post(self, request):
        provider = connections.known(self.name, needs_key=True)
        connections.disconnect(self.organization, provider.name, by=request.user, ip=self.ip)
        self.say(f"{provider.label} is disconnected; its key is gone.")
        return redirect("settings:enrichment")
