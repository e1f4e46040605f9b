"""Answers of last resort: unknown routes, refusals and faults outside the API views, in JSON under /api, else as pages."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from lio.api.envelope import failure


def wants_json(request):
    return request.path.startswith("/api/") or request.path == "/api"


def _answer(request, status, message, template, *, code=None):
    if wants_json(request):
        return JsonResponse(failure(status, message, code=code), status=status)
    return HttpResponse(render_to_string(template, {"message": message}), status=status)


def not_found(request, exception=None):
    if wants_json(request):
        return _answer(request, 404, "There is no such route.", "404.html", code="unknown_route")
    return render(request, "404.html", status=404)


def bad_request(request, exception=None):
    return _answer(request, 400, "The request cannot be read.", "500.html")


def forbidden(request, exception=None):
    return _answer(request, 403, "Your role does not include this. An admin of your organization can change that.", "403.html")


def csrf_failed(request, reason=""):
    return _answer(request, 403, "This page was open for too long. Go back, reload it and try again.", "403.html")


def server_error(request):
    return _answer(request, 500, "Something went wrong on our side.", "500.html")


def unavailable(request):
    response = _answer(request, 503, "The database is away for a moment. Try again.", "503.html")
    response["Retry-After"] = "1"
    return response
