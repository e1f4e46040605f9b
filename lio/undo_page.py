"""The Undo of a toast: a button that posts the change id of what has just been done."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from lio import undo
from lio.errors import DomainError
from lio.pages import Page


class UndoPage(Page):
    verb = "records.edit"

    def post(self, request, change_id):
        try:
            done = undo.undo(self.organization, change_id, by=request.user)
        except DomainError as error:
            self.complain(str(error))
        else:
            self.say(told(done))
        return self.back()

    def back(self):
        """To the page it was pressed on; htmx is told to read that page anew."""
        came_from = self.request.headers.get("HX-Current-URL") or self.request.headers.get("Referer") or ""
        safe = url_has_allowed_host_and_scheme(came_from, {self.request.get_host()}, self.request.is_secure())
        target = came_from if safe else "/"
        if self.is_swap:
            answer = HttpResponse(status=204)
            answer["HX-Redirect"] = target
            return answer
        return redirect(target)


def told(done):
    """What an undo did, in words."""
    records = f"{done.reverted:,} record{'s' if done.reverted != 1 else ''}"
    if done.job_id:
        return f"{records} are being put back in the background."
    left = len(done.conflicts)
    rest = f" {left:,} value{'s' if left != 1 else ''} changed since and stayed." if left else ""
    return f"{records} put back.{rest}"
