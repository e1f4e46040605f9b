"""HTML views over rules that already exist."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import SimpleTemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.functional import cached_property
from django.views import View
from rest_framework.exceptions import APIException

from lio import history
from lio.api.envelope import first_message
from lio.errors import TRIES, DomainError, Missing, is_deadlock
from lio.outside import Errand
from lio.registry import rail
from lio.tenancy import org_scope

THEMES = ("light", "dark", "auto")


def frame(request):
    """Context of every page: the rail of what exists and this member may open, and the theme."""
    theme = request.COOKIES.get("theme", "auto")
    return {
        "csp_nonce": getattr(request, "csp_nonce", ""),
        "theme": theme if theme in THEMES else "auto",
        "rail": _Rail(request),
        "organization": getattr(request.user, "organization", None) if hasattr(request, "user") else None,
    }


class _Rail:
    """Counted only when a template shows it, and once when several do."""

    def __init__(self, request):
        self.request = request

    def __iter__(self):
        return (group for group in self.groups if group["label"] != "head")

    @property
    def head(self):
        """The entries beside the brand."""
        return next((group["entries"] for group in self.groups if group["label"] == "head"), [])

    @cached_property
    def groups(self):
        return list(self._grouped())

    def _grouped(self):
        user = self.request.user
        groups: dict[str, list[dict]] = {}
        for entry in sorted(rail, key=lambda entry: entry.order):
            if not user.can(entry.verb):
                continue
            try:
                url = reverse(entry.url)
            except NoReverseMatch:
                continue
            groups.setdefault(entry.group, []).append({
                "label": entry.label, "url": url, "icon": entry.icon, "key": entry.key,
                "count": entry.count(user) if entry.count else None,
                "current": self.request.path.startswith(url)})
        for label, entries in groups.items():
            yield {"label": "" if label == "foot" else label, "entries": entries, "foot": label == "foot"}


class Page(View):
    """A page of the visitor's organisation, in its scope from the first query to the last byte rendered.

    `verb` is what the visitor's role must grant (accounts/permissions.py). Whatever answers 400 or more is rolled back.
    """

    verb: str | None = "records.view"
    request: Any  # its user is an accounts.User from `dispatch` on

    def dispatch(self, request, *args, **kwargs):
        user = request.user
        if not user.is_authenticated:
            return self.to_sign_in()
        if not user.organization_id:
            return redirect("admin:index") if user.is_platform_staff else self.to_sign_in()

        def first_half():
            if self.verb and not user.can(self.verb):
                raise PermissionDenied
            return super(Page, self).dispatch(request, *args, **kwargs)

        response = self.in_scope(user, first_half)
        if isinstance(response, Errand):
            response = self.outside(response, user)
        patch_vary_headers(response, ["HX-Request"])
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_cache=True)
        return response

    def in_scope(self, user, work):
        for left in reversed(range(TRIES)):
            try:
                return self.once(user, work)
            except OperationalError as error:
                if not left or not is_deadlock(error) or self.request.FILES:  # what was uploaded has been read
                    raise

    def once(self, user, work):
        with org_scope(user.organization_id), history.one_action():
            try:
                response = work()
                if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
                    response.render()
            except Missing as error:
                raise Http404(str(error)) from error
            if not isinstance(response, Errand) and response.status_code >= 400:
                transaction.set_rollback(True)
        return response

    def outside(self, errand, user):
        """The second half of a deed that needs somebody outside (lio/outside.py)."""
        try:
            found = errand.ask()
            return self.in_scope(user, lambda: errand.settle(found))
        except Exception as error:
            with org_scope(user.organization_id):
                errand.give_up(error)
            raise

    def to_sign_in(self):
        """htmx would put the sign-in page into a corner of this one: tell it to go there instead."""
        answer = redirect_to_login(self.request.get_full_path())
        if self.is_swap:
            swap = HttpResponse(status=204)
            swap["HX-Redirect"] = answer.url
            return swap
        return answer

    @property
    def organization(self):
        return self.request.user.organization

    @property
    def is_swap(self):
        """htmx asks for a fragment; when it restores its history it wants the whole page."""
        asked = self.request.headers
        return "HX-Request" in asked and "HX-History-Restore-Request" not in asked

    def show(self, template, context, *, status=200, events=None):
        """A page or fragment. `events` are told to the page as HX-Trigger."""
        response = render(self.request, template, context, status=status)
        if events:
            response["HX-Trigger"] = json.dumps(events)
        return response

    def say(self, text, *, undoable=False):
        """A toast on the next page; with `undoable` it can take back what this request has just changed."""
        messages.success(self.request, text, extra_tags=self.undo_url if undoable else "")

    @property
    def undo_url(self):
        change_id = history.last_change_id()
        return reverse("undo", args=[change_id]) if change_id else ""

    def complain(self, text):
        messages.error(self.request, text)


class AskingPage(Page):
    """A page whose forms come back with what is wrong."""

    @property
    def address(self) -> str:
        """Of the page that the forms belong to."""
        raise NotImplementedError

    def refused(self, template, context, error, **told):
        """The form again with what is wrong; without script, that page with the complaint."""
        if isinstance(error, Missing):
            raise error
        text = sentence(error)
        if self.is_swap:
            return self.show(template, {**context, **told, "error": text}, status=422)
        self.complain(text)
        return redirect(self.address)


def words_of(error):
    """A refusal as a sentence for a toast or the top of a form."""
    return first_message(error.detail) if isinstance(error, APIException) else str(error)


def sentence(error):
    """A refusal without the name of the field, which the form shows anyway."""
    text = words_of(error)
    head, _, rest = text.partition(": ")
    text = rest if rest and head.replace("_", "").isalnum() and head.islower() else text
    return f"{text[:1].upper()}{text[1:]}"


REFUSALS = (APIException, DomainError)
