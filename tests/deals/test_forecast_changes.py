"""What changed since: each deal's difference has one reason, and the reasons sum up to the difference exactly."""

from datetime import date, timedelta
from decimal import Decimal

from django.utils.timezone import now
from hypothesis import given
from hypothesis import strategies as st

from deals import edit
from deals.forecast.changes import REASONS, Side, View, change, summed_up
from deals.forecast.months import first_day, month_of, name_of
from deals.models import Deal
from lio.tenancy import org_scope
from tests.factories import make_deal

MONTH = month_of(date(2026, 5, 1))
MAY, JUNE = date(2026, 5, 20), date(2026, 6, 2)
VIEW = View(MONTH)


def side(value=100, *, state="open", expected=MAY, pipeline=1, owner=7):
    return Side(state, Decimal(value), expected, pipeline, owner)


def test_each_reason():
    mine = View(MONTH, owners=frozenset({7}))
    assert change(side(), side(state="won"), VIEW) == ("won", -100)
    assert change(side(), side(state="lost"), VIEW) == ("lost", -100)
    assert change(side(), side(state="deleted"), VIEW) == ("deleted", -100)
    assert change(None, side(), VIEW) == ("new", 100)
    assert change(side(expected=JUNE), side(), VIEW) == ("moved_in", 100)
    assert change(side(state="lost"), side(), VIEW) == ("moved_in", 100)
    assert change(side(), side(expected=JUNE), VIEW) == ("moved_out", -100)
    assert change(side(pipeline=1), side(pipeline=2), View(MONTH, pipeline=1)) == ("moved_out", -100)
    assert change(side(), side(130), VIEW) == ("value_up", 30)
    assert change(side(), side(80), VIEW) == ("value_down", -20)
    assert change(side(), side(owner=8), mine) == ("owner", -100)
    assert change(side(owner=8), side(), mine) == ("owner", 100)
    assert change(side(), side(owner=8), VIEW) is None and change(None, side(state="won"), VIEW) is None


sides = st.none() | st.builds(
    Side, st.sampled_from(["open", "won", "lost", "deleted"]), st.decimals(1, 10**6, places=2),
    st.sampled_from([MAY, JUNE, date(2026, 5, 1), date(2026, 4, 30)]), st.sampled_from([1, 2]), st.sampled_from([None, 7, 8]))
views = st.builds(View, st.just(MONTH), st.sampled_from([None, 1]), st.sampled_from([None, frozenset({7})]))


@given(st.lists(st.tuples(sides, sides), max_size=30), views)
def test_reasons_sum_up_to_the_change_exactly(pairs, view):
    reasons, before, after, found = summed_up([(n, *pair) for n, pair in enumerate(pairs)], view)
    assert tuple(reasons) == REASONS
    assert sum(difference for _, difference in reasons.values()) == after - before
    assert before == sum(b.value for b, _ in pairs if view.counts(b))
    assert after == sum(a.value for _, a in pairs if view.counts(a))
    assert len({key for key, _, _ in found}) == len(found) == sum(deals for deals, _ in reasons.values())
    for _, reason, difference in found:
        assert (difference > 0) == (reason in ("new", "moved_in", "value_up")) or reason == "owner"


def test_over_the_api(api, rep, colleague, lead, stages):
    """Ten deals as they were yesterday, and what was done to them today."""
    month, yesterday = month_of(now()), now() - timedelta(days=1)
    day, later = first_day(month).replace(day=15), first_day(month + 1)
    with org_scope(rep.organization):
        def old(value, expected=day, owner=rep):
            return edit.add(rep.organization, lead.pk, {
                "title": f"Worth {value}", "value": value, "expected_close_date": expected, "stage_id": stages["New"].pk,
                "assigned_to_id": owner.pk}, by=rep, at=yesterday)

        won, lost, gone, out, up, down, handed = (old(value) for value in (1, 2, 4, 8, 16, 32, 64))
        moved_in, same = old(128, later), old(256)
        for pk, fields in ((won, {"stage_id": stages["Won"].pk}), (lost, {"stage_id": stages["Lost"].pk}),
                           (out, {"expected_close_date": later}), (up, {"value": 20}), (down, {"value": 30}),
                           (handed, {"assigned_to_id": colleague.pk}), (moved_in, {"expected_close_date": day}),
                           (same, {"stage_id": stages["Proposal"].pk})):
            edit.update(pk, rep.organization, fields, by=rep)
        edit.delete(Deal.objects.filter(pk=gone), by=rep)
    make_deal(lead, by=rep, value=512, expected_close_date=day, assigned_to_id=rep.pk)
    query = {"since": now().date().isoformat(), "period_month": name_of(month)}
    found = api.get("/api/forecast/changes", query).json()["data"]
    assert (found["before"], found["after"], found["difference"]) == (383, 1010, 627)
    assert {row["reason"]: row["difference"] for row in found["reasons"]} == {
        "won": -1, "lost": -2, "deleted": -4, "moved_out": -8, "value_up": 4, "value_down": -2, "moved_in": 128, "new": 512,
        "owner": 0}
    assert found["deals"][0]["reason"] == "new" and len(found["deals"]) == 8
    mine = api.get("/api/forecast/changes", query | {"owner_id": rep.pk}).json()["data"]
    assert {row["reason"]: row["difference"] for row in mine["reasons"]}["owner"] == -64
    weighted = api.get("/api/forecast/changes", query | {"measure": "weighted_value"}).json()["data"]
    assert {row["reason"]: row["difference"] for row in weighted["reasons"]}["value_up"] == 0.2 * 4 + 256 * 0.4
    for wrong in ({"since": "soon"}, {"period_month": "x"}, {"measure": "guess"}, {"owner_id": "x"}):
        assert api.get("/api/forecast/changes", query | wrong).status_code == 400
