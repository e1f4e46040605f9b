"""Undo in the pages: the button of a toast or an entry, and what came of taking an action back."""

from collections import Counter
from urllib.parse import urldefrag

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from lio import undo
from lio.errors import DomainError, Missing
from lio.history import title_of
from lio.models import Job
from lio.pages import Page
from lio.registry import subjects

LOOKED_AT = 10_000  # Change rows that are counted for what an action was
SHOWN = 200  # conflicts of the page


class UndoPage(Page):
    """GET: what the action was and whether to undo it, how far the undoing is, what it came to. POST: undo it."""

    verb = "records.edit"

    def get(self, request, change_id):
        context = undoing_of(self.organization, change_id)
        if context["undoing"] is None:
            verbs = list(undo.changes_of(self.organization, change_id).values_list("verb", flat=True)[: LOOKED_AT + 1])
            if not verbs:
                raise Missing()
            told = Counter(verbs[:LOOKED_AT])
            context |= {
                "what": [(title_of(verb), count) for verb, count in told.most_common()],
                "many": len(verbs) > LOOKED_AT,
                "back": self.came_from(),
            }
        return self.show("parts/_undoing.html" if self.is_swap else "undo.html", context)

    def post(self, request, change_id):
        made = undo.changes_of(self.organization, change_id).filter(verb__endswith=".created").exists()
        try:
            done = undo.undo(self.organization, change_id, by=request.user)
        except DomainError as error:
            self.complain(str(error))
            return self.go(self.came_from())
        if done.job_id or done.conflicts or made:  # its page may be the one of what has gone
            return self.go(reverse("undo", args=[change_id]))
        self.say(told(done), undoable=True)
        return self.go(self.came_from())

    def came_from(self):
        """The page it was pressed on; without a place on it, to which a browser would only scroll."""
        asked = self.request.headers
        address = self.request.POST.get("back") or asked.get("HX-Current-URL") or asked.get("Referer") or ""
        safe = url_has_allowed_host_and_scheme(address, {self.request.get_host()}, self.request.is_secure())
        return urldefrag(address).url if safe else "/"

    def go(self, target):
        """htmx is told to read the page anew."""
        if self.is_swap:
            answer = HttpResponse(status=204)
            answer["HX-Redirect"] = target
            return answer
        return redirect(target)


def undoing_of(organization, change_id):
    """What parts/_undoing.html shows of the undoing of an action; `undoing` is None while nobody has undone it."""
    found = undo.find_undoing(organization, change_id)
    if found is None:
        return {"change_id": change_id, "undoing": None}
    row, state = found
    conflicts = named(organization, row.conflicts[:SHOWN])
    return {"change_id": change_id, "undoing": row, "stopped": state == Job.State.FAILED, "conflicts": conflicts}


def named(organization, conflicts):
    """[{name, url, field, reason}] of conflicts; one query for each kind of record."""
    names: dict = {}
    for model_type in {conflict["model_type"] for conflict in conflicts} & set(subjects):
        ids = {conflict["model_id"] for conflict in conflicts if conflict["model_type"] == model_type}
        living = set(subjects[model_type].rows(organization).filter(pk__in=ids).values_list("pk", flat=True))
        for pk, name in subjects[model_type].names(organization, ids).items():
            names[model_type, pk] = name, subjects[model_type].url(pk) if pk in living else ""
    shown = []
    for conflict in conflicts:
        model_type, pk = conflict["model_type"], conflict["model_id"]
        name, url = names.get((model_type, pk), (title_of(model_type), ""))
        field = (conflict["field"] or "").replace("_", " ")
        shown.append({"name": name, "url": url, "field": field, "reason": conflict["reason"]})
    return shown


def told(done):
    """What an undo did, in words."""
    return f"{done.reverted:,} record{'s' if done.reverted != 1 else ''} put back."
