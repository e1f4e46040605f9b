"""What meetings add to the pages of leads, companies and contacts."""

from functools import partial

from django.db.models import Q
from django.urls import reverse
from django.utils.timezone import now

from booking.models import Meeting
from booking.pages.query import dressed
from lio.rows import plain_rows

SHOWN = 5


def _section(kind, user, pk, request):
    """What is to come, the next first, then what was, the last first."""
    rows = Meeting.objects.of(user.organization).alive().filter(**{kind: pk})
    moment = now()
    coming = rows.filter(end_time__gte=moment).order_by("start_time", "pk").values("pk")[: SHOWN + 1]
    past = rows.filter(end_time__lt=moment).order_by("-start_time", "-pk").values("pk")[: SHOWN + 1]
    found = dressed(plain_rows(Meeting.objects.filter(Q(pk__in=coming) | Q(pk__in=past)).page_rows()))
    shown = sorted(found, key=lambda row: (row["is_over"], abs(row["starts"] - moment)))[: SHOWN + 1]
    return {
        "name": "meetings",
        "template": "meetings/_of_record.html",
        "meetings": shown[:SHOWN],
        "of": kind,
        "all": f"{reverse('meetings:list')}?{kind}_id={pk}" if len(shown) > SHOWN else "",
        "add": f"{reverse('meetings:add')}?{kind}={pk}" if user.can("records.edit") else "",
    }


of_lead, of_company, of_contact = (partial(_section, kind) for kind in ("lead", "company", "contact"))
