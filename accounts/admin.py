"""People and access in the Django admin; and the pages by which platform staff choose an organisation or found one."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.timezone import now

from accounts import founding, keys, members, organization, roles, sessions
from accounts.audit import VERBS as DEEDS
from accounts.audit import audit
from accounts.models import ApiKey, AuditEntry, AuthSession, Invitation, Organization, Role, User
from accounts.permissions import VERBS
from accounts.serializers import AddRole, AddUser, OrganizationFields, UpdateUser
from lio.admin.base import OwnChoices, RuleForm, Shown, TenantAdmin
from lio.admin.site import CHOSEN
from lio.clientip import client_ip
from lio.errors import DomainError
from lio.forms import InputForm
from lio.tenancy import current_organization_id, org_scope


# ----------------------------------------------------------------------- before an organisation is chosen
class NewOrganization(InputForm):
    """A new organisation with its first Admin."""

    input_class = OrganizationFields
    name = forms.CharField(max_length=120)
    timezone = forms.CharField(max_length=64, initial="UTC")
    currency = forms.CharField(max_length=3, initial="USD", help_text="Three letters, like EUR")
    admin_email = forms.EmailField(label="Email of the first admin")
    admin_first_name = forms.CharField(max_length=50, label="First name")
    admin_last_name = forms.CharField(max_length=50, required=False, label="Last name")
    admin_password = forms.CharField(max_length=128, label="Password", strip=False,
                                     widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))

    def clean(self):
        cleaned = super().clean()
        if not self.errors:
            try:
                members.check_password(cleaned["admin_password"], User(email=cleaned["admin_email"]), "admin_password")
            except DomainError as error:
                self.refuse(error)
        return cleaned

    def found(self):
        """Raises DomainError when the address has an account."""
        given = self.cleaned_data
        return founding.found(admin_email=given["admin_email"], admin_password=given["admin_password"],
                              admin_first_name=given["admin_first_name"], admin_last_name=given["admin_last_name"],
                              **self.given)[0]


ALONE = {"is_nav_sidebar_enabled": False, "is_popup": False}  # no records to go to before an organisation is chosen


def staff_only(view):
    """These pages are for platform staff; members have one organisation, their own."""

    def page(request):
        if request.user.organization_id or not request.user.is_platform_staff:
            return redirect("admin:index")
        return view(request)

    return page


@staff_only
def choose(request):
    """The organisations, searched by name or id; a POST enters one."""
    if request.method == "POST":
        chosen = request.POST.get("organization", "")
        found = Organization.objects.filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < 19 else None
        if found is not None:
            request.session[CHOSEN] = found.pk
            with org_scope(found):
                audit("organization.entered", by=request.user, subject=found.name, ip=client_ip(request))
            return redirect("admin:index")
        messages.error(request, "There is no such organization.")
    term = request.GET.get("q", "").replace("\x00", "").strip()[:120]
    rows = Organization.objects.order_by("name", "pk")
    if term:
        rows = rows.filter(Q(name__icontains=term) | Q(public_id=term))
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    return TemplateResponse(request, "admin/choose.html", {
        **admin.site.each_context(request), "title": "Choose an organization", **ALONE, "term": term, "page": page})


@staff_only
def leave(request):
    if request.method == "POST":
        request.session.pop(CHOSEN, None)
    return redirect("admin:choose")


@staff_only
def found(request):
    form = NewOrganization(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = form.found()
        except DomainError as error:
            form.add_error("admin_email", str(error))
        else:
            request.session[CHOSEN] = made.pk
            messages.success(request, f"{made.name} is ready. You work in it now.")
            return redirect("admin:index")
    context = {**admin.site.each_context(request), "title": "New organization", **ALONE, "form": form}
    return TemplateResponse(request, "admin/found.html", context, status=422 if form.errors else 200)


site: Any = admin.site
site.open_pages.update({"choose": choose, "leave": leave, "new-organization": found})


# ----------------------------------------------------------------------- the organisation
@admin.register(Organization)
class OrganizationAdmin(TenantAdmin):
    """The one that is open. Platform staff see the others too; to change one they enter it."""

    verbs = {"view": "records.view", "change": "organization.manage"}
    input_change = OrganizationFields
    form = RuleForm
    list_display = ["name", "public_id", "currency", "timezone", "created_at"]
    search_fields = ["name", "public_id"]
    ordering = ["name", "pk"]
    fields = ["name", "currency", "timezone", "public_id", "created_at"]
    readonly_fields = ["public_id", "created_at"]

    def own(self, rows):
        return rows.filter(pk=current_organization_id())

    def get_queryset(self, request):
        every = request.user.is_platform_staff and not request.user.organization_id
        return Organization.objects.all() if every else super().get_queryset(request)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request) and (obj is None or obj.pk == current_organization_id())

    def change_row(self, request, row, given):
        organization.update(row, by=request.user, ip=client_ip(request), **given)


# ----------------------------------------------------------------------- people
class UserForm(RuleForm):
    wire = {"role": "role_id", "is_active": "state_id"}


class NewUserForm(UserForm):
    password = forms.CharField(max_length=128, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))


@admin.register(User)
class UserAdmin(TenantAdmin):
    """Members. Nobody is deleted; the password is set here once, and never shown."""

    verbs = {"view": "records.view", "add": "members.manage", "change": "members.manage", "act": "members.manage"}
    input_add, input_change = AddUser, UpdateUser
    form = UserForm
    has_history = True
    list_display = ["email", "first_name", "last_name", "role", "is_active", "created_at"]
    list_filter = [("role", OwnChoices), "is_active"]
    list_select_related = ["role"]
    search_fields = ["email", "first_name", "last_name", "phone_no"]
    ordering = ["email"]
    fields = ["email", "first_name", "last_name", "phone_no", "language", "timezone", "role", "is_active", "created_at"]
    readonly_fields = ["created_at"]
    actions = ["remove", "restore", "end_sessions"]

    def get_form(self, request, obj=None, change=False, **kwargs):
        if not change:
            kwargs["form"] = NewUserForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request, obj=None):
        return self.fields if obj else ["email", "first_name", "last_name", "phone_no", "password", "role"]

    def add_row(self, request, given):
        return members.add(self.organization(request), by=request.user, ip=client_ip(request), **given)

    def change_row(self, request, row, given):
        members.update(row, by=request.user, ip=client_ip(request), **given)

    @admin.action(description="Remove selected people", permissions=["act"])
    def remove(self, request, queryset):
        self.each(request, queryset, lambda row: members.remove(row, by=request.user, ip=client_ip(request)), "Removed: {n}.")

    @admin.action(description="Restore selected people", permissions=["act"])
    def restore(self, request, queryset):
        rows = queryset.filter(is_active=False)
        self.each(request, rows, lambda row: members.restore(row, by=request.user, ip=client_ip(request)), "Restored: {n}.")

    @admin.action(description="End all sessions of selected people", permissions=["act"])
    def end_sessions(self, request, queryset):
        def end(row):
            if sessions.end_all(row):
                audit("session.revoked", by=request.user, subject=row.email, ip=client_ip(request))

        self.each(request, queryset, end, "People whose sessions have ended: {n}.")


class RoleForm(RuleForm):
    beyond = ("is_active",)
    permissions = forms.MultipleChoiceField(choices=[(verb, words) for verb, (words, _) in VERBS.items()], required=False,
                                            widget=forms.CheckboxSelectMultiple)


@admin.register(Role)
class RoleAdmin(TenantAdmin):
    verbs = {"view": "records.view", "add": "roles.manage", "change": "roles.manage"}
    input_add = input_change = AddRole
    form = RoleForm
    list_display = ["name", "description", "is_system", "is_active"]
    list_filter = ["is_system", "is_active"]
    search_fields = ["name", "description"]
    ordering = ["pk"]
    fields = ["name", "description", "permissions", "is_active"]

    def get_fields(self, request, obj=None):
        return self.fields if obj else ["name", "description", "permissions"]

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request) and not (obj and obj.is_system)

    def add_row(self, request, given):
        given.setdefault("permissions", [])
        return roles.add(self.organization(request), by=request.user, ip=client_ip(request), **given)

    def change_row(self, request, row, given):
        roles.update(row, by=request.user, ip=client_ip(request), **given)


# ----------------------------------------------------------------------- access
@admin.register(ApiKey)
class ApiKeyAdmin(Shown):
    """Never the digest. A key is shown once, to whoever makes it, so it is made on the settings page."""

    verbs = {"view": "keys.manage", "act": "keys.manage"}
    list_display = ["name", "prefix", "created_by", "created_at", "last_used_at", "expires_at", "revoked_at"]
    list_select_related = ["created_by"]
    search_fields = ["name", "prefix"]
    date_hierarchy = "created_at"
    fields = ["name", "prefix", "allowed_domains", "allowed_ips", "created_by", "created_at", "last_used_at", "expires_at",
              "revoked_at"]
    actions = ["revoke"]

    @admin.action(description="Revoke selected keys", permissions=["act"])
    def revoke(self, request, queryset):
        rows = queryset.filter(revoked_at=None)
        self.each(request, rows, lambda row: keys.revoke(row, by=request.user, ip=client_ip(request)), "Revoked: {n}.")


class OpenSessions(admin.SimpleListFilter):
    title, parameter_name = "state", "state"

    def lookups(self, request, model_admin):
        return [("open", "Open"), ("over", "Over")]

    def queryset(self, request, queryset):
        living = Q(revoked_at=None, expires_at__gt=now())
        return {"open": queryset.filter(living), "over": queryset.exclude(living)}.get(self.value() or "", queryset)


@admin.register(AuthSession)
class AuthSessionAdmin(Shown):
    verbs = {"view": "members.manage", "act": "members.manage"}
    list_display = ["user", "kind", "ip", "created_at", "last_seen_at", "expires_at", "revoked_at"]
    list_filter = [OpenSessions, "kind"]
    list_select_related = ["user"]
    search_fields = ["user__email", "ip"]
    fields = ["user", "kind", "ip", "user_agent", "created_at", "last_seen_at", "expires_at", "revoked_at"]
    actions = ["end"]

    @admin.action(description="End selected sessions", permissions=["act"])
    def end(self, request, queryset):
        def end(row):
            sessions.end(row.pk)
            audit("session.revoked", by=request.user, subject=row.user.email, ip=client_ip(request))

        self.each(request, queryset.filter(revoked_at=None), end, "Ended: {n}.")


@admin.register(Invitation)
class InvitationAdmin(Shown):
    verbs = {"view": "members.manage"}
    list_display = ["email", "role", "invited_by", "created_at", "expires_at", "accepted_at", "revoked_at"]
    list_select_related = ["role", "invited_by"]
    search_fields = ["email"]
    date_hierarchy = "created_at"
    fields = ["email", "role", "invited_by", "created_at", "expires_at", "accepted_at", "revoked_at"]


@admin.register(AuditEntry)
class AuditAdmin(Shown):
    verbs = {"view": "audit.view"}
    list_display = ["created_at", "deed", "actor", "subject", "ip"]
    search_fields = ["verb", "actor", "subject", "ip"]
    ordering = ["-id"]
    sortable_by = []
    fields = ["created_at", "verb", "by", "actor", "subject", "ip", "details"]

    @admin.display(description="what")
    def deed(self, row):
        return DEEDS.get(row.verb, row.verb)
