"""POST /api/undo: take back the action whose change id an earlier answer carried in X-Change-Id."""

from lio.api.envelope import Envelope
from lio.api.fields import INT8, Whole
from lio.api.schema import documented
from lio.api.serializers import Input
from lio.api.views import LioView
from lio.api.viewsets import path_id
from lio.errors import Missing
from lio.undo import SHOWN, find_undoing, undo


class UndoChange(Input):
    change_id = Whole(min_value=1, max_value=INT8)


class Undo(LioView):
    permissions = {"post": "records.edit"}
    input_class = UndoChange

    @documented(
        "Take back an action by its change id",
        input=UndoChange,
        answer={"change_id": int, "reverted": int, "conflict_count": int, "conflicts": [dict]},
    )
    def post(self, request):
        done = undo(self.organization, UndoChange.read(request.data)["change_id"], by=self.caller)
        data = {"change_id": done.change_id, "reverted": done.reverted, "conflict_count": len(done.conflicts),
                "conflicts": done.conflicts[:SHOWN]}
        return Envelope(data | ({"job_id": done.job_id} if done.job_id else {}), "Undone")


class ViewUndoing(LioView):
    permissions = {"get": "records.edit"}

    @documented(
        "What came of undoing the action with this change id, or how far it is",
        answer={
            "undoes": int,
            "change_id": int,
            "state": str,
            "total": int,
            "processed": int,
            "reverted": int,
            "conflict_count": int,
            "conflicts": [dict],
        },
    )
    def get(self, request, pk):
        found = find_undoing(self.organization, path_id(pk))
        if found is None:
            raise Missing()
        row, state = found
        names = ("undoes", "change_id", "total", "processed", "reverted", "conflict_count")
        return Envelope({name: getattr(row, name) for name in names} | {"state": state, "conflicts": row.conflicts[:SHOWN]})
