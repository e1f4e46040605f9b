"""A real past pipeline, loaded through the rules with its dates: the API tells the same figures as the raw files."""

import csv
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Team
from deals.add_many import add_many
from deals.forecast import loading
from deals.forecast.models import ForecastSnapshot, MonthForecast
from deals.models import Deal, StageEntry
from lio.errors import Missing
from lio.models import Change
from lio.tenancy import org_scope
from tests.conftest import client_of, shared

PRICES = "product,series,sales_price\nGTX Pro,GTX,4821\nMG Special,MG,55\n"
ACCOUNTS = "account,sector,year_established,revenue,employees,office_location\nIsdom,technolgy,1,1,1,Philipines\n"
HEAD = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"


@pytest.fixture
def folder(tmp_path):
    """A small pipeline with all that is odd about the real one."""

    def write(*rows):
        (tmp_path / "products.csv").write_text(PRICES)
        (tmp_path / "accounts.csv").write_text(ACCOUNTS)
        (tmp_path / "sales_pipeline.csv").write_text(HEAD + "".join(f"{row}\n" for row in rows))
        return tmp_path

    return write


def load(rep, folder, **options):
    out, organization = StringIO(), rep.organization.public_id
    call_command("load_pipeline", str(folder), organization=organization, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def test_history_dates_are_kept_and_odd_rows_survive(rep, folder):
    rep.organization.timezone = "Asia/Tokyo"
    rep.organization.save()
    load(rep, folder(
        "A,Ann Lee,GTXPro,Isdom,Won,2017-01-10,2017-03-02,4000", "B,Ann Lee,MG Special,Isdom,Lost,2017-01-31,2017-02-01,0",
        "C,Bo Ray,GTXPro,,Engaging,2017-02-05,,", "D,Bo Ray,MG Special,,Prospecting,,,"), until="2017-03", months=2)
    with org_scope(rep.organization):
        won, lost, engaging, prospect = Deal.objects.order_by("created_at", "id").select_related("stage", "lead__company")
        assert (won.stage.name, won.value, won.title) == ("Won", 4000, "GTX Pro for Isdom")
        assert (won.created_at.date(), won.closed_at.date()) == (date(2017, 1, 10), date(2017, 3, 2))
        assert [(entry.stage.name, entry.entered_at.date(), entry.left_at and entry.left_at.date())
                for entry in StageEntry.objects.filter(deal=won).order_by("id").select_related("stage")] == [
            ("Engaging", date(2017, 1, 10), date(2017, 3, 2)), ("Won", date(2017, 3, 2), None)]
        assert (lost.stage.name, lost.value) == ("Lost", 55)
        assert (won.lead.company.company_name, won.lead.industry, won.lead.country) == ("Isdom", "technology", "Philippines")
        assert (engaging.value, engaging.lead.last_name, engaging.closed_at) == (4821, "Prospects of Bo Ray", None)
        assert (prospect.stage.name, prospect.created_at.date()) == ("Prospecting", date(2017, 3, 2))
        taken = ForecastSnapshot.objects.filter(deal=won).order_by("id")
        assert list(taken.values_list("day", "reason", "state", "value", "is_look")) == [
            (date(2017, 1, 10), "created", "open", 4821, True), (date(2017, 2, 1), "nightly", "open", 4821, True),
            (date(2017, 3, 1), "nightly", "open", 4821, True), (date(2017, 3, 2), "stage", "won", 4000, False)]
        assert {owner.name for owner in (won.assigned_to, engaging.assigned_to)} == {"Ann Lee", "Bo Ray"}
        assert not won.assigned_to.has_usable_password()
        assert set(Change.objects.filter(model_type="deal", model_id=won.pk).values_list("verb", flat=True)) == {
            "deal.created", "deal.won"}


@pytest.mark.parametrize(
    ("row", "words"),
    [("A,Ann Lee,Unknown,Isdom,Won,2017-01-10,2017-03-02,4", "line 2"), ("A,A,GTXPro,Isdom,Won,2017-01-10,,4", "line 2"),
     ("A,A,GTXPro,Isdom,Won,10.1.2017,2017-03-02,4", "line 2"), ("A,A,GTXPro,Isdom,Dreaming,2017-01-10,,", "Dreaming")])
def test_what_cannot_be_understood_is_named_and_nothing_is_loaded(rep, folder, row, words):
    with pytest.raises(CommandError, match=words):
        load(rep, folder(row))
    with org_scope(rep.organization):
        assert not Deal.objects.exists()


def test_a_pipeline_is_loaded_once(rep, folder, tmp_path):
    row = "A,Ann Lee,GTXPro,Isdom,Won,2017-01-10,2017-03-02,4000"
    load(rep, folder(row))
    with pytest.raises(CommandError, match="already"):
        load(rep, folder(row))
    with pytest.raises(CommandError, match="no organization"):
        call_command("load_pipeline", str(tmp_path), organization="org_nobody")
    with pytest.raises(CommandError, match="cannot be read"):
        load(rep, tmp_path / "nowhere", name="Other")


def test_many_at_once_are_as_one_by_one(rep, lead, stages):
    """`add_many` against `edit.add`: the same deals, entries, history and search documents."""
    from deals import edit
    from lio.models import SearchDoc

    fields = [
        {"title": "One", "value": Decimal(10), "expected_close_date": date(2027, 1, 1), "stage_id": stages["New"].pk},
        {"title": "Two", "value": Decimal(20), "expected_close_date": date(2027, 1, 2), "stage_id": stages["New"].pk,
         "category": "commit", "description": "words", "custom_fields": {"Colour": "red"}},
        {"title": "Won", "value": Decimal(30), "expected_close_date": date(2027, 1, 3), "stage_id": stages["Won"].pk},
    ]
    apart = {"id", "board_rank", "created_at", "updated_at", "entered_stage_at", "last_activity_at", "closed_at"}
    with org_scope(rep.organization):
        single = [edit.add(rep.organization, lead.pk, dict(one), by=rep) for one in fields]
        many = add_many(rep.organization, [(lead.pk, one) for one in fields], by=rep)

        def seen(ids):
            deals = [Deal.objects.get(pk=pk) for pk in ids]
            names = [field.attname for field in Deal._meta.concrete_fields if field.name not in apart]
            return [
                ({name: getattr(deal, name) for name in names},
                 deal.closed_at is None, list(deal.stage_entries.values_list("stage_id", "by_id", "left_at")),
                 list(Change.objects.filter(model_type="deal", model_id=deal.pk).values_list("verb", "after", "by_id")),
                 SearchDoc.objects.get(kind="deal", object_id=deal.pk).body,
                 list(deal.snapshots.values_list("reason", "state", "value", "is_look")))
                for deal in deals
            ]

        assert seen(single) == seen(many)
        assert len({*Deal.objects.values_list("board_rank", flat=True)}) >= 3
        with pytest.raises(Missing):
            add_many(rep.organization, [(10**9, fields[0])], by=rep)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)  # a month is a transaction, as it is outside of tests
