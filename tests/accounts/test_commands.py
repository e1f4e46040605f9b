"""manage.py create_organization and create_api_key, as the contract's page has them."""

import json
import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import Organization, User
from lio.settings import DATABASE_URLS
from lio.tenancy import org_scope
from lookups.models import Lookup
from tests.factories import PASSWORD

FOUND = {"name": "Acme", "admin_email": "Ada@acme.example", "admin_password": PASSWORD}


def run(capsys, command, **options):
    call_command(command, **options)
    out, err = capsys.readouterr()
    assert (out.count("\n"), err) == (1, "")
    return json.loads(out)


def test_create_organization(capsys, db, sign_in):
    told = run(capsys, "create_organization", **FOUND)
    assert set(told) == {"organization_id", "user_id", "email", "api_key"} and told["api_key"] is None
    assert told["organization_id"].startswith("org_")
    user = sign_in("ada@acme.example").json()["user"]
    assert (user["id"], user["organization_id"], user["role_name"]) == (told["user_id"], told["organization_id"], "Admin")


def test_with_api_key(capsys, db):
    told = run(capsys, "create_organization", with_api_key=True, **FOUND)
    client = APIClient(headers={"x-api-key": told["api_key"]})
    assert client.post("/api/v1/lead", {"email": "a@acme.example"}).status_code == 201


def test_what_a_new_organisation_holds(capsys, db):
    organization = Organization.objects.get(public_id=run(capsys, "create_organization", **FOUND)["organization_id"])
    with org_scope(organization):
        seeded = {
            kind: list(Lookup.objects.filter(type=kind).order_by("number").values_list("number", "name", "is_system"))
            for kind in ("status", "priority", "source", "tags")
        }
    assert seeded == {
        "status": [
            (n, name, True) for n, name in enumerate(["New", "Contacted", "Qualified", "Unqualified", "Won", "Lost"], 1)
        ],
        "priority": [(n, name, True) for n, name in enumerate(["Low", "Medium", "High", "Urgent"], 1)],
        "source": [(n, name, True) for n, name in enumerate(["Website", "Referral", "LinkedIn", "Email", "Direct"], 1)],
        "tags": [],
    }


@pytest.mark.parametrize(
    "wrong",
    [{"admin_email": "none"}, {"admin_password": "short"}, {"name": " "}, {"name": "x" * 121}, {"admin_password": "x" * 129}],
)
def test_create_organization_fails_plainly(db, wrong):
    with pytest.raises(CommandError):
        call_command("create_organization", **(FOUND | wrong))
    assert not Organization.objects.exists() and not User.objects.exists()


def test_an_address_that_is_taken(db, rep):
    with pytest.raises(CommandError, match="exists already"):
        call_command("create_organization", **(FOUND | {"admin_email": rep.email.upper()}))
    assert Organization.objects.count() == 1


def test_create_api_key(capsys, rep):
    told = run(
        capsys,
        "create_api_key",
        organization_id=rep.organization.public_id,
        name="Shop",
        domain=["acme.com", "b.example"],
        ip=["10.0.0.0/8"],
    )
    assert set(told) == {"id", "api_key"}
    client = APIClient(headers={"x-api-key": told["api_key"]})
    assert (
        client.get("/api/v1/lead/lead-list", headers={"Origin": "https://acme.com"}, REMOTE_ADDR="10.1.1.1").status_code == 200
    )
    assert (
        client.get("/api/v1/lead/lead-list", headers={"Origin": "https://acme.com"}, REMOTE_ADDR="11.1.1.1").status_code == 403
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"organization_id": "org_nothing"},
        {"organization_id": "1"},
        {"name": ""},
        {"name": "x" * 101},
        {"domain": ["a b"]},
        {"ip": ["x"]},
    ],
)
def test_create_api_key_fails_plainly(rep, wrong):
    with pytest.raises(CommandError):
        call_command("create_api_key", **({"organization_id": rep.organization.public_id, "name": "Shop"} | wrong))


def test_from_a_shell_failures_are_told_on_standard_error(db):
    urls = {
        "DATABASE_URL": DATABASE_URLS["app"],
        "DATABASE_OWNER_URL": DATABASE_URLS["owner"],
        "DATABASE_SYSTEM_URL": DATABASE_URLS["system"],
    }
    name = connection.settings_dict["NAME"]
    here = os.environ | {key: urlsplit(url)._replace(path=f"/{name}").geturl() for key, url in urls.items()}
    for arguments in (
        ["create_api_key", "--organization-id", "org_nothing", "--name", "x"],
        ["create_organization", "--name", "x"],
        ["create_organization", "--name", "x", "--admin-email", "none", "--admin-password", PASSWORD],
    ):
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], capture_output=True, text=True, timeout=60, check=False, env=here
        )
        assert done.returncode != 0 and done.stdout == ""
        assert done.stderr.strip() and "Traceback" not in done.stderr


def test_create_platform_staff(capsys, db):
    made = run(capsys, "create_platform_staff", email="Ops@lio.example", password=PASSWORD)
    user = User.objects.get(pk=made["user_id"])
    assert (made["email"], user.is_platform_staff, user.organization_id) == ("ops@lio.example", True, None)
    with pytest.raises(CommandError, match="exists already"):
        run(capsys, "create_platform_staff", email="ops@lio.example", password=PASSWORD)
