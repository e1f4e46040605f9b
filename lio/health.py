"""/healthz (the process answers), /readyz (so does the database; how old is the queue), /metrics."""

import hmac
import os

from django.conf import settings
from django.db import Error, connection
from django.http import HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

from lio import jobs
from lio.clientip import client_ip
from lio.metrics import exposition

LATE = 30  # seconds after which a waiting job means that no worker works


@never_cache
def healthz(request):
    return JsonResponse({"status": "ok"})


@never_cache
def readyz(request):
    """503 only when the database is away: late jobs are the worker's trouble, and taking the web away would not help."""
    try:
        age = jobs.queue_age()
    except Error:
        connection.close()
        answer = JsonResponse({"status": "unavailable", "database": "away"}, status=503)
        answer["Retry-After"] = "1"
        return answer
    return JsonResponse({"status": "ok", "database": "ok", "queue": "late" if age > LATE else "ok",
                         "queue_age_seconds": round(age, 1)})


@never_cache
def metrics(request):
    """For this machine, or with `Authorization: Bearer <LIO_METRICS_TOKEN>`."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    token = settings.METRICS_TOKEN
    if not (token and hmac.compare_digest(given, token)) and client_ip(request) not in ("127.0.0.1", "::1", ""):
        return HttpResponse("Not for this address.\n", status=403, content_type="text/plain")
    body, kind = exposition("PROMETHEUS_MULTIPROC_DIR" in os.environ)
    age = f"# HELP lio_queue_oldest_seconds Age of the oldest due job\n# TYPE lio_queue_oldest_seconds gauge\n" \
          f"lio_queue_oldest_seconds {jobs.queue_age():.1f}\n"
    return HttpResponse(body + age.encode(), content_type=kind)