def test_the_real_pipeline(rep):
    told = load(rep, shared("data/pipeline-maven"))
    assert "8,800 deals" in told and "chosen month by month" in told
    api = client_of(rep)
    query = {"until": "2017-12", "months": 7}
    found = api.get("/api/forecast/accuracy", query).json()["data"]
    months = {row["period"]: row for row in found["months"]}
    assert list(months) == [f"2017-{n:02}" for n in range(6, 13)]
    assert (months["2017-07"]["forecast_value"], months["2017-07"]["actual_value"]) == (721932, 696932)
    assert {row["method"] for row in found["months"][:3]} == {"same_month_of_last_quarter"}
    errors = [abs(row["error"]) for row in found["months"]]
    assert sum(errors) / 7 == pytest.approx(found["horizons"][0]["mape"], abs=0.01)
    assert found["horizons"][0]["mape"] <= 8 and found["overall_accuracy"] >= 92
    measured = {(row["method"], row["months_ahead"]): row["mape"] for row in found["methods"]}
    assert measured["same_month_of_last_quarter", 1] == 7.9 and measured["recent_mean", 1] == 21.82
    assert measured["level_by_position", 1] == 6.44 and measured["same_month_of_last_quarter", 3] == 4.82
    assert [measured["weighted_stages", months] for months in (1, 3)] == pytest.approx([146.5, 17.1], abs=0.05)
    assert found["coverage"] >= found["coverage_promised"]
    assert found["deals"]["closed"] == found["deals"]["forecast"] == 4673
    assert found["deals"]["brier"] <= 0.242
    assert all(abs(band["said"] - band["won"]) < 0.12 for band in found["deals"]["reliability"])
    lines = list(csv.DictReader(StringIO(api.get("/api/forecast/accuracy", query | {"format": "csv"}).content.decode())))
    assert [float(line["forecast_value"]) for line in lines] == [row["forecast_value"] for row in found["months"]]
    with org_scope(rep.organization):
        assert Deal.objects.count() == 8800
        assert StageEntry.objects.count() == 8800 + 6711
        assert ForecastSnapshot.objects.exclude(reason="nightly").count() == 8800 + 6711
        assert MonthForecast.objects.filter(made=date(2017, 6, 1), pipeline=None, is_chosen=True).count() == 24
        assert loading.Pipeline.objects.filter(name="Past pipeline").count() == 1


def test_managers_and_offices_become_teams(rep, folder):
    path = folder("A,Ann Lee,GTXPro,Isdom,Won,2017-01-10,2017-03-02,4000",
                  "B,Bo Ray,MG Special,Isdom,Lost,2017-01-31,2017-02-01,0")
    head, rows = "sales_agent,manager,regional_office", ["Ann Lee,Di Boss,East", "Bo Ray,Di Boss,West", "Cy Gone,Ed Boss,North"]
    (path / "sales_teams.csv").write_text("\n".join([head, *rows]) + "\n")
    load(rep, path, until="2017-03", months=2)
    with org_scope(rep.organization):
        found = {team.name: sorted(member.full_name for member in team.members.all())
                 for team in Team.objects.of(rep.organization).filter(is_everybody=False)}
    assert found == {"Team of Di Boss": ["Ann Lee", "Bo Ray"], "East": ["Ann Lee"], "West": ["Bo Ray"]}
