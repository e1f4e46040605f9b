"""What an operator and a balancer ask (lio/health.py)."""

from rest_framework.test import APIClient

from tests.factories import make_lead


def test_healthz_and_readyz(db, client):
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["database"], ready.json()["queue"]) == (200, "ok", "ok")


def test_a_waiting_queue_is_told(rep, client):
    from django.db import connection

    make_lead(rep.organization)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE lio_job SET run_at = now() - interval '40 seconds'")
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["queue"]) == (200, "late")
    assert ready.json()["queue_age_seconds"] >= 40


def test_metrics_are_for_this_machine_or_with_a_token(db, client, settings):
    text = client.get("/metrics").content.decode()
    assert "lio_requests_total" in text and "lio_queue_oldest_seconds" in text
    far = APIClient(REMOTE_ADDR="203.0.113.9")
    assert far.get("/metrics").status_code == 403
    assert far.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403
    settings.METRICS_TOKEN = "a-long-token"
    assert far.get("/metrics", headers={"Authorization": "Bearer a-long-token"}).status_code == 200
    assert far.get("/metrics", headers={"Authorization": "Bearer other"}).status_code == 403
    assert far.get("/metrics", headers={"Authorization": ""}).status_code == 403
