"""Settings: the organisation's own site. Key and snippet, on which hosts it may stand, and which pages mean something."""

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Q
from django.shortcuts import redirect
from django.utils.timezone import now

from accounts.pages.base import SettingsPage
from intent import rules
from intent.models import RawEvent
from intent.serializers import ChangeSettings
from intent.site.matching import signal_of
from intent.types import CHOICES, TYPES
from lio.pages import REFUSALS, sentence

BLANK = 2  # empty rows for further rules
DAY = timedelta(days=1)


class SiteSettings(SettingsPage):
    """Everybody may look, and try a path (`try`). Who manages the organisation posts the form, or `rotate` for a new key."""

    section = "site"

    def get(self, request):
        row = rules.settings_of(self.organization)
        return self.page(row, {"on": row.site_tracking, "hosts": "\n".join(row.site_hosts), "rules": row.site_rules})

    def post(self, request):
        if not request.user.can("organization.manage"):
            raise PermissionDenied
        if "rotate" in request.POST:
            rules.rotate_key(self.organization, by=request.user, ip=self.ip)
            self.say("There is a new key. Put the new snippet on your site; the old one counts nothing any more.")
            return redirect("settings:site")
        sent = sent_of(request.POST)
        try:
            given = ChangeSettings.read({"site_tracking": sent["on"], "site_hosts": sent["hosts"].split(),
                                         "site_rules": [rule for rule in sent["rules"] if rule["pattern"]]})
            rules.change(self.organization, given, by=request.user, ip=self.ip)
        except REFUSALS as error:
            return self.page(rules.settings_of(self.organization), sent, error=sentence(error), status=422)
        self.say("Saved." if sent["on"] else "Saved. The site is not watched.", undoable=bool(self.undo_url))
        return redirect("settings:site")

    def page(self, row, sent, *, error="", status=200):
        views = RawEvent.objects.of(self.organization).filter(channel=RawEvent.Channel.SITE, kind="view", at__gt=now() - DAY)
        tried = self.request.GET.get("try", "").strip()[:500]
        context = {
            "row": row, "sent": sent, "error": error, "types": CHOICES, "is_stored": bool(row.pk),
            "shown_rules": [*sent["rules"], *[{"pattern": "", "signal_type": ""}] * BLANK],
            "snippet": f'<script src="{settings.SITE_URL}/site/lio.js" data-key="{row.site_key}" async></script>',
            "day": views.aggregate(views=Count("pk"), known=Count("pk", filter=Q(lead__isnull=False)), last=Max("at")),
            "tried": tried, "means": TYPES[kind].label if tried and (kind := signal_of(tried, row.site_rules)) else "",
        }
        return self.show("settings/site.html", context, status=status)


def sent_of(posted):
    """The form as it was filled in."""
    pairs = zip(posted.getlist("pattern"), posted.getlist("signal_type"), strict=False)
    return {"on": "on" in posted, "hosts": posted.get("hosts", ""),
            "rules": [{"pattern": pattern.strip(), "signal_type": kind} for pattern, kind in pairs if pattern.strip()]}
