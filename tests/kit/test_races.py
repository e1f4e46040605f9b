"""Many at once: real threads, real connections, real commits (TRUST 3.3, 3.6, T50, T78, T79)."""

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep

import pytest
from django.db import connection
from django.test.utils import override_settings
from rest_framework.test import APIClient

from accounts import sessions, tokens
from companies.models import Company
from leads.models import Lead
from lio.tenancy import org_scope
from lookups.models import Lookup
from tests.factories import PASSWORD, make_lead, make_member, make_organization

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 20 if os.environ.get("LIO_SOAK") else 1
CROWD = 12  # threads; each does several requests


def together(deeds):
    """Run all deeds from CROWD threads that start at the same moment; answers what each answered, in order."""
    start = Barrier(min(CROWD, len(deeds)))

    def work(mine):
        try:
            start.wait(timeout=30)
            return [(n, deed()) for n, deed in mine]
        finally:
            connection.close()

    shares = [list(enumerate(deeds))[n::CROWD] for n in range(min(CROWD, len(deeds)))]
    with ThreadPoolExecutor(CROWD) as pool:
        found = [answer for share in pool.map(work, shares) for answer in share]
    return [answer for _, answer in sorted(found, key=lambda pair: pair[0])]


@pytest.fixture
def admin():
    return make_organization("Acme")


@pytest.fixture
def token(admin):
    return tokens.issue(sessions.start(admin, "token"))


def post(token, body, path="/api/v1/lead", **headers):
    client = APIClient(
        headers={"Authorization": f"Bearer {token}"} | {name.replace("_", "-"): value for name, value in headers.items()}
    )
    return again_while_busy(lambda: client.post(path, body))


def again_while_busy(send):
    """As a client does: 503 with Retry-After (somebody held a lock for too long, nothing was changed) is tried again."""
    for _ in range(20):
        answer = send()
        if answer.status_code != 503:
            return answer
        assert int(answer["Retry-After"]) >= 1
        sleep(0.2)
    return answer


def statuses(answers):
    found = {}
    for answer in answers:
        found[answer.status_code] = found.get(answer.status_code, 0) + 1
    return found


def living(admin):
    with org_scope(admin.organization):
        return list(Lead.objects.alive().order_by("pk"))


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_of_fifty_captures_of_one_address_one_wins(admin, token, round_):
    spellings = ["jane@acme.example", "JANE@acme.example", "Jane@Acme.Example"]
    answers = together(
        [
            lambda n=n: post(token, {"email": spellings[n % 3], "company": f"Firm {n % 4}", "tags": [f"tag {n % 3}", "all"]})
            for n in range(50)
        ]
    )
    assert statuses(answers) == {201: 1, 409: 49}
    [lead] = living(admin)
    assert {answer.json()["error"]["details"]["lead_id"] for answer in answers if answer.status_code == 409} == {lead.pk}
    with org_scope(admin.organization):
        assert Company.objects.count() == 1  # what the losers made is undone
        assert Lookup.objects.filter(type="tags").count() == 2


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_merges_lose_no_field(admin, token, round_):
    answers = together(
        [
            lambda n=n: post(
                token, {"email": "jane@acme.example", "merge": 1, "custom_fields": {f"field {n}": n}, "tags": [f"tag {n % 5}"]}
            )
            for n in range(50)
        ]
    )
    assert statuses(answers) == {201: 1, 200: 49}
    [lead] = living(admin)
    assert lead.custom_fields == {f"field {n}": n for n in range(50)}
    with org_scope(admin.organization):
        assert lead.lead_tags.count() == 5


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_crosswise_addresses_never_fail(admin, token, round_):
    """E-mail of one, LinkedIn of another, merging or not: 201, 200 or 409, and never two holders."""

    def body(n):
        return {"email": f"p{n % 3}@acme.example", "linkedin_url": f"https://linkedin.com/in/p{(n // 3) % 3}", "merge": n % 2}

    answers = together([lambda n=n: post(token, body(n)) for n in range(60)])
    assert set(statuses(answers)) <= {200, 201, 409}
    leads = living(admin)
    for column in ("email_norm", "linkedin_norm"):
        held = [getattr(lead, column) for lead in leads]
        assert len(held) == len(set(held))


def test_duplicate_1_makes_as_many_as_asked(admin, token):
    answers = together([lambda: post(token, {"email": "jane@acme.example", "duplicate": 1}) for _ in range(20)])
    assert statuses(answers) == {201: 20}
    assert sum(lead.holds_email for lead in living(admin)) == 1


