"""The site: who gets in, in which organisation's scope, and which pages there are."""

from functools import update_wrapper

from django.apps import apps
from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from lio import history
from lio.admin.base import TenantAdmin
from lio.tenancy import org_scope

CHOSEN = "admin_organization"  # in the session of platform staff
DROPPED = {"password_change", "password_change_done", "view_on_site"}  # the product has pages for these, or needs none


class LioAdminSite(AdminSite):
    """Admins of an organisation see their own; platform staff choose one first, and see that one alone."""

    site_header = site_title = "LIO admin"
    index_title = "Records and settings"
    site_url = None

    def __init__(self, name="admin"):
        super().__init__(name)
        self.disable_action("delete_selected")
        self.open_pages = {}  # {name: view} that work before an organisation is chosen

    def register(self, model_or_iterable, admin_class=None, **options):
        """Only scoped pages get in: those that packages bring along know nothing of organisations."""
        if admin_class is not None and issubclass(admin_class, TenantAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def get_urls(self):
        guarded = super().admin_view
        open_pages = [path(f"{name}/", guarded(self.as_one_action(view)), name=name) for name, view in self.open_pages.items()]
        return [*open_pages, *[url for url in super().get_urls() if getattr(url, "name", None) not in DROPPED]]

    @staticmethod
    def as_one_action(view):
        def page(request):
            with history.one_action():
                return view(request)

        return update_wrapper(page, view)

    # ------------------------------------------------------------------- scope
    def organization_id(self, request):
        """Id of the organisation to work in; None while platform staff have chosen none."""
        return request.user.organization_id or request.session.get(CHOSEN)

    def organization(self, request):
        if not hasattr(request, "_admin_organization"):
            rows = apps.get_model("accounts.Organization").objects
            request._admin_organization = rows.filter(pk=self.organization_id(request)).first()
        return request._admin_organization

    def admin_view(self, view, cacheable=False):
        """Every page runs, and is rendered, in one transaction that sees one organisation; a refusal leaves nothing behind."""

        def scoped(request, *args, **kwargs):
            organization = self.organization(request)
            if organization is None:
                return redirect("admin:choose")
            with org_scope(organization), history.one_action():
                response = view(request, *args, **kwargs)
                if hasattr(response, "render") and not response.is_rendered:
                    response.render()
                if response.status_code >= 400:
                    transaction.set_rollback(True)
            return response

        return super().admin_view(update_wrapper(scoped, view), cacheable)

    # ------------------------------------------------------------------- in and out
    @method_decorator(never_cache)
    def login(self, request, extra_context=None):
        """The product's own sign-in; who is signed in and gets here is no operator."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        target = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(target, None):
            target = reverse("admin:index")
        if request.user.is_authenticated:
            return HttpResponseRedirect(target)
        return redirect_to_login(target, settings.LOGIN_URL)

    def logout(self, request, extra_context=None):
        """307 keeps the method, so that a POST signs out and a GET does not."""
        return HttpResponseRedirect(reverse("accounts:sign_out"), status=307)

    def each_context(self, request):
        context = super().each_context(request)
        if self.has_permission(request):
            context["admin_organization"] = self.organization(request)
            context["may_choose"] = not request.user.organization_id
        return context
