"""Settings of the organisation: itself, its people, roles, API keys and audit log."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Q
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.timezone import now
from rest_framework.exceptions import ValidationError

from accounts import audit, invitations, keys, members, organization, roles, sessions
from accounts.forms import InviteForm, KeyForm, OrganizationForm, PersonForm, RoleForm
from accounts.models import ApiKey, AuditEntry, Invitation, Role, User
from accounts.pages.base import SettingsPage, session_rows
from accounts.pages.me import own_session
from accounts.permissions import VERBS
from lio.errors import DomainError, Missing
from lio.filters import Edge

GROUPS = [
    ("Records", ("records.",)),
    ("Pick lists", ("lookups.",)),
    ("The organization", ("members.", "roles.", "keys.", "organization.", "audit.")),
]
PLACES = {"people": "People", "roles": "Roles", "keys": "API keys"}
PAGE = 50


class OrganizationPage(SettingsPage):
    section = "organization"

    def get(self, request):
        form = OrganizationForm(initial={name: getattr(self.organization, name) for name in OrganizationForm.base_fields})
        if not request.user.can("organization.manage"):
            for field in form.fields.values():
                field.disabled = True
        return self.show("settings/organization.html", {"form": form})

    def post(self, request):
        if not request.user.can("organization.manage"):
            raise PermissionDenied
        form = OrganizationForm(request.POST)
        if not form.is_valid():
            return self.show("settings/organization.html", {"form": form}, status=422)
        organization.update(self.organization, by=request.user, ip=self.ip, **form.given)
        self.say("Saved.")
        return redirect("settings:organization")


class People(SettingsPage):
    section = "people"

    def get(self, request):
        people = (
            User.objects.of(self.organization)
            .select_related("role")
            .annotate(last=Max("sessions__created_at"))
            .order_by("-is_active", "first_name", "last_name")
        )
        waiting = Invitation.objects.of(self.organization).filter(accepted_at=None, revoked_at=None)
        return self.show(
            "settings/people.html",
            {
                "people": [person_row(person, request.user) for person in people],
                "invitations": [
                    {
                        "id": row.pk,
                        "email": row.email,
                        "role_name": row.role.name,
                        "expires_at": row.expires_at,
                        "invited_by": str(row.invited_by or ""),
                        "is_expired": row.expires_at <= now(),
                    }
                    for row in waiting.select_related("role", "invited_by")
                ],
            },
        )

    def post(self, request):
        if not request.user.can("members.manage"):
            raise PermissionDenied
        invitation = (
            Invitation.objects.of(self.organization)
            .select_related("role")
            .filter(pk=number(request.POST.get("invitation")), accepted_at=None)
            .first()
        )
        if invitation is None:
            raise Missing()
        try:
            if request.POST.get("action") == "resend":
                invitations.invite(self.organization, email=invitation.email, role=invitation.role, by=request.user, ip=self.ip)
                self.say(f"A new link is on its way to {invitation.email}; the old one no longer works.")
            else:
                invitations.revoke(invitation, by=request.user, ip=self.ip)
                self.say(f"The invitation of {invitation.email} is withdrawn.")
        except DomainError as error:
            self.complain(str(error))
        return redirect("settings:people")


def person_row(person, viewer):
    return {
        "id": person.pk,
        "full_name": person.full_name,
        "email": person.email,
        "phone_no": person.phone_no.strip(),
        "role_name": person.role.name if person.role else "",
        "state_id": int(person.is_active),
        "last_login_at": getattr(person, "last", None),
        "is_me": person.pk == viewer.pk,
    }


def number(text):
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0


class Person(SettingsPage):
    section, verb = "people", "members.manage"

    def dispatch(self, request, *args, pk, **kwargs):
        self.pk = pk
        return super().dispatch(request, *args, **kwargs)

    def setup_person(self):
        person = User.objects.of(self.organization).select_related("role", "organization").filter(pk=self.pk).first()
        if person is None:
            raise Missing()
        return person

    def get(self, request):
        return self.page(self.setup_person())

    def post(self, request):
        person, action = self.setup_person(), request.POST.get("action")
        if session := own_session(person, request.POST.get("session")):
            sessions.end(session.pk)
            audit.audit("session.revoked", by=request.user, subject=person.email, ip=self.ip)
            self.say("That session has ended.")
        elif action == "save":
            form = PersonForm(request.POST, organization=self.organization)
            try:
                if form.is_valid():
                    members.update(person, by=request.user, ip=self.ip, **form.given)
            except DomainError as error:
                form.refuse(error)
            if form.errors:
                return self.page(person, form, status=422)
            self.say(f"{person.full_name} is saved.")
        elif action in ("deactivate", "reactivate"):
            try:
                if action == "deactivate":
                    members.remove(person, by=request.user, ip=self.ip)
                    self.say(f"{person.full_name} is deactivated and signed out.")
                else:
                    members.restore(person, by=request.user, ip=self.ip)
                    self.say(f"{person.full_name} can sign in again.")
            except DomainError as error:
                self.complain(str(error))
        return redirect("settings:person", pk=person.pk)

    def page(self, person, form=None, status=200):
        initial = {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "phone_no": person.phone_no.strip(),
            "role_id": person.role_id,
        }
        return self.show(
            "settings/person.html",
            {
                "person": person_row(person, self.request.user),
                "sessions": session_rows(person),
                "form": form or PersonForm(initial=initial, organization=self.organization),
            },
            status=status,
        )


class FormPage(SettingsPage):
    """A form on a page of its own."""

    form_class: Any = None
    done: Any  # what becomes of the given values
    title = text = verb_word = back = ""

    def make_form(self, *args):
        return self.form_class(*args)

    def get(self, request):
        return self.page(self.make_form())

    def post(self, request):
        form = self.make_form(request.POST)
        if form.is_valid():
            try:
                return self.done(form.given)
            except DomainError as error:
                form.refuse(error)
        return self.page(form, status=422)

    def page(self, form, status=200):
        return self.show(
            "settings/form.html",
            {
                "title": self.title,
                "text": self.text,
                "verb": self.verb_word,
                "back": reverse(self.back),
                "place": PLACES[self.section],
                "form": form,
            },
            status=status,
        )


class Invite(FormPage):
    section, verb, form_class, back = "people", "members.manage", InviteForm, "settings:people"
    title, verb_word = "Invite a person", "Send invitation"
    text = "They get a mail with a link to choose a password. The link works for a week, once."

    def make_form(self, *args):
        return InviteForm(*args, organization=self.organization)

    def done(self, given):
        invitations.invite(self.organization, email=given["email"], role=given["role"], by=self.request.user, ip=self.ip)
        self.say(f"An invitation is on its way to {given['email']}.")
        return redirect("settings:people")


class Roles(SettingsPage):
    section = "roles"

    def get(self, request):
        return self.page()

    def post(self, request):
        if not request.user.can("roles.manage"):
            raise PermissionDenied
        changed = 0
        try:
            for role in Role.objects.of(self.organization).filter(is_system=False):
                wanted = [verb for verb in VERBS if request.POST.get(f"{role.pk}:{verb}")]
                if wanted != role.permissions:
                    roles.update(role, by=request.user, ip=self.ip, permissions=wanted)
                    changed += 1
        except DomainError as error:
            self.complain(str(error))
            return self.page(status=409)
        self.say(f"{changed} role{'s' if changed != 1 else ''} changed." if changed else "Nothing has changed.")
        return redirect("settings:roles")

    def page(self, status=200):
        rows = list(
            Role.objects.of(self.organization)
            .active()
            .order_by("id")
            .annotate(count=Count("members", filter=Q(members__is_active=True)))
        )
        groups = [
            {
                "label": label,
                "items": [
                    {
                        "label": words,
                        "cells": [
                            {
                                "role": role.name,
                                "allowed": verb in role.permissions,
                                "name": "" if role.is_system else f"{role.pk}:{verb}",
                            }
                            for role in rows
                        ],
                    }
                    for verb, (words, _) in VERBS.items()
                    if verb.startswith(start)
                ],
            }
            for label, start in GROUPS
        ]
        return self.show(
            "settings/roles.html",
            {
                "roles": [
                    {
                        "id": role.pk,
                        "name": role.name,
                        "description": role.description,
                        "is_system": role.is_system,
                        "members": role.count,
                    }
                    for role in rows
                ],
                "permissions": groups,
                "editable": any(not role.is_system for role in rows),
            },
            status=status,
        )


class RoleAdd(FormPage):
    section, verb, form_class, back = "roles", "roles.manage", RoleForm, "settings:roles"
    title, verb_word, text = "New role", "Create role", "What people with this role may do."

    def make_form(self, *args):
        return RoleForm(*args, initial={"permissions": [verb for verb, (_, who) in VERBS.items() if "Sales Rep" in who]})

    def done(self, given):
        role = roles.add(self.organization, by=self.request.user, ip=self.ip, **{"permissions": [], **given})
        self.say(f"The role {role.name} is there.")
        return redirect("settings:roles")


class Keys(SettingsPage):
    section, verb = "keys", "keys.manage"

    def get(self, request):
        return self.show("settings/keys.html", {"new_key": None, "keys": key_rows(self.organization)})


def key_rows(organization):
    """The keys as the page shows them; never a secret."""
    moment = now()
    return [
        {
            "id": row.pk,
            "name": row.name,
            "prefix": row.prefix,
            "domains": row.allowed_domains,
            "addresses": row.allowed_ips,
            "expires_at": row.expires_at,
            "last_used_at": row.last_used_at,
            "created_at": row.created_at,
            "created_by": str(row.created_by or ""),
            "state": "revoked" if row.revoked_at else "expired" if row.expires_at and row.expires_at <= moment else "active",
        }
        for row in ApiKey.objects.of(organization).select_related("created_by").order_by("-id")
    ]


class KeyAdd(FormPage):
    section, verb, form_class, back = "keys", "keys.manage", KeyForm, "settings:keys"
    title, verb_word, text = "New API key", "Create key", "The key is shown once, right after this."

    def done(self, given):
        row, secret = keys.create(self.organization, by=self.request.user, ip=self.ip, **given)
        answer = self.show(
            "settings/keys.html",
            {
                "new_key": {"name": row.name, "secret": secret},  # no redirect: it is nowhere kept
                "keys": key_rows(self.organization),
            },
        )
        add_never_cache_headers(answer)
        return answer


class KeyRevoke(SettingsPage):
    section, verb = "keys", "keys.manage"

    def dispatch(self, request, *args, pk, **kwargs):
        self.pk = pk
        return super().dispatch(request, *args, **kwargs)

    def key(self):
        found = ApiKey.objects.of(self.organization).filter(pk=self.pk).first()
        if found is None:
            raise Missing()
        return found

    def get(self, request):
        key = self.key()
        return self.show(
            "confirm.html",
            {
                "title": f"Revoke “{key.name}”?",
                "verb": "Revoke key",
                "action": "",
                "text": "Whatever uses it is refused from now on. A revoked key cannot come back.",
                "back": reverse("settings:keys"),
                "hidden": [],
            },
        )

    def post(self, request):
        key = self.key()
        keys.revoke(key, by=request.user, ip=self.ip)
        self.say(f"The key “{key.name}” is revoked.")
        return redirect("settings:keys")


class Audit(SettingsPage):
    section, verb = "audit", "audit.view"

    def get(self, request):
        query = {name: request.GET.get(name, "") for name in ("by", "action", "from_date", "to_date")}
        rows = AuditEntry.objects.of(self.organization).select_related("by")
        if query["by"]:
            rows = rows.filter(by_id=number(query["by"]))
        if query["action"] in audit.VERBS:
            rows = rows.filter(verb=query["action"])
        rows = self.between(rows, query)
        page, entries = self.slice(rows.order_by("-id"), number(request.GET.get("page")) or 1)
        people = User.objects.of(self.organization).order_by("first_name")
        return self.show(
            "settings/audit.html",
            {
                "entries": [self.entry(row) for row in entries],
                "page": page,
                "query": query,
                "people": [{"id": p.pk, "name": p.full_name, "selected": str(p.pk) == query["by"]} for p in people],
                "actions": [
                    {"id": verb, "name": words, "selected": verb == query["action"]} for verb, words in audit.VERBS.items()
                ],
            },
        )

    def between(self, rows, query):
        for name, lookup, edge in (("from_date", "gte", Edge(last=False)), ("to_date", "lt", Edge(last=True))):
            if query[name]:
                try:
                    rows = rows.filter(
                        **{f"created_at__{lookup}": edge.moment(edge.run_validation(query[name]), self.request.user)}
                    )
                except ValidationError:
                    query[name] = ""
        return rows

    @staticmethod
    def slice(rows, page):
        """The log grows without end: no count beyond a thousand."""
        total = rows[:1001].count()
        first = (page - 1) * PAGE
        entries = list(rows[first : first + PAGE + 1])
        more = len(entries) > PAGE
        return {
            "number": page,
            "first": first + 1 if entries else 0,
            "last": first + len(entries[:PAGE]),
            "total": min(total, 1000),
            "total_is_capped": total > 1000,
            "previous": page - 1 if page > 1 else None,
            "next": page + 1 if more else None,
        }, entries[:PAGE]

    @staticmethod
    def entry(row):
        details = row.details or {}
        told = [
            f"{name.replace('_', ' ')}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
            for name, value in details.items()
            if value not in ("", None, [], {}) and not isinstance(value, dict)
        ]
        told += (
            [
                f"{name.replace('_', ' ')}: {(details.get('before') or {}).get(name, '')} → {value}"
                for name, value in (details.get("after") or {}).items()
            ]
            if isinstance(details.get("after"), dict)
            else []
        )
        return {
            "at": row.created_at,
            "by": row.actor or (str(row.by) if row.by else ""),
            "action": audit.VERBS.get(row.verb, row.verb),
            "subject": row.subject,
            "subject_url": "",
            "detail": "; ".join(told),
            "address": row.ip,
        }
