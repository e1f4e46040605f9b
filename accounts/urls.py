from django.urls import path

from accounts.api import ApiKeyViewSet, Login, Logout, RoleViewSet, UserViewSet
from accounts.pages import door, me, team
from lio.api.routers import RestRouter, VerbRouter

verbs, rest = VerbRouter(), RestRouter()
verbs.register("user", UserViewSet)
verbs.register("role", RoleViewSet)
rest.register("api-keys", ApiKeyViewSet)
api = [
    path("auth/login", Login.as_view(), name="auth-login"),
    path("auth/logout", Logout.as_view(), name="auth-logout"),
    *verbs.urls,
    *rest.urls,
]

pages = [
    path("sign-in", door.SignIn.as_view(), name="sign_in"),
    path("sign-out", door.SignOut.as_view(), name="sign_out"),
    path("forgot-password", door.Forgot.as_view(), name="forgot"),
    path("reset-password/<str:token>", door.Reset.as_view(), name="reset"),
    path("invitation/<str:token>", door.Invitation.as_view(), name="invitation"),
]
settings = [
    path("", team.OrganizationPage.as_view(), name="index"),
    path("organization", team.OrganizationPage.as_view(), name="organization"),
    path("profile", me.Profile.as_view(), name="profile"),
    path("password", me.Password.as_view(), name="password"),
    path("sessions", me.Sessions.as_view(), name="sessions"),
    path("people", team.People.as_view(), name="people"),
    path("people/<int:pk>", team.Person.as_view(), name="person"),
    path("people/invite", team.Invite.as_view(), name="invite"),
    path("roles", team.Roles.as_view(), name="roles"),
    path("roles/add", team.RoleAdd.as_view(), name="role_add"),
    path("keys", team.Keys.as_view(), name="keys"),
    path("keys/add", team.KeyAdd.as_view(), name="key_add"),
    path("keys/<int:pk>/revoke", team.KeyRevoke.as_view(), name="key_revoke"),
    path("audit", team.Audit.as_view(), name="audit"),
]
