"""Signing in and out, members, roles, API keys (sections 2 and 6.1)."""

from datetime import datetime

from django.utils.timezone import now
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts import keys, members, roles, tokens
from accounts import signing_in as door
from accounts.filters import ApiKeyFilter, RoleFilter, UserFilter
from accounts.models import ApiKey, Role, User
from accounts.permissions import OWN
from accounts.serializers import AddKey, AddRole, AddUser, ChangePassword, RemoveUser, UpdateUser
from lio.api.envelope import BadParameter, Envelope
from lio.api.schema import DELETED, NOTHING, documented
from lio.api.views import LioView
from lio.api.viewsets import AddAction, ListAction, TenantViewSet, UpdateAction
from lio.clientip import client_ip
from lio.errors import Invalid


class Login(LioView):
    is_public = True
    authentication_classes = []

    def count_rate(self, request):
        """Sign-ins have limits of their own; successful ones do not count (R14)."""

    @documented(
        "Sign in",
        input={"email": str, "password": str},
        failures=(400, 401, 403, 404),
        body={
            "success": bool,
            "access_token": str,
            "token_type": str,
            "expires_in": int,
            "expires_at": datetime,
            "user": {"id": int, "email": str, "name": str, "organization_id": str | None, "role_name": str | None},
        },
    )
    def post(self, request):
        email, password = request.data.get("email"), request.data.get("password")
        missing = {
            name: ["is required"]
            for name, value in [("email", email), ("password", password)]
            if not isinstance(value, str) or not value
        }
        if missing:
            raise BadParameter(missing)
        session = door.sign_in(
            email,
            password[:128] if len(password) <= 4096 else "",
            "token",
            ip=client_ip(request),
            user_agent=request.headers.get("User-Agent", ""),
        )
        user, organization = session.user, session.organization
        expires_at = session.expires_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return Response(
            {
                "success": True,
                "access_token": tokens.issue(session),
                "token_type": "Bearer",
                "expires_in": int((session.expires_at - now()).total_seconds() + 0.5),
                "expires_at": expires_at,
                "user": {
                    "id": user.pk,
                    "email": user.email,
                    "name": user.name,
                    "organization_id": organization.public_id if organization else None,
                    "role_name": user.role.name if user.role else None,
                },
            }
        )


class Logout(LioView):
    permissions = {"post": OWN}

    @documented("Sign out: this token stops working", answer=NOTHING)
    def post(self, request):
        door.sign_out(request.user, request.auth.session_id, ip=client_ip(request))
        return Envelope(None, "Signed out")


class UserViewSet(ListAction, AddAction, UpdateAction, TenantViewSet):
    queryset = User.objects.all()
    input_class, filter_class = AddUser, UserFilter
    permissions = {
        "list": "records.view",
        "create": "members.manage",
        "update": OWN,
        "my": OWN,
        "remove": "members.manage",
        "change_password": OWN,
    }

    def perform_create(self, fields):
        return members.add(self.organization, by=self.request.user, ip=client_ip(self.request), **fields)

    @documented("Change a member", input=UpdateUser)
    def update(self, request, pk):
        member = self.get_object(pk)
        members.update(member, by=request.user, ip=client_ip(request), **self.read(UpdateUser, partial=True))
        return Envelope(self.shown(member.pk), "User updated successfully")

    @action(detail=False)
    @documented("Who am I")
    def my(self, request):
        return Envelope(self.shown(request.user.pk))

    @action(detail=False, methods=["post"], url_path="change-password")
    @documented("Change your password; all other sessions end", input=ChangePassword, answer=NOTHING)
    def change_password(self, request):
        given = self.read(ChangePassword)
        members.change_password(
            request.user,
            current=given["current_password"],
            new=given["new_password"],
            keep_session=request.auth.session_id,
            ip=client_ip(request),
        )
        return Envelope(None, "Password changed; all other sessions have ended")

    @action(detail=False, methods=["post"], url_path="delete")
    @documented("Remove a member: no sign-in, no token works from then on", input=RemoveUser, answer=DELETED)
    def remove(self, request):
        member = self.read(RemoveUser)["user"]
        members.remove(member, by=request.user, ip=client_ip(request))
        return Envelope({"deleted": 1, "ids": [member.pk]}, "User removed successfully")


class RoleViewSet(ListAction, AddAction, TenantViewSet):
    queryset = Role.objects.all()
    input_class, filter_class = AddRole, RoleFilter
    permissions = {"list": "records.view", "create": "roles.manage"}

    def perform_create(self, fields):
        return roles.add(self.organization, by=self.request.user, ip=client_ip(self.request), **fields)


class ApiKeyViewSet(ListAction, TenantViewSet):
    queryset = ApiKey.objects.all()
    filter_class = ApiKeyFilter
    permissions = {"list": "keys.manage", "create": "keys.manage", "destroy": "keys.manage"}

    def narrow(self, queryset):
        return queryset.annotate(is_usable=ApiKey.usable())

    @documented(
        "Create an API key; it is shown this once",
        input=AddKey,
        answer={
            "id": int,
            "name": str,
            "api_key": str,
            "prefix": str,
            "allowed_domains": [str],
            "allowed_ips": [str],
            "expires_at": datetime | None,
        },
    )
    def create(self, request):
        given = self.read(AddKey)
        if given.get("expires_at") and given["expires_at"] <= now():
            raise Invalid({"expires_at": ["must be in the future"]})
        row, key = keys.create(self.organization, by=request.user, ip=client_ip(request), **given)
        shown = {
            "id": row.pk,
            "name": row.name,
            "api_key": key,
            "prefix": row.prefix,
            "allowed_domains": row.allowed_domains,
            "allowed_ips": row.allowed_ips,
            "expires_at": row.expires_at and f"{row.expires_at:%Y-%m-%dT%H:%M:%S}.{row.expires_at.microsecond // 1000:03d}Z",
        }
        return Envelope(shown, "API key created; it is shown this once", status=201)

    @documented("Revoke an API key")
    def destroy(self, request, pk):
        key = self.get_object(pk)
        keys.revoke(key, by=request.user, ip=client_ip(request))
        return Envelope({"deleted": 1, "ids": [key.pk]}, "API key revoked")
