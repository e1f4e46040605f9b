"""The internet of these tests: whatever name is asked for leads to one local server."""

import socket

import pytest

from tests.integrations.calendars import google, graph  # noqa: F401 - fixtures


@pytest.fixture
def internet(httpserver, monkeypatch):
    """Every host name has a public address, and dialling it reaches the local server. Answers the server.

    Its port stands in for all ports, so https fails there as it does on a host that speaks none.
    """
    real_connect, real_resolve = socket.socket.connect, socket.getaddrinfo

    def resolve(host, port, *args, **kwargs):
        if host == "localhost" or not any(letter.isalpha() for letter in host):
            return real_resolve(host, port, *args, **kwargs)
        if host.endswith(".nowhere.com"):
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]

    def connect(sock, address):
        return real_connect(sock, (httpserver.host, httpserver.port) if address[0] == "93.184.216.34" else address)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)
    return httpserver
