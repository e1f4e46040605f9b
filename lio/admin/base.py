"""What every page of records in the admin does: own rows only, rights by the product's verbs, changes through its rules."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property

from lio.errors import DomainError
from lio.forms import InputForm
from lio.tenancy import current_organization_id

MOST = 10_000  # matches that a list counts and pages through


class FewPages(Paginator):
    """Counts no further than anybody turns pages, so that a list of a million rows opens at once."""

    @cached_property
    def count(self):
        rows: Any = self.object_list
        found = rows.order_by().values("pk")[: MOST + 1].count()
        self.is_capped = found > MOST
        return min(found, MOST)


class OwnChoices(admin.RelatedFieldListFilter):
    """A filter by another record that offers the organisation's own alone."""

    def field_choices(self, field, request, model_admin):
        rows = model_admin.choices_of(field)
        return [(row.pk, str(row)) for row in rows]


class RuleForm(InputForm, forms.ModelForm):
    """Reads what was changed with the API's own Input; a rule's refusal comes back to the fields (TenantAdmin)."""

    wire: ClassVar[dict] = {}  # {name of the form: name of the Input}
    beyond: ClassVar[tuple] = ()  # fields that the Input does not know
    refusal: DomainError | None = None

    def clean(self):
        if self.errors:
            return self.cleaned_data
        names = [name for name in self.changed_data if name not in self.beyond]
        sent = {self.wire.get(name, name): self.sent(name) for name in names}
        cleaned, self.cleaned_data = self.cleaned_data, sent
        self.partial = self.instance.pk is not None
        try:
            super().clean()
        finally:
            self.cleaned_data = cleaned
        self.given |= {name: cleaned[name] for name in self.beyond if name in self.changed_data}
        if self.refusal and not self.errors:
            self.refuse(self.refusal)
        return cleaned

    def sent(self, name):
        """The value as the API would get it: records by their id on the wire."""
        value = self.cleaned_data[name]
        if isinstance(value, QuerySet):
            return [wire_id(row) for row in value]
        return wire_id(value) if isinstance(value, Model) else value

    def refuse(self, error):
        if error.fields:
            error.fields = self.here(error.fields)
        super().refuse(error)

    def blame(self, fields):
        super().blame(self.here(fields))

    def here(self, fields):
        """Complaints under the form's own names."""
        names = {there: here for here, there in self.wire.items()}
        return {names.get(name, name): complaints for name, complaints in fields.items()}

    def _post_clean(self):
        """Rules change the row, not the form: the instance stays as it is in the database."""


def wire_id(row):
    return getattr(row, "number", row.pk)


