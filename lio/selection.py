"""What a bulk action acts on: explicit ids, or everything the given filters match (R26)."""

from rest_framework.exceptions import ParseError

from lio.api.fields import INT8, Flag, Ids, Mapping, Whole
from lio.api.serializers import Input
from lio.errors import Conflict, DomainError, Invalid, Missing

AT_ONCE = 5000  # rows that a bulk action changes while the caller waits; above, a job does it (DECISIONS 12)


class Selection(Input):
    ids_name = "ids"  # what a document calls them
    ids = Ids(required=False, allow_null=True)
    select_all = Flag(required=False, allow_null=True)
    filters = Mapping(required=False, allow_null=True)
    expected_count = Whole(min_value=0, max_value=INT8, required=False, allow_null=True)

    def validate(self, data):
        ids, everything = data.get("ids"), data.get("select_all")
        if ids and everything:
            raise Invalid({"select_all": ["Send ids or select_all, not both."]})
        if not ids and not everything:
            raise DomainError("Send ids, or select_all with filters.", fields={"ids": ["is required"]})
        if everything and data.get("filters") is None:
            raise Invalid({"filters": ["is required with select_all; {} means all"]})
        return data

    @classmethod
    def of_delete(cls, request):
        """A DELETE's selection: from the JSON body, else from the query, as some clients cannot send a body (R17)."""
        body = request.data if isinstance(request.data, dict) else {}
        if not body:
            query = request.query_params
            ids = [part for name in ("ids", "ids[]") for part in query.getlist(name) if part]
            body = {"ids": ids}
            if ids and not all(part.strip().isdigit() for item in ids for part in item.split(",")):
                raise ParseError("ids: must be whole numbers")
        return cls.read(body)


def selected_rows(rows, selection, filter_class, caller):
    """Never more than `rows`, and never more than the filters name.

    A filter that is misspelt or invalid is refused: on a list it would be a nuisance, here it would silently mean
    "everything". Ids that are not there are skipped; when none is there, Missing. Conflict when the caller expected another
    number of rows than there are now.
    """
    if selection.get("select_all"):
        chosen = filter_class.strict(selection["filters"], caller).narrow(rows)
    else:
        chosen = rows.filter(pk__in=selection["ids"])
        if not chosen.exists():
            raise Missing()
    expected = selection.get("expected_count")
    if expected is not None and (count := chosen.count()) != expected:
        raise Conflict(f"The selection holds {count:,} records now, not {expected:,}. Nothing was changed.",
                       code="count_differs", count=count)
    return chosen
