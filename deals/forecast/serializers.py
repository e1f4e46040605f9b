"""What may be asked of the forecast, in addresses (400 where it makes no sense) and in bodies (422)."""

from rest_framework.exceptions import NotFound, ValidationError

from accounts.models import Team, User
from deals.forecast.changes import MEASURES
from deals.forecast.days import today
from deals.forecast.filters import DayField, MonthField
from deals.forecast.months import PERIODS, month_of
from deals.models import Pipeline
from lio.api.envelope import BadParameter
from lio.api.fields import Money, Owned, Text, Whole
from lio.api.serializers import Input


class OneOf(Text):
    """One of a few words."""

    def __init__(self, words, **options):
        super().__init__(max_length=20, **options)
        self.words = tuple(words)

    def to_internal_value(self, data):
        if data not in self.words:
            raise ValidationError(f"must be one of {', '.join(self.words)}")
        return data


class Query(Input):
    """Parameters of an address: empty ones count as not sent."""

    @classmethod
    def ask(cls, params):
        """The validated values by name. Raises BadParameter, NotFound for a record that is not there."""
        try:
            return cls.read({name: value for name, value in params.items() if value != ""})
        except NotFound:
            raise
        except ValidationError as error:
            raise BadParameter(error.detail) from None


class AskPipeline(Query):
    period = OneOf(PERIODS, required=False, default="monthly")
    months = Whole(min_value=1, max_value=24, required=False, default=6)
    pipeline_id = Owned(Pipeline, source="pipeline", required=False)
    owner_id = Owned(User, source="owner", required=False, alive=False)
    team_id = Owned(Team, source="team", required=False, alive=False)


class AskHistory(Query):
    limit = Whole(min_value=1, max_value=365, required=False, default=30)


class AskAccuracy(Query):
    months = Whole(min_value=1, max_value=24, required=False, default=6)
    pipeline_id = Owned(Pipeline, source="pipeline", required=False)
    until = MonthField(required=False)
    format = OneOf(("json", "csv"), required=False, default="json")

    def validate_until(self, month):
        """What is not over yet cannot be scored."""
        if month >= month_of(today()):
            raise ValidationError("must be a month that is over, like 2026-06")
        return month


class AskChanges(Query):
    since = DayField()
    period_month = MonthField()
    pipeline_id = Owned(Pipeline, source="pipeline", required=False)
    owner_id = Owned(User, source="owner", required=False, alive=False)
    team_id = Owned(Team, source="team", required=False, alive=False)
    measure = OneOf(MEASURES, required=False, default="total_value")


class AskGoals(Query):
    month = MonthField(required=False)


class SetQuota(Input):
    month = MonthField()
    amount = Money(allow_null=True)
    owner_id = Owned(User, source="owner", required=False, allow_null=True, alive=False)
    team_id = Owned(Team, source="team", required=False, allow_null=True, alive=False)
    pipeline_id = Owned(Pipeline, source="pipeline", required=False, allow_null=True)
