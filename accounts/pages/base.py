"""What the settings pages share."""

from lio.clientip import client_ip
from lio.pages import Page


class SettingsPage(Page):
    """`section` is the entry of the side navigation that is open."""

    section = ""

    def show(self, template, context=None, **options):
        user = self.request.user
        can = {
            "manage_organization": user.can("organization.manage"),
            "manage_people": user.can("members.manage"),
            "manage_roles": user.can("roles.manage"),
            "manage_lookups": user.can("lookups.manage"),
            "manage_keys": user.can("keys.manage"),
            "see_audit": user.can("audit.view"),
        }
        return super().show(template, {"section": self.section, "can": can, **(context or {})}, **options)

    @property
    def ip(self):
        return client_ip(self.request)


def device(session):
    """A user agent in words a person knows: `Firefox on Windows`."""
    agent = session.user_agent
    browser = next(
        (
            name
            for mark, name in (
                ("Edg/", "Edge"),
                ("OPR/", "Opera"),
                ("Firefox/", "Firefox"),
                ("Chrome/", "Chrome"),
                ("Safari/", "Safari"),
                ("curl/", "curl"),
                ("python", "Python"),
            )
            if mark in agent
        ),
        "",
    )
    system = next(
        (
            name
            for mark, name in (
                ("iPhone", "iPhone"),
                ("iPad", "iPad"),
                ("Android", "Android"),
                ("Windows", "Windows"),
                ("Mac OS", "Mac"),
                ("Linux", "Linux"),
            )
            if mark in agent
        ),
        "",
    )
    words = f"{browser} on {system}" if browser and system else browser or system or agent[:40]
    return f"{words} (API token)" if session.kind == "token" else words


def session_rows(user, current=None):
    """The open sessions of a member, last seen first."""
    from django.utils.timezone import now

    rows = user.sessions.filter(revoked_at=None, expires_at__gt=now()).order_by("-last_seen_at")[:50]
    return [
        {
            "id": row.pk,
            "device": device(row),
            "address": row.ip,
            "created_at": row.created_at,
            "last_seen_at": row.last_seen_at,
            "current": row.pk == current,
        }
        for row in rows
    ]
