"""Who is calling: the peer's address, or what a proxy that the operator named says of it."""

from functools import lru_cache
from ipaddress import ip_address, ip_network

from django.conf import settings


@lru_cache(maxsize=8)
def _networks(names):
    return [ip_network(name, strict=False) for name in names]


def _trusted(text):
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in _networks(tuple(settings.TRUSTED_PROXIES)))


def client_ip(request):
    """The caller's address as text."""
    return ip_of(request.META)


def ip_of(meta):
    """The same of an environment of WSGI.

    X-Forwarded-For is read from the right, and only as far as trusted proxies go: everything left of the first
    untrusted hop was written by the caller.
    """
    peer = meta.get("REMOTE_ADDR") or "127.0.0.1"
    if not settings.TRUSTED_PROXIES or not _trusted(peer):
        return peer
    for hop in reversed([part.strip() for part in meta.get("HTTP_X_FORWARDED_FOR", "").split(",")]):
        try:
            address = str(ip_address(hop))
        except ValueError:
            return peer
        if not _trusted(address):
            return address
        peer = address
    return peer


def within(address, allowed):
    """Whether `address` is in the list of addresses and CIDR ranges."""
    try:
        caller = ip_address(address)
        caller = getattr(caller, "ipv4_mapped", None) or caller  # a socket for both families writes ::ffff:203.0.113.5
        return any(caller in ip_network(item, strict=False) for item in allowed)
    except ValueError:
        return False
