from django.urls import path

from accounts.api import ApiKeyViewSet, Login, Logout, RoleViewSet, UserViewSet
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
