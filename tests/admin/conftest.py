"""Operators before the Django admin: an organisation's Admin, and platform staff without an organisation."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.conftest import sign_in
from tests.factories import PASSWORD


@pytest.fixture
def staff(db):
    return User.objects.create_user("ops@lio.example", PASSWORD, first_name="Olga", last_name="Ops", is_platform_staff=True)


@pytest.fixture
def operator(rep):
    """A browser of `rep`, who is an Admin."""
    return sign_in(Client(), rep)


@pytest.fixture
def staff_browser(staff):
    return sign_in(Client(), staff)


@pytest.fixture
def inside(staff_browser, rep):
    """Platform staff who have chosen `rep`'s organisation."""
    staff_browser.post("/admin/choose/", {"organization": rep.organization_id})
    return staff_browser


def page_of(model, name="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
