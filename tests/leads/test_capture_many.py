"""Many leads at once end as if they had come one by one."""

import random
import threading

import pytest
from django.db import connection, connections

from accounts.models import Organization
from leads.capture import capture
from leads.capture_many import AMBIGUOUS, CREATE, DUPLICATE, MERGE, PHONE, Incoming, capture_many
from leads.models import Lead
from lio.errors import Conflict
from lio.models import Change, Job
from lio.tenancy import org_scope
from lookups.edit import tags_named
from lookups.known import known
from tests.factories import make_lead, make_organization


def some_leads(seed, count, organization):
    """Fields as an import brings them: few addresses, so that there are duplicates of every kind."""
    chance = random.Random(seed)
    status = known(organization, "status")
    for n in range(count):
        pool = {
            "first_name": chance.choice(["Jane", "Joe", "Ann"]),
            "last_name": f"Doe{chance.randrange(5)}",
            "email": f"{chance.choice(['a', 'B', 'c', 'd', 'e'])}{chance.randrange(6)}@x.example",
            "linkedin_url": f"https://www.LinkedIn.com/in/p{chance.randrange(12)}/",
            "phone_number": f"+49 30 {chance.randrange(9)}000",
            "company": chance.choice(["Acme", "ACME ", "Globex", " "]),
            "estimated_value": chance.choice([1, 2.5]),
            "status_id": status[chance.randrange(1, 7)].pk,
            "custom_fields": {"n": str(n), "same": "x"},
            "city": "Rome",
            "notes": "",
        }
        yield (
            {name: pool[name] for name in pool if name in ("first_name", "last_name") or chance.random() < 0.5},
            chance.random() < 0.3,
        )


def one_by_one(organization, leads, on_duplicate, tags):
    for fields, tagged in leads:
        try:
            lead_id, made = capture(organization, fields, by=None, tags=tags if tagged else (), on_duplicate=on_duplicate)
            yield (CREATE if made else MERGE), lead_id
        except Conflict as error:
            yield (DUPLICATE, error.details["lead_id"]) if error.code == "duplicate_lead" else (AMBIGUOUS, None)


def picture(organization, ids):
    """All that the organisation's leads are, with places in `ids` for ids and without moments."""
    place = {pk: n for n, pk in enumerate(dict.fromkeys(pk for pk in ids if pk))}
    with org_scope(organization):
        columns = [
            c.attname for c in Lead._meta.concrete_fields if c.name not in ("id", "organization", "created_at", "updated_at")
        ]
        number = {entry.pk: entry.number for kind in ("status", "tags") for entry in known(organization, kind).values()}
        leads = sorted(
            (
                place[row.pk],
                [
                    number.get(getattr(row, name))
                    if name == "status_id"
                    else bool(row.last_activity_at)
                    if name == "last_activity_at"
                    else row.company and row.company.company_name
                    if name == "company_id"
                    else getattr(row, name)
                    for name in columns
                ],
                sorted(number[tag.tag_id] % 1 for tag in row.lead_tags.all()),
            )
            for row in Lead.objects.select_related("company")
        )
        told = sorted((place[c.model_id], c.id, c.verb, c.before, c.after) for c in Change.objects.filter(model_type="lead"))
        with connection.cursor() as cursor:
            cursor.execute("SELECT object_id, body FROM lio_searchdoc WHERE kind = 'lead'")
            found = sorted((place[pk], body) for pk, body in cursor.fetchall())
            cursor.execute("SELECT body FROM lio_searchdoc WHERE kind = 'company' ORDER BY 1")
            companies = cursor.fetchall()
        scoring = {place[job.args[0]] for job in Job.objects.of(organization).filter(function="leads.jobs.score_leads")}
        return leads, [(p, verb, before, after) for p, _, verb, before, after in told], found, companies, scoring


@pytest.mark.parametrize("on_duplicate", ["refuse", "merge", "accept"])
@pytest.mark.parametrize("seed", range(4))
def test_ends_as_if_they_had_come_one_by_one(db, on_duplicate, seed):
    pictures, kinds = [], []
    for together in (False, True):
        organization = make_organization().organization
        with org_scope(organization):
            tags = tags_named(organization, ["vip"], by=None)
            leads = list(some_leads(seed, 90, organization))
            ids = []
            if together:
                for start in range(0, len(leads), 40):
                    chunk = [Incoming(fields, tuple(tags) if tagged else ()) for fields, tagged in leads[start : start + 40]]
                    ids += [found[:2] for found in capture_many(organization, chunk, by=None, on_duplicate=on_duplicate)]
            else:
                ids = list(one_by_one(organization, leads, on_duplicate, tags))
        kinds.append([kind for kind, _ in ids])
        pictures.append(strip_tags(picture(organization, [pk for kind, pk in ids if kind in (CREATE, MERGE)])))
    assert kinds[0] == kinds[1]
    assert len(set(kinds[0])) > 1 or on_duplicate == "accept"
    for one, many in zip(*pictures, strict=True):
        assert one == many


def strip_tags(picture):
    """Numbers of tags and ids of companies differ between organisations."""
    leads, told, *rest = picture
    plain = {"tags": len, "company_id": bool}
    return [
        leads,
        [
            (p, verb, *[{k: plain.get(k, lambda same: same)(v) for k, v in (side or {}).items()} for side in sides])
            for p, verb, *sides in told
        ],
        *rest,
    ]


def test_a_phone_number_can_be_the_key(rep, scope):
    organization = rep.organization
    first = make_lead(organization, phone_number="+49 30 1234", email="one@x.example")
    incoming = [
        Incoming({"first_name": "Jo", "phone_number": "0049-30-1234", "email": "two@x.example"}),
        Incoming({"first_name": "Al", "phone_number": "+49 30 99", "email": "one@x.example"}),
    ]
    found = capture_many(organization, incoming, by=rep, on_duplicate="merge", match=(PHONE,))
    assert [found[0][:2], found[1].kind] == [(MERGE, first.pk), CREATE]
    first.refresh_from_db()
    assert (first.first_name, first.email, first.holds_email) == ("Jo", "two@x.example", True)
    assert Lead.objects.get(pk=found[1].lead_id).holds_email  # the first has let it go


def test_a_lead_that_goes_meanwhile_is_captured_anew(rep, scope, monkeypatch):
    lead = make_lead(rep.organization, email="a@x.example")
    from leads import capture_many as module

    real = module._holders

    def stale(*args, **kwargs):
        found = real(*args, **kwargs)
        Lead.objects.filter(pk=lead.pk).bury()
        return found

    monkeypatch.setattr(module, "_holders", stale)
    found = capture_many(rep.organization, [Incoming({"email": "a@x.example"})], by=rep, on_duplicate="merge")
    assert found[0].kind == CREATE and found[0].lead_id != lead.pk


@pytest.mark.django_db(transaction=True)
def test_of_parallel_intakes_each_address_gets_one_lead():
    organization = make_organization().organization
    barrier, outcomes = threading.Barrier(4), []

    def intake(turn):
        barrier.wait()
        try:
            names = [f"p{n}" for n in range(60)]
            random.Random(turn).shuffle(names)
            with org_scope(organization):
                fresh = Organization.objects.get(pk=organization.pk)
                outcomes.append(capture_many(fresh, [Incoming({"email": f"{name}@x.example"}) for name in names], by=None))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=intake, args=(turn,)) for turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 4
    kinds = [one.kind for many in outcomes for one in many]
    assert (kinds.count(CREATE), kinds.count(DUPLICATE)) == (60, 180)
    with org_scope(organization):
        assert Lead.objects.count() == 60
