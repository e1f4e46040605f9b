"""Two grammars over the same six actions. Only this file knows the spelling."""

from rest_framework.routers import DynamicRoute, Route, SimpleRouter


def at(url, name, **mapping):
    return Route(f"^{{prefix}}{url}$", mapping, f"{{basename}}-{name}", "{lookup}" in url, {})


UPDATE = {"post": "update", "put": "update", "patch": "update"}
EXTRA_ACTIONS = [
    DynamicRoute("^{prefix}/{url_path}$", "{basename}-{url_name}", False, {}),
    DynamicRoute("^{prefix}/{lookup}/{url_path}$", "{basename}-{url_name}", True, {}),
]


class LioRouter(SimpleRouter):
    """Binds a route only when the viewset has the action, and update only to its own method."""

    include_root_view = False

    def get_method_map(self, viewset, method_map):
        bound = super().get_method_map(viewset, method_map)
        return {m: a for m, a in bound.items() if a != "update" or m == viewset.update_method}


class VerbRouter(LioRouter):
    """/lead/list  /lead/add  /lead/view/7  /lead/update/7  /lead/delete[/7]"""

    routes = [
        at("/list", "list", get="list"),
        at("/add", "add", post="create"),
        at("/view/{lookup}", "view", get="retrieve"),
        at("/update/{lookup}", "update", **UPDATE),
        at("/delete", "delete-many", delete="destroy_many"),
        at("/delete/{lookup}", "delete", delete="destroy"),
        *EXTRA_ACTIONS,
    ]


class RestRouter(LioRouter):
    """/target-accounts  /target-accounts/7"""

    routes = [
        at("", "list", get="list", post="create"),
        at("/{lookup}", "detail", get="retrieve", **UPDATE, delete="destroy"),
        *EXTRA_ACTIONS,
    ]
