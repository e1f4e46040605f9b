"""GET /api/lead/view/{id}"""

from tests.contract import shapes
from tests.factories import make_lead

OURS = ("do_not_contact", "tracking_off")  # docs/api.md


def test_every_documented_field(api, rep):
    from tests.contract.spec import BY_ID

    lead = make_lead(rep.organization, email="jane@acme.example", company="Acme")
    answer = api.get(f"/api/lead/view/{lead.pk}")
    shapes.check_success(answer, BY_ID["lead-view"])
    assert set(answer.json()["data"]) == {*BY_ID["lead-view"]["data_fields"], *OURS}


def test_a_deleted_lead_is_not_there(api, rep):
    lead = make_lead(rep.organization)
    api.delete(f"/api/lead/delete?ids={lead.pk}")
    gone, never = api.get(f"/api/lead/view/{lead.pk}"), api.get("/api/lead/view/99999999")
    assert (gone.status_code, gone.json()) == (404, never.json())


def test_anothers_lead_is_answered_like_one_that_never_was(api, outsider):
    theirs = make_lead(outsider.organization)
    answer, never = api.get(f"/api/lead/view/{theirs.pk}"), api.get("/api/lead/view/99999999")
    assert (answer.status_code, answer.json()) == (never.status_code, never.json()) == (404, never.json())


def test_one_query_a_row_never(api, rep, django_assert_num_queries, tag):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    labels = [tag(f"T{n}")["id"] for n in range(5)]
    counts = []
    api.get("/api/lead/list")  # definitions of custom fields are read once a process
    for n in (1, 20):
        for i in range(n):
            lead = make_lead(rep.organization, email=f"a{n}-{i}@acme.example", company=f"C{n}{i}", assigned_to_id=rep.pk)
            api.post(f"/api/lead/update/{lead.pk}", {"tags": labels[: i % 5]})
        with CaptureQueriesContext(connection) as captured:
            assert api.get("/api/lead/list", {"limit": 100}).json()["total"] >= n
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 8
