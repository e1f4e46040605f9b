import pytest

from deals.models import Deal, Stage
from lio.tenancy import org_scope
from tests.factories import make_deal, make_lead


@pytest.fixture
def lead(rep):
    return make_lead(rep.organization, by=rep, email="jane@example.net", assigned_to_id=rep.pk)


@pytest.fixture
def stages(rep):
    """{name: stage} of the pipeline that the organisation started with."""
    with org_scope(rep.organization):
        return {stage.name: stage for stage in Stage.objects.of(rep.organization).select_related("pipeline")}


@pytest.fixture
def pipeline(stages):
    return stages["New"].pipeline


@pytest.fixture
def deal(lead, rep):
    return make_deal(lead, by=rep)


@pytest.fixture
def stored(rep):
    """A deal as the database has it now."""

    def read(deal_id):
        with org_scope(rep.organization):
            return Deal.objects.select_related("stage", "lead__status").get(pk=deal_id)

    return read