class TenantAdmin(admin.ModelAdmin):
    """Records of one organisation.

    `verbs` says which verb of accounts/permissions.py viewing, adding, changing, deleting and acting need; what is not named
    nobody may do. `limits` narrows the choices of a foreign key. Subclasses that add or change say by which rule in
    `add_row` and `change_row`; both get the values as the rule takes them.
    """

    admin_site: Any  # lio/admin/site.py
    verbs: ClassVar[dict] = {}
    limits: ClassVar[dict] = {}
    has_history = False  # whether history.record(...) tells of such records
    input_add: Any = None
    input_change: Any = None
    paginator = FewPages
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page, list_max_show_all = 50, 0
    view_on_site = False
    actions_on_bottom = False

    # ------------------------------------------------------------------- own rows only
    def get_queryset(self, request):
        return self.own(super().get_queryset(request))

    def own(self, rows):
        """The organisation's living rows. With or without a wall around their table: not every table has one."""
        if not (organization := current_organization_id()):
            return rows.none()
        rows = rows.filter(organization=organization)
        return rows.alive() if hasattr(rows, "alive") and _dies(rows.model) else rows

    def choices_of(self, field):
        rows = field.related_model._default_manager.filter(organization=current_organization_id())
        if _dies(rows.model):
            rows = rows.filter(deleted_at=None)
        return rows.filter(**self.limits.get(field.name, {})).order_by("pk")

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        kwargs["queryset"] = self.choices_of(db_field)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        found = super().formfield_for_dbfield(db_field, request, **kwargs)
        for link in ("add", "change", "delete", "view"):  # other records are edited on their own pages
            if found is not None and hasattr(found.widget, f"can_{link}_related"):
                setattr(found.widget, f"can_{link}_related", False)
        return found

    def lookup_allowed(self, lookup, value, request=None):
        """Only what the page itself filters by: `?password__startswith=` would read a secret letter by letter."""
        filters = [entry[0] if isinstance(entry, tuple) else entry for entry in self.get_list_filter(request)]
        known = {name for name in [*filters, self.date_hierarchy, *self.links] if isinstance(name, str)}
        name, _, rest = lookup.partition("__")
        return name in known and rest.split("__")[0] in ("", "id", "exact", "isnull", "gte", "lt", "year", "month", "day", "in")

    links: ClassVar[tuple] = ()  # further fields that other pages link by

    # ------------------------------------------------------------------- rights
    def may(self, request, deed):
        verb = self.verbs.get(deed)
        return bool(verb) and request.user.can(verb)

    def has_view_permission(self, request, obj=None):
        return self.may(request, "view")

    def has_add_permission(self, request):
        return self.may(request, "add")

    def has_change_permission(self, request, obj=None):
        return self.may(request, "change")

    def has_delete_permission(self, request, obj=None):
        return self.may(request, "delete")

    def has_act_permission(self, request):
        return self.may(request, "act")

    def has_module_permission(self, request):
        return self.may(request, "view")

    # ------------------------------------------------------------------- changes, through the rules
    def add_row(self, request, given):
        raise NotImplementedError

    def change_row(self, request, row, given):
        raise NotImplementedError

    def get_form(self, request, obj=None, change=False, **kwargs):
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.input_class = self.input_change if change else self.input_add
        form.refusal = getattr(request, "refusal", None)
        return form

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """A rule that refuses has changed nothing; the form is shown again with its words."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as refusal:
            request.refusal = refusal
            return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request, obj, form, change):
        if change:
            self.change_row(request, obj, form.given)
        else:
            obj.pk = self.add_row(request, form.given).pk
            obj.refresh_from_db()

    def save_related(self, request, form, formsets, change):
        """Rules have saved what belongs to a row with it."""

    def save_form(self, request, form, change):
        return form.instance

    def delete_queryset(self, request, queryset):
        raise NotImplementedError

    def get_deleted_objects(self, objs, request):
        """Rows are buried, not erased: nothing is taken along that would have to be listed."""
        return [str(obj) for obj in objs], {}, set(), []

    # ------------------------------------------------------------------- what happened
    def log_addition(self, request, obj, message):
        """Our own history and audit log tell what happened; the admin's log knows no organisation."""

    log_change = log_addition

    def log_deletions(self, request, queryset):
        """See `log_addition`."""

    def history_view(self, request, object_id, extra_context=None):
        link = reverse("admin:lio_change_changelist")
        return redirect(f"{link}?model_type={self.opts.model_name}&model_id={object_id}")

    def organization(self, request):
        return self.admin_site.organization(request)

    def each(self, request, rows, deed, done):
        """Do `deed(row)` to all rows of an action and say how it went; `done` is a sentence with `{n}` in it."""
        n = 0
        for row in rows:
            try:
                deed(row)
                n += 1
            except DomainError as refusal:
                self.message_user(request, f"{row}: {refusal}", messages.ERROR)
        if n:
            self.message_user(request, done.format(n=n), messages.SUCCESS)


class Shown(TenantAdmin):
    """Records that are read here and changed elsewhere, or never."""

    def get_readonly_fields(self, request, obj=None):
        return self.fields


def _dies(model):
    return any(field.name == "deleted_at" for field in model._meta.fields)
