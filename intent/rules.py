"""How an organisation weighs signals, when it works, and what LIO watches for it; with what follows when that changes."""

import re
from datetime import time

from django.db import transaction

from accounts.audit import audit
from intent import heat
from intent.models import IntentSettings, new_site_key
from intent.types import TYPES, WEIGHTS
from lio import history
from lio.errors import Invalid
from lio.revert import CHANGED

MOST_HOSTS, MOST_RULES = 20, 50
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
WEIGHING = ("weights", "hot_from")


def settings_of(organization):
    """The organisation's IntentSettings, by it or its id; with every default, and not stored, where nobody has set any."""
    home = getattr(organization, "pk", organization)
    return IntentSettings.objects.of(home).first() or IntentSettings(organization_id=home)


@transaction.atomic
def change(organization, fields, *, by, ip=""):
    """Set `fields` of the organisation's settings. Answers them. Raises Invalid naming what is wrong.

    `weights` names the types that are to weigh something else, {type: 0 to 100}, None for the default again; types that are not
    named stay. New weights hold at once: what is hot is weighed anew.
    """
    if not fields:
        return settings_of(organization)
    IntentSettings.objects.get_or_create(organization_id=organization.pk)
    row = IntentSettings.objects.of(organization).select_for_update().get()
    before = {name: getattr(row, name) for name in fields}
    for name, value in fields.items():
        setattr(row, name, CHECKS[name](value, row) if name in CHECKS else value)
    if row.work_from >= row.work_to:
        raise Invalid({"work_to": ["must be after work_from"]})
    after = {name: getattr(row, name) for name in fields if getattr(row, name) != before[name]}
    if not after:
        return row
    if {"weights", "hot_from", "half_life_days"} & after.keys():
        row.version += 1
    row.save()
    told = {side: {f"signals.{name}": _plain(values[name]) for name in after}
            for side, values in (("before", before), ("after", after))}
    audit("organization.updated", by=by, subject=organization.name, ip=ip, **told)
    seen = {name for name in after if name != "site_key"}  # an old key is worth nothing for good
    if seen:
        history.record("intentsettings.changed", row, by=by, before={name: _plain(before[name]) for name in seen},
                       after={name: _plain(after[name]) for name in seen})
    if {*WEIGHING} & after.keys():
        heat.refresh(organization.pk)
    return row


def undo_settings(organization, changes, by):
    """Put back what these changes (last first) have set and nobody has changed since. Answers (ids, conflicts)."""
    done, conflicts = [], []
    for one in changes:
        row, before, after, fields = settings_of(organization), one.before or {}, one.after or {}, {}
        for name, value in after.items():
            if by is not None and not by.can("organization.manage"):
                reason = "your role does not let you change the settings"
            elif _plain(getattr(row, name)) != value:
                reason = CHANGED
            else:
                fields[name] = _as_given(name, before.get(name))
                continue
            conflicts.append({"model_id": one.model_id, "field": name, "reason": reason})
        if fields:
            change(organization, fields, by=by)
            done.append(one.model_id)
    return list(dict.fromkeys(done)), conflicts


def _as_given(name, value):
    """A value of the history as `change` takes it."""
    if name == "weights":
        return dict.fromkeys(TYPES) | value
    if name == "work_days":
        return value or [1, 2, 3, 4, 5]
    return time.fromisoformat(value) if name in ("work_from", "work_to") else value


def rotate_key(organization, *, by, ip=""):
    """A new site key; the old one is worth nothing from now on. Answers the settings."""
    return change(organization, {"site_key": new_site_key()}, by=by, ip=ip)


def _plain(value):
    return value.isoformat("minutes") if isinstance(value, time) else value


def weights_of(given, row):
    """The organisation's own weights with those that are `given` put into them, checked. Raises Invalid."""
    found = dict(row.weights)
    for name, points in given.items():
        if name not in TYPES:
            raise Invalid({"weights": [f"{name[:40]} is no type of signal"]})
        if points is None or points == WEIGHTS[name]:
            found.pop(name, None)
        elif isinstance(points, bool) or not isinstance(points, int) or not 0 <= points <= 100:
            raise Invalid({"weights": [f"{name}: must be a whole number from 0 to 100"]})
        else:
            found[name] = points
    return found


def _days(given, row):
    if not given or any(isinstance(day, bool) or day not in range(1, 8) for day in given):
        raise Invalid({"work_days": ["must be days from 1, Monday, to 7, Sunday"]})
    return sorted(set(given))


def _hosts(given, row):
    found = list(dict.fromkeys(host for text in given if (host := _host(text))))
    if len(found) > MOST_HOSTS:
        raise Invalid({"site_hosts": [f"must be at most {MOST_HOSTS}"]})
    return found


def _host(text):
    host = re.sub(r"^[a-z]+://", "", text.strip().lower()).split("/")[0].split(":")[0].removeprefix("*.")
    if host and not HOST.fullmatch(host):
        raise Invalid({"site_hosts": [f"{text[:100]} is not the name of a host"]})
    return host


def _rules(given, row):
    found = []
    for one in given:
        pattern, kind = (one.get(name) if isinstance(one, dict) else None for name in ("pattern", "signal_type"))
        if not isinstance(pattern, str) or not pattern.startswith("/") or len(pattern) > 200:
            raise Invalid({"site_rules": ["each pattern must begin with / and have at most 200 characters"]})
        if kind not in TYPES:
            raise Invalid({"site_rules": [f"{str(kind)[:40]} is no type of signal"]})
        found.append({"pattern": pattern.strip(), "signal_type": kind})
    if len(found) > MOST_RULES:
        raise Invalid({"site_rules": [f"must be at most {MOST_RULES}"]})
    return found


CHECKS = {"weights": weights_of, "work_days": _days, "site_hosts": _hosts, "site_rules": _rules}
