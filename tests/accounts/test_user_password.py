"""POST /api/user/change-password"""

import pytest

from tests.contract import shapes
from tests.factories import PASSWORD

NEW = "orchard-gate-9"


def change(api, current=PASSWORD, new=NEW, confirm=NEW):
    return api.post(
        "/api/user/change-password", {"current_password": current, "new_password": new, "confirm_password": confirm}
    )


def test_needs_the_current_one(api):
    assert list(shapes.check_failure(change(api, current="wrong"), 422)["fields"]) == ["current_password"]


def test_both_must_be_the_same(api):
    assert list(shapes.check_failure(change(api, confirm=NEW + "x"), 422)["fields"]) == ["confirm_password"]


@pytest.mark.parametrize("weak", ["password", "12345678", "short", "x" * 129, "Ada Admin"])
def test_weak_ones(api, weak):
    assert "new_password" in shapes.check_failure(change(api, new=weak, confirm=weak), 422)["fields"]


def test_changes_it(api, rep, sign_in):
    assert change(api).json()["data"] is None
    assert (sign_in(rep.email).status_code, sign_in(rep.email, NEW).status_code) == (401, 200)
