"""The signals of the demo."""

from accounts.models import User
from intent import heat
from intent.models import Signal
from lio.tenancy import org_scope
from tests.factories import make_lead
from transfers.demo_signals import make_signals


def test_some_are_hot_some_answered_and_all_have_happened(rep, colleague):
    for n in range(6):
        make_lead(rep.organization, assigned_to_id=(rep if n % 2 else colleague).pk)
    with org_scope(rep.organization):
        make_signals(rep.organization, User.objects.get(pk=rep.pk))
        rows = list(Signal.objects.all())
        hot = heat.hot_leads(rep.organization.pk)
    assert len(hot) == 6 and {one["open"] > 0 for one in hot} == {True, False}
    assert all(row.created_at == row.occurred_at for row in rows)
    assert all(row.acknowledged_at >= row.occurred_at for row in rows if row.acknowledged_at)
    assert len({row.occurred_at.date() for row in rows}) > 3
