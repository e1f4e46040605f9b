"""What /metrics tells: requests by route and status, their duration, and the queue. Text format of Prometheus."""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess

REQUESTS = Counter("lio_requests_total", "Requests answered", ["route", "method", "status"])
SECONDS = Histogram("lio_request_seconds", "Seconds from request to answer", ["route"],
                    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10))


def observe(request, response, seconds):
    match = getattr(request, "resolver_match", None)
    route = (match.view_name or match.route) if match else "none"
    REQUESTS.labels(route, request.method, response.status_code).inc()
    SECONDS.labels(route).observe(seconds)


def exposition(several_processes):
    """(body, content type); with several web processes their common folder is summed up."""
    from prometheus_client import REGISTRY

    registry = REGISTRY
    if several_processes:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
    return generate_latest(registry), CONTENT_TYPE_LATEST
