import pytest
from rest_framework.test import APIClient

from tests.factories import PASSWORD


@pytest.fixture
def stranger():
    """A client without any credential."""
    return APIClient()


@pytest.fixture
def sign_in(stranger):
    def post(email, password=PASSWORD, **more):
        return stranger.post("/api/auth/login", {"email": email, "password": password}, **more)

    return post


@pytest.fixture
def signed_in(sign_in):
    """A client with the token of a real sign-in."""

    def make(user, password=PASSWORD):
        token = sign_in(user.email, password).json()["access_token"]
        return APIClient(headers={"Authorization": f"Bearer {token}"})

    return make
