"""Settings about oneself: profile, password, sessions."""

import uuid

from django.shortcuts import redirect

from accounts import members, sessions
from accounts.audit import audit
from accounts.forms import PasswordForm, ProfileForm
from accounts.models import AuthSession
from accounts.pages.base import SettingsPage, session_rows
from lio.errors import DomainError
from lio.pages import THEMES
from lio.registry import profile_parts


class Profile(SettingsPage):
    section, verb = "profile", None

    def get(self, request):
        return self.page()

    def post(self, request):
        form = ProfileForm(request.POST)
        if form.is_valid():
            try:
                members.update(request.user, by=request.user, ip=self.ip, **form.given)
            except DomainError as error:
                form.refuse(error)
            else:
                self.say("Your profile is saved.")
                answer = redirect("settings:profile")
                if request.POST.get("theme") in THEMES:
                    answer.set_cookie(
                        "theme", request.POST["theme"], max_age=365 * 86400, samesite="Lax", secure=request.is_secure()
                    )
                return answer
        return self.page(form=form, status=422)

    def page(self, form=None, password_form=None, status=200):
        user = self.request.user
        initial = {name: getattr(user, name) for name in ProfileForm.base_fields}
        initial["phone_no"] = user.phone_no.strip()
        context = {
            "form": form or ProfileForm(initial=initial),
            "password_form": password_form or PasswordForm(),
            "parts": [part(user) for part in profile_parts],
        }
        return self.show("settings/profile.html", context, status=status)


class Password(Profile):
    def get(self, request):
        return redirect("settings:profile")

    def post(self, request):
        form = PasswordForm(request.POST)
        if form.is_valid():
            try:
                members.change_password(
                    request.user,
                    current=form.given["current_password"],
                    new=form.given["new_password"],
                    keep_session=request.auth_session_id,
                    ip=self.ip,
                )
            except DomainError as error:
                form.refuse(error)
            else:
                self.say("The new password works from now on. Everywhere else you are signed out.")
                return redirect("settings:profile")
        return self.page(password_form=form, status=422)


class Sessions(SettingsPage):
    section, verb = "sessions", None

    def get(self, request):
        return self.show("settings/sessions.html", {"sessions": session_rows(request.user, request.auth_session_id)})

    def post(self, request):
        if request.POST.get("all"):
            count = sessions.end_all(request.user, but=request.auth_session_id)
            self.say(f"{count} other session{'s' if count != 1 else ''} ended.")
        elif session := own_session(request.user, request.POST.get("session")):
            sessions.end(session.pk)
            self.say("That session has ended.")
        audit("session.revoked", by=request.user, subject=request.user.email, ip=self.ip)
        return redirect("settings:sessions")


def own_session(user, text):
    """A session of this member by the id in a form; None when there is none."""
    try:
        return AuthSession.objects.filter(pk=uuid.UUID(text or ""), user=user).first()
    except ValueError:
        return None