def test_two_organisations_take_the_same_address(admin, token):
    other = make_organization("Globex")
    both = [token, tokens.issue(sessions.start(other, "token"))]
    answers = together([lambda n=n: post(both[n % 2], {"email": "jane@acme.example"}) for n in range(40)])
    assert statuses(answers) == {201: 2, 409: 38}
    assert len(living(admin)) == len(living(other)) == 1


def test_one_idempotency_key_has_one_effect(admin, token):
    answers = together([lambda: post(token, {"phone_number": "1"}, Idempotency_Key="k1") for _ in range(20)])
    assert statuses(answers) == {201: 20}
    assert len({answer.content for answer in answers}) == 1
    assert len(living(admin)) == 1
    assert sum("Idempotent-Replayed" in answer for answer in answers) == 19


def test_one_idempotency_key_with_two_bodies(admin, token):
    answers = together([lambda n=n: post(token, {"phone_number": str(n % 2)}, Idempotency_Key="k1") for n in range(10)])
    assert statuses(answers) == {201: 5, 422: 5}
    assert len(living(admin)) == 1


def test_a_rate_is_exact(admin, token):
    with override_settings(RATES={"token": 25, "key": 5, "public": 5}):
        answers = together([lambda: post(token, {"phone_number": "1"}) for _ in range(60)])
    assert statuses(answers) == {201: 25, 429: 35}
    assert len(living(admin)) == 25


def test_guesses_at_a_password_get_no_more_than_ten(admin):
    def guess(n):
        return again_while_busy(lambda: APIClient().post("/api/auth/login", {"email": admin.email, "password": f"wrong {n}"}))

    answers = together([lambda n=n: guess(n) for n in range(40)])
    assert statuses(answers) == {401: 10, 429: 30}
    assert APIClient().post("/api/auth/login", {"email": admin.email, "password": PASSWORD}).status_code == 429


def test_two_admins_cannot_remove_each_other(admin):
    other = make_member(admin.organization, role="Admin")
    both = [(tokens.issue(sessions.start(admin, "token")), other.pk), (tokens.issue(sessions.start(other, "token")), admin.pk)]
    answers = together([lambda pair=pair: post(pair[0], {"user_id": pair[1]}, "/api/user/delete") for pair in both])
    assert sorted(statuses(answers)) in ([200, 401], [200, 409], [200, 403]), statuses(answers)


def test_updates_of_one_lead_are_all_kept(admin, token):
    lead = make_lead(admin.organization, email="jane@acme.example")
    answers = together(
        [lambda n=n: post(token, {"custom_fields": {f"f{n}": n}}, f"/api/lead/update/{lead.pk}") for n in range(30)]
    )
    assert statuses(answers) == {200: 30}
    assert len(living(admin)[0].custom_fields) == 30


def test_deleting_while_adding_keeps_one_holder(admin, token):
    """The address is released and claimed at once: never two holders, never a fault."""

    def deed(n):
        if n % 3:
            return post(token, {"email": "jane@acme.example", "merge": n % 2})
        client = APIClient(headers={"Authorization": f"Bearer {token}"})
        ids = [lead.pk for lead in living(admin)] or [1]
        return again_while_busy(lambda: client.delete("/api/lead/delete", {"ids": ids}))

    answers = together([lambda n=n: deed(n) for n in range(45)])
    assert set(statuses(answers)) <= {200, 201, 404, 409}, statuses(answers)
    assert sum(lead.holds_email for lead in living(admin)) <= 1


def test_bulk_actions_over_the_same_rows_do_not_lock_each_other_out(admin, token):
    ids = [make_lead(admin.organization, email=f"a{n}@acme.example").pk for n in range(30)]
    member = make_member(admin.organization)
    deeds = []
    for n in range(16):
        mine = ids if n % 2 else ids[::-1]
        deeds.append(
            lambda n=n, mine=mine: (
                post(token, {"ids": mine, "status": 2 + n % 4}, "/api/lead/status-change")
                if n % 4 < 2
                else post(token, {"ids": mine, "assigned_to": member.pk if n % 3 else None}, "/api/lead/assign-user")
            )
        )
    assert statuses(together(deeds)) == {200: 16}


def test_the_same_tag_and_look_up_at_once(admin, token):
    answers = together(
        [
            lambda: post(token, {"module_name": "lead", "type": "tags", "name": "Hot"}, "/api/custom-lookups/add")
            for _ in range(12)
        ]
    )
    assert statuses(answers) == {201: 1, 409: 11}
