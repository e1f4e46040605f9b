"""API keys: made, recognised, refused."""

import ipaddress
import re
import secrets
import zlib
from hashlib import sha256
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.utils.timezone import now

from accounts.audit import audit
from accounts.models import ApiKey, Organization
from lio import ratelimit
from lio.clientip import within
from lio.errors import Invalid
from lio.ratelimit import Rate

PREFIX = "lio_live_"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SHAPE = re.compile(rf"{PREFIX}([0-9A-Za-z]{{43}})([0-9A-Za-z]{{6}})")
DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.I)
LATER = {"last_used_at", "created_at", "expires_at"}  # hardly ever asked for: read when they are
FIELDS = [field for field in ApiKey._meta.concrete_fields if field.name not in LATER]
ORG_FIELDS = [field for field in Organization._meta.concrete_fields if field.name not in LATER]
NAMES, ORG_NAMES = [field.attname for field in FIELDS], [field.attname for field in ORG_FIELDS]
WHO = f"""
WITH hit AS ({ratelimit.COUNT})
SELECT hit.n, hit.wait, k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute',
       (k.expires_at IS NOT NULL AND k.expires_at <= now()),
       {", ".join(f'k."{field.column}"' for field in FIELDS)}, {", ".join(f'o."{field.column}"' for field in ORG_FIELDS)}
FROM hit JOIN accounts_apikey k ON k.digest = %(digest)s JOIN accounts_organization o ON o.id = k.organization_id
"""


def checksum(text):
    """Six characters that let a scanner tell a key from a chance match without asking us."""
    number, out = zlib.crc32(text.encode()), ""
    for _ in range(6):
        number, rest = divmod(number, 62)
        out = BASE62[rest] + out
    return out


def digest_of(key):
    return sha256(key.encode()).hexdigest()


def create(organization, *, name, by=None, allowed_domains=(), allowed_ips=(), expires_at=None, ip=""):
    """A new key: (the row, the key as it is shown this once). Raises Invalid for a domain or address that is none."""
    body = "".join(secrets.choice(BASE62) for _ in range(43))  # 256 bits
    key = f"{PREFIX}{body}{checksum(body)}"
    row = ApiKey.objects.create(
        organization=organization, name=name, prefix=key[: len(PREFIX) + 6], digest=digest_of(key),
        allowed_domains=clean_domains(allowed_domains), allowed_ips=clean_ips(allowed_ips), expires_at=expires_at,
        created_by=by,
    )
    audit("key.created", by=by, subject=name, ip=ip, prefix=row.prefix)
    return row, key


def clean_domains(domains):
    """Host names as they are compared: lower case, without scheme, port and path."""
    cleaned = []
    for given in domains or ():
        host = str(given).strip().lower().removeprefix("*.")
        if "//" in host:
            host = urlsplit(host).hostname or ""
        host = host.split("/")[0].split(":")[0].rstrip(".")
        if not DOMAIN.fullmatch(host):
            raise Invalid({"allowed_domains": [f"{str(given)[:80]} is not a domain, like example.com"]})
        cleaned.append(host)
    return list(dict.fromkeys(cleaned))


def clean_ips(addresses):
    cleaned = []
    for given in addresses or ():
        try:
            cleaned.append(str(ipaddress.ip_network(str(given).strip(), strict=False)) if "/" in str(given)
                           else str(ipaddress.ip_address(str(given).strip())))
        except ValueError:
            raise Invalid({"allowed_ips": [f"{str(given)[:80]} is not an address or a range, like 203.0.113.0/24"]}) from None
    return list(dict.fromkeys(cleaned))


def revoke(key, *, by, ip=""):
    """The key answers 403 from the next request on."""
    if key.revoked_at is None:
        ApiKey.objects.filter(pk=key.pk).update(revoked_at=now())
        audit("key.revoked", by=by, subject=key.name, ip=ip, prefix=key.prefix)


def recognise(text):
    """(the key, whether it has expired, the counted rate); (None, False, None) for one that was never given out."""
    match = SHAPE.fullmatch(text)
    if not match or checksum(match[1]) != match[2]:
        return None, False, None
    digest = digest_of(text)
    row = ratelimit.counted(WHO, {"digest": digest, "key": f"key:{digest}", "seconds": ratelimit.MINUTE})
    if row is None:
        return None, False, None
    n, wait, stale, expired, *values = row
    key = ApiKey.from_db("default", NAMES, values[: len(NAMES)])
    key._state.fields_cache["organization"] = Organization.from_db("default", ORG_NAMES, values[len(NAMES) :])
    if stale and not expired and key.revoked_at is None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_apikey SET last_used_at = now() WHERE id = %s AND (last_used_at IS NULL "
                           "OR last_used_at < now() - interval '1 minute')", [key.pk])
    return key, expired, Rate(settings.RATES["key"], n, wait)


def came_from(request):
    """The host that a browser says it comes from: of Origin, else of Referer; None when it says nothing."""
    for header in ("Origin", "Referer"):
        if given := request.headers.get(header):
            try:
                return (urlsplit(given).hostname or "").rstrip(".").lower()
            except ValueError:
                return ""
    return None


def refusal(key, request, address):
    """Why this caller may not use the key here: a code, or None. Each list that is not empty must match (R16)."""
    if key.allowed_ips and not within(address, key.allowed_ips):
        return "ip_not_allowed"
    if key.allowed_domains:
        host = came_from(request)
        if not host or not any(host == domain or host.endswith(f".{domain}") for domain in key.allowed_domains):
            return "domain_not_allowed"
    return None
