"""The API's description at /api/schema and the page to read and try it at /api/docs; public, nothing from other hosts."""

from functools import cache

from csp.decorators import csp_update
from django.http import HttpResponse
from django.shortcuts import render
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer

from lio.api.views import LioView
from lio.errors import DomainError

FORMATS = {"json": ("application/json", OpenApiJsonRenderer), "yaml": ("application/yaml", OpenApiYamlRenderer)}


@cache
def described(kind):
    """The description as bytes, made once in each process."""
    return FORMATS[kind][1]().render(SchemaGenerator().get_schema(request=None, public=True))


class Schema(LioView):
    """OpenAPI 3.1 as JSON, or as YAML by `?format=yaml` or an Accept header that names it."""

    schema = None  # not a part of itself
    is_public = True
    authentication_classes = []

    def get(self, request):
        kind = request.query_params.get("format") or ("yaml" if "yaml" in request.headers.get("Accept", "") else "json")
        if kind not in FORMATS:
            raise DomainError("format: must be json or yaml", fields={"format": ["must be json or yaml"]})
        answer = HttpResponse(described(kind), content_type=FORMATS[kind][0])
        answer["Vary"] = "Accept"
        return answer


class Browse(LioView):
    schema = None
    is_public = True
    authentication_classes = []

    def get(self, request):
        return render(request._request, "docs/browse.html")


schema = Schema.as_view()
browse = csp_update({"style-src": ["'unsafe-inline'"]})(Browse.as_view())  # Swagger UI sets styles; scripts stay ours alone
