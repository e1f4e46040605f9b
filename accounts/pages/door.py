"""Pages without sign-in: signing in, a new password, an invitation."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import invitations, signing_in
from accounts.forms import ForgotForm, InvitationForm, ResetForm, SignInForm
from lio import ratelimit
from lio.clientip import client_ip
from lio.errors import DomainError, Invalid, Missing, TooMany

WRONG = "The email address or the password is wrong."


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class PublicPage(View):
    """Counted by address, so that no form here can be hammered. Subclasses show a form and say what becomes of it."""

    show: Any
    blank_form: Any
    submitted: Any

    def post(self, request, *args, **kwargs):
        rate = ratelimit.count(f"public:{client_ip(request)}", settings.RATES["public"])
        if rate.exceeded:
            return self.show(self.blank_form("Too many requests from your address. Wait a minute."), status=429)
        return self.submitted(request, *args, **kwargs)


def start_browser_session(request, session):
    """From now on this browser is `session`; whatever cookie it had before is worthless."""
    request.session.flush()
    request.session["sid"] = str(session.pk)
    rotate_token(request)


class SignIn(PublicPage):
    def get(self, request):
        if request.user.is_authenticated:
            return redirect(self.target())
        return self.show(SignInForm())

    def submitted(self, request):
        form = SignInForm(request.POST)
        if not form.is_valid():
            return self.show(form, status=422)
        try:
            session = signing_in.sign_in(
                form.cleaned_data["email"],
                form.cleaned_data["password"][:128],
                "browser",
                ip=client_ip(request),
                user_agent=request.headers.get("User-Agent", ""),
            )
        except (Missing, signing_in.WrongPassword):  # a page does not tell strangers who has an account
            form.add_error(None, WRONG)
            return self.show(form, status=422)
        except DomainError as error:
            form.add_error(None, str(error))
            return self.show(form, status=429 if isinstance(error, TooMany) else 422)
        start_browser_session(request, session)
        return redirect(self.target(session.user))

    def blank_form(self, message):
        form = SignInForm({"email": self.request.POST.get("email", ""), "password": "x"})
        form.full_clean()
        form.add_error(None, message)
        return form

    def target(self, user=None):
        wanted = self.request.POST.get("next") or self.request.GET.get("next") or ""
        if wanted and url_has_allowed_host_and_scheme(wanted, {self.request.get_host()}, self.request.is_secure()):
            return wanted
        return "/admin/" if user is not None and user.organization_id is None else settings.LOGIN_REDIRECT_URL

    def show(self, form, status=200):
        wanted = self.request.POST.get("next") or self.request.GET.get("next") or ""
        return render(self.request, "accounts/sign_in.html", {"form": form, "next": wanted[:500]}, status=status)


class SignOut(View):
    def post(self, request):
        if request.user.is_authenticated:
            signing_in.sign_out(request.user, request.auth_session_id, ip=client_ip(request))
        request.session.flush()
        return redirect("accounts:sign_in")


class Forgot(PublicPage):
    def get(self, request):
        return self.show(ForgotForm())

    def submitted(self, request):
        form = ForgotForm(request.POST)
        if not form.is_valid():
            return self.show(form, status=422)
        invitations.send_reset(form.cleaned_data["email"])
        return render(
            request, "accounts/forgot_sent.html", {"email": form.cleaned_data["email"], "hours": settings.RESET_HOURS}
        )

    def blank_form(self, message):
        form = ForgotForm({"email": self.request.POST.get("email", "")})
        form.full_clean()
        form.add_error(None, message)
        return form

    def show(self, form, status=200):
        return render(self.request, "accounts/forgot.html", {"form": form}, status=status)


class Reset(PublicPage):
    def get(self, request, token):
        try:
            user = invitations.reset_target(token)
        except Missing:
            return self.show(None, status=404)
        return self.show(ResetForm(), user)

    def submitted(self, request, token):
        form = ResetForm(request.POST)
        try:
            user = invitations.reset_target(token)
            if form.is_valid():
                invitations.reset_password(token, form.cleaned_data["new_password"], ip=client_ip(request))
                messages.success(request, "Your new password works from now on. Sign in with it.")
                return redirect("accounts:sign_in")
        except Missing:
            return self.show(None, status=404)
        except Invalid as error:
            form.add_error("new_password", [line for lines in error.fields.values() for line in lines])
        return self.show(form, user, status=422)

    def blank_form(self, message):
        return None

    def show(self, form, user=None, status=200):
        return render(self.request, "accounts/reset.html", {"form": form, "email": user.email if user else ""}, status=status)


class Invitation(PublicPage):
    def get(self, request, token):
        try:
            return self.show(InvitationForm(), invitations.find(token))
        except Missing:
            return self.show(None, status=404)

    def submitted(self, request, token):
        form = InvitationForm(request.POST)
        try:
            invitation = invitations.find(token)
            if form.is_valid():
                return self.join(token, form)
        except Missing:
            return self.show(None, status=404)
        except Invalid as error:
            form.add_error("new_password", [line for lines in error.fields.values() for line in lines])
        except DomainError as error:
            form.add_error(None, str(error))
        return self.show(form, invitation, status=422)

    def join(self, token, form):
        given = form.cleaned_data
        member = invitations.accept(
            token,
            first_name=given["first_name"],
            last_name=given["last_name"],
            password=given["new_password"],
            ip=client_ip(self.request),
        )
        session = signing_in.sign_in(
            member.email,
            given["new_password"],
            "browser",
            ip=client_ip(self.request),
            user_agent=self.request.headers.get("User-Agent", ""),
        )
        start_browser_session(self.request, session)
        return redirect(settings.LOGIN_REDIRECT_URL)

    def blank_form(self, message):
        return None

    def show(self, form, invitation=None, status=200):
        context = invitation and {
            "email": invitation.email,
            "organization": invitation.organization.name,
            "invited_by": str(invitation.invited_by or ""),
            "role": invitation.role.name,
        }
        return render(self.request, "accounts/invitation.html", {"form": form, "invitation": context}, status=status)
