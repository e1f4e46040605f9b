"""A tenant-safe viewset, and one mixin per documented verb."""

from typing import Any

from django.http import Http404, QueryDict
from rest_framework.exceptions import ParseError
from rest_framework.parsers import MultiPartParser
from rest_framework.viewsets import ViewSetMixin

from lio.api.envelope import Envelope, EnvelopePagination
from lio.api.parsers import safe_json
from lio.api.views import LioView, parts_of, refuse_larger
from lio.errors import Missing
from lio.listing import Listing
from lio.rows import in_order, json_of_one
from lio.selection import Selection, selected_rows

__all__ = [
    "AddAction",
    "DeleteAction",
    "DeleteManyAction",
    "DeleteNamedAction",
    "ListAction",
    "TakesForms",
    "TenantViewSet",
    "UpdateAction",
    "ViewAction",
    "in_order",
]


class TenantViewSet(ViewSetMixin, LioView):
    """One organisation's living rows and no others, whatever a subclass forgets."""

    queryset: Any = None
    input_class: Any = None
    filter_class: Any = None
    lookup_field = lookup_url_kwarg = "pk"
    lookup_value_regex = "[^/]+"
    update_method = "post"

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "get_queryset" in vars(cls):
            raise TypeError(f"{cls.__name__} must override narrow(), never get_queryset().")

    def get_queryset(self):
        return self.narrow(self.queryset.whole(self.organization))

    def narrow(self, queryset):
        """A subclass may show fewer rows here; it can never show more."""
        return queryset

    def get_object(self, pk):
        """The caller's row with that id. A path id that is no number is as missing as any other (R8)."""
        number = path_id(pk)
        found = self.get_queryset().filter(pk=number).first()
        if found is None:
            raise Missing()
        return found

    def read(self, input_class=None, *, partial=False):
        """The validated body."""
        return (input_class or self.input_class).read(self.request.data, partial=partial)

    def selected(self, selection):
        """The rows that a bulk request means."""
        return selected_rows(self.get_queryset(), selection, self.filter_class, self.request.user)

    def shown(self, pk):
        """One row as the API shows it."""
        row = json_of_one(self.get_queryset(), pk)
        if row is None:
            raise Http404
        return row

    def message(self, verb):
        return f"{self.queryset.model._meta.verbose_name.capitalize()} {verb} successfully"


class TakesForms:
    """A viewset whose `form_actions` take JSON, or multipart/form-data with a file in the part `upload_field`.

    In a form, objects and arrays of objects travel as JSON text: `object_fields` names them.
    """

    form_actions: tuple[str, ...] = ()
    object_fields: tuple[str, ...] = ()
    upload_limit: int = 0
    upload_field = "file"
    request: Any
    action_map: Any

    def get_parsers(self):
        takes = self.request is not None and self.action_map.get(self.request.method.lower()) in self.form_actions
        return [*super().get_parsers(), *([MultiPartParser()] if takes else [])]  # type: ignore[misc]

    def initial(self, request, *args, **kwargs):
        """What is too large is refused before it is read."""
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        if (request.content_type or "").startswith("multipart/"):
            refuse_larger(request, self.upload_limit, self.upload_field)

    def sent(self):
        """The body by name, whichever way it came. Raises ParseError for a change by a form without parts."""
        data = self.request.data
        if not isinstance(data, QueryDict):
            return data
        found = parts_of(data)
        if not found and self.action_map[self.request.method.lower()] == "update":
            raise ParseError("The form has no parts.")
        for name in self.object_fields:
            if isinstance(found.get(name), str):
                found[name] = safe_json(found[name].encode()) if found[name].strip() else None
        return found


def path_id(text):
    """The number in a path; Missing when it is none or beyond what an id can be."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Missing()
    return int(text)


class Action:
    """What the actions below use of the viewset that they are mixed into."""

    queryset: Any
    filter_class: Any
    get_queryset: Any
    get_object: Any
    read: Any
    selected: Any
    shown: Any
    message: Any
    perform_create: Any
    perform_update: Any
    perform_destroy: Any


class ListAction(Action):
    def list(self, request):
        page = EnvelopePagination()
        offset = page.read(request.query_params)
        listing = Listing(self.get_queryset(), self.filter_class, request.query_params, request.user)
        data, total, capped = listing.json_page(offset, page.limit)
        extra = {"total_is_capped": True} if capped else {}
        return Envelope(data, total=total, page=page.page, limit=page.limit, **extra)


class ViewAction(Action):
    def retrieve(self, request, pk):
        return Envelope(self.shown(path_id(pk)))


class AddAction(Action):
    def create(self, request):
        row = self.perform_create(self.read())
        return Envelope(self.shown(row.pk), self.message("created"), status=201)


class UpdateAction(Action):
    def update(self, request, pk):
        row = self.get_object(pk)
        self.perform_update(row, self.read(partial=True))
        return Envelope(self.shown(row.pk), self.message("updated"))


class DeleteAction(Action):
    def destroy(self, request, pk):
        row = self.get_object(pk)
        ids = self.perform_destroy(self.get_queryset().filter(pk=row.pk))
        return Envelope({"deleted": len(ids), "ids": ids}, self.message("deleted"))


class DeleteManyAction(Action):
    def destroy_many(self, request):
        ids = self.perform_destroy(self.selected(Selection.of_delete(request)))
        return Envelope({"deleted": len(ids), "ids": ids}, self.message("deleted"))


class DeleteNamedAction(Action):
    """Deletes the record of the path, or in its place those that the body or the query names (R17)."""

    def destroy(self, request, pk):
        body = request.data if isinstance(request.data, dict) else {}
        query = request.query_params
        if body.keys() & {"ids", "select_all", "filters"} or "ids" in query or "ids[]" in query:
            rows = self.selected(Selection.of_delete(request))
        else:
            rows = self.get_queryset().filter(pk=self.get_object(pk).pk)
        ids = self.perform_destroy(rows)
        return Envelope({"deleted": len(ids), "ids": ids}, self.message("deleted"))
