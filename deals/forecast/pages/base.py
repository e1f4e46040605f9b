"""What the pages of the forecast share: their addresses, filters and words."""

from urllib.parse import urlencode

from django.urls import reverse
from rest_framework.exceptions import NotFound

from accounts.models import Team
from deals.forecast.months import first_day, name_of
from deals.pages.query import pipelines_of
from lio.api.envelope import BadParameter
from lio.errors import Missing
from lio.pages import Page
from lio.templatetags.look import SYMBOLS
from lookups.record_fields import people

TABS = {"home": "By month", "changes": "What changed", "at-risk": "At risk", "accuracy": "Accuracy", "goals": "Goals"}
KEPT = ("pipeline_id", "owner_id", "team_id")  # filters that go along from one page to the next


class ForecastPage(Page):
    """`tab` is the name of the route in TABS that is open."""

    tab = "home"
    filters: tuple[str, ...] = KEPT

    def asked(self, query, usual=None):
        """What the address asks, as the API reads it: a wrong parameter is told and left out, a record must be there.

        `usual` are parameters as they are where the address has none.
        """
        usual = usual or {}
        params = usual | {name: value for name, value in self.request.GET.items() if value}
        while True:
            try:
                return query.ask(params)
            except NotFound:
                raise Missing() from None
            except BadParameter as error:
                wrong = [name for name in error.fields if name in params]
                if not wrong:
                    raise
                for name in wrong:
                    self.complain(f"{name.removesuffix('_id').replace('_', ' ').capitalize()}: {error.fields[name][0]}")
                    params.pop(name)
                params = usual | params

    def page(self, template, context, asked=None, *, status=200):
        """`asked` are the values of the filters that the page shows."""
        asked = asked or {}
        chosen = {name: asked[name.removesuffix("_id")].pk for name in KEPT if asked.get(name.removesuffix("_id"))}
        kept = urlencode(chosen)
        tabs = [{"label": label, "address": reverse(f"forecast:{name}") + (f"?{kept}" if kept else ""),
                 "current": name == self.tab} for name, label in TABS.items()]
        shared = {
            "tabs": tabs, "currency": self.organization.currency, "kept": kept, "chosen": chosen,
            "choices": self.choices(chosen), "may_edit": self.request.user.can("records.edit"),
        }
        return self.show(template, shared | context, status=status)

    def choices(self, chosen):
        """The options of the filters, {name: [{id, name, selected}]}."""
        rows = {}
        if "pipeline_id" in self.filters:
            rows["pipelines"] = [(row.pk, row.name) for row in pipelines_of(self.organization)]
        if "owner_id" in self.filters:
            rows["owners"] = people(self.organization)
        if "team_id" in self.filters:
            teams = Team.objects.of(self.organization).order_by("name")
            rows["teams"] = [(team.pk, team.name) for team in teams if not team.is_everybody]
        names = {"pipelines": "pipeline_id", "owners": "owner_id", "teams": "team_id"}
        return {name: [{"id": pk, "name": label, "selected": chosen.get(names[name]) == pk} for pk, label in options]
                for name, options in rows.items()}

    @property
    def unit(self):
        """What stands before a number on the axis of a chart."""
        currency = self.organization.currency
        return SYMBOLS.get(currency, f"{currency} ")


def pk_of(asked, name):
    row = asked.get(name)
    return row and row.pk


def options(values, chosen):
    """[(value, label)] as the options of a select."""
    return [{"id": value, "name": label, "selected": value == chosen} for value, label in values]


def word_of(month):
    """November 2026"""
    return f"{first_day(month):%B %Y}"


def months_back(last, count):
    """Options for choosing one of the `count` months up to `last`."""
    return [(name_of(month), word_of(month)) for month in range(last, last - count, -1)]


def number_of_page(text):
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 9 else 1


def paging(number, size, total, capped=False):
    """The foot of a paged table (parts/_foot.html)."""
    first = (number - 1) * size
    last = min(total, first + size)
    return {"number": number, "first": min(first + 1, last), "last": last, "total": total, "total_is_capped": capped,
            "previous": number - 1 if number > 1 else None, "next": number + 1 if last < total else None}
