"""What meetings add to the pages of leads, companies and contacts."""

from functools import partial

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
    coming = list(rows.filter(end_time__gte=moment).order_by("start_time", "pk").page_rows()[: SHOWN + 1])
    past = []
    if len(coming) <= SHOWN:
        past = list(rows.filter(end_time__lt=moment).order_by("-start_time", "-pk").page_rows()[: SHOWN + 1 - len(coming)])
    shown = dressed(plain_rows([*coming, *past]))
    return {
        "name": "meetings",
        "template": "meetings/_of_record.html",
        "meetings": shown[:SHOWN],
        "of": kind,
        "all": f"{reverse('meetings:list')}?{kind}_id={pk}" if len(shown) > SHOWN else "",
        "add": f"{reverse('meetings:add')}?{kind}={pk}" if user.can("records.edit") else "",
    }


of_lead, of_company, of_contact = (partial(_section, kind) for kind in ("lead", "company", "contact"))
