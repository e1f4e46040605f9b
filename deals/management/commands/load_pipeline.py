"""`manage.py load_pipeline FOLDER --organization org_...`: a past pipeline, and how it would have been forecast."""

from time import monotonic

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Organization
from deals.forecast import report
from deals.forecast.loading import Load, LoadError
from deals.forecast.months import read_month
from lio.history import one_action
from lio.tenancy import org_scope

# What the set's own README measured on it: {method: (horizon 1 month, 3 months)}, MAPE in percent.
MEASURED = {
    "weighted_stages": (202.9, 18.3), "recent_mean": (21.8, 4.8), "hazard_by_age": (24.0, 33.2),
    "same_month_of_last_quarter": (7.9, 4.8), "level_by_position": (6.4, 4.4),
}


class Command(BaseCommand):
    help = ("Load a past pipeline (sales_pipeline.csv, products.csv, accounts.csv, sales_teams.csv) and print how it would "
            "have been forecast.")

    def add_arguments(self, parser):
        parser.add_argument("folder")
        parser.add_argument("--organization", required=True, help="org_... as create_organization prints it")
        parser.add_argument("--name", default="Past pipeline", help="of the pipeline that the deals go into")
        parser.add_argument("--until", default="2017-12", help="last month that the accuracy is told of, YYYY-MM")
        parser.add_argument("--months", type=int, default=7)

    def handle(self, *, folder, organization, name, until, months, **options):
        found, started = Organization.objects.filter(public_id=organization).first(), monotonic()
        if found is None:
            raise CommandError(f"There is no organization {organization}.")
        try:
            with one_action(actor="LIO"):
                count = Load(found, folder, name=name, tell=self.stderr.write).go()
            last = read_month(until)
        except (LoadError, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count:,} deals in {monotonic() - started:.0f} seconds.\n")
        with org_scope(found):
            for line in lines(report.report(last, months)):
                self.stdout.write(line)


def lines(found):
    """A report (deals/forecast/report.py) as the lines of a table, beside the figures that came with the set."""
    yield f"{'month':<10}{'forecast':>14}{'won':>14}{'error':>9}   method"
    for row in found["months"]:
        yield (f"{row['period']:<10}{_number(row['forecast_value']):>14}{_number(row['actual_value']):>14}"
               f"{_percent(row['error']):>9}   {row['method'] or 'nothing was said'}")
    yield f"\n{'MAPE in percent':<32}{'1 month':>9}{'README':>9}{'3 months':>10}{'README':>9}"
    for name, measured in MEASURED.items():
        ours = {one["months_ahead"]: one["mape"] for one in found["methods"] if one["method"] == name}
        yield f"{name:<32}{_percent(ours[1]):>9}{measured[0]:>9}{_percent(ours[3]):>10}{measured[1]:>9}"
    chosen = {one["months"]: one["mape"] for one in found["horizons"]}
    yield f"{'chosen month by month':<32}{_percent(chosen[1]):>9}{'':>9}{_percent(chosen[3]):>10}"
    yield f"\nIntervals hold {_percent(found['coverage'])} % of the months, {found['coverage_promised']} % are promised."
    deals = found["deals"]
    yield f"Single deals: Brier score {deals['brier']} over {deals['forecast']:,} of {deals['closed']:,} that closed."
    for band in deals["reliability"]:
        yield f"  said {band['said']:.0%}, won {band['won']:.0%} of {band['deals']:,}"


def _number(value):
    return "" if value is None else f"{value:,.0f}"


def _percent(value):
    return "" if value is None else f"{value:.1f}"
