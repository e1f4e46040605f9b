"""A lead becomes a contact: the contact gets a say in the lead's deals, and a deal may be made at the same time.

The deals' company is the lead's, so it is the one of the conversion without anything to be done.
"""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.timezone import now
from rest_framework.exceptions import ValidationError

from deals import contacts, edit
from deals.models import Deal, DealContact, Stage
from deals.serializers import DealOfLead, attributes
from lio.api.fields import NoSuchRecord
from lio.errors import Invalid, Missing

NAME = "deal"  # among what further is made of a lead
LEAST = Decimal(1)  # of a deal's value
CLOSES_IN = timedelta(days=30)  # unless it is said when a deal is expected to close
TITLE = 50


def follow(organization, leads, conversions, further, *, by):
    """What deals do when leads are converted (lio.registry.on_conversion); `further["deal"]` asks for a deal of the one lead.

    Its fields are those of `lead/deal/add`, none of them required, and `role` of the contact; with `further["ask"]` it must
    have what its stage requires. Raises Invalid and Missing, which name the fields `deal.<name>`.
    """
    further = further or {}
    if further.get(NAME) is not None:
        (lead,), (done,) = leads, conversions
        done.further["deal_id"] = _make(organization, lead, done, further[NAME], ask=further.get("ask", False), by=by)
    contact_of = {done.lead_id: done.contact_id for done in conversions}
    rows = Deal.objects.of(organization).alive().filter(lead__in=contact_of).order_by("pk")
    locked = rows.select_for_update(of=("self",), no_key=True).values_list("pk", "lead_id")
    contacts.put_many(organization, {pk: contact_of[lead_id] for pk, lead_id in locked}, by=by)


def _make(organization, lead, done, asked, *, ask, by):
    try:
        given = {name: value for name, value in DealOfLead.read(asked).items() if value not in (None, "")}
        role = given.pop("role", DealContact.Role.OTHER)
        likely_is = likely(organization, lead) if "amount" not in given else likely(organization, lead) | {"value": None}
        values = likely_is | attributes(organization, given, new=True)
        if "stage_id" not in values:
            values["stage_id"] = first_stage(organization, values.get("pipeline_id"))
        if values["value"] is None and values.get("amount") is None:
            raise Invalid({"value": ["is required: the lead has no estimated value"]})
        deal_id = edit.add(organization, lead.pk, values, ask=ask, by=by)
    except NoSuchRecord as error:
        raise NoSuchRecord(*_named(error.fields)) from error
    except ValidationError as error:
        raise ValidationError(_named(error.detail)) from error
    except (Invalid, Missing) as error:
        error.fields = _named(error.fields or {})
        raise
    contacts.put_many(organization, {deal_id: done.contact_id}, role=role, by=by)
    return deal_id


def likely(organization, lead):
    """What a deal of this lead is unless it is said otherwise, as model attributes."""
    day = now().astimezone(ZoneInfo(organization.timezone)).date()
    worth = lead.estimated_value if (lead.estimated_value or 0) >= LEAST else None
    return {"title": str(lead.company or lead)[:TITLE], "value": worth, "expected_close_date": day + CLOSES_IN}


def first_stage(organization, pipeline_id=None):
    """Id of the first open stage of a pipeline, or of the first active one. Raises Invalid."""
    stages = Stage.objects.of(organization).alive().open().filter(pipeline__deleted_at=None)
    stages = stages.filter(pipeline=pipeline_id) if pipeline_id else stages.filter(pipeline__is_active=True)
    ids = stages.order_by("pipeline__position", "pipeline_id", "position", "id").values_list("pk", flat=True)
    if (found := ids.first()) is None:
        raise Invalid({"stage_id": ["is required: no pipeline has an open stage"]})
    return found


def _named(fields):
    return {f"{NAME}.{name}": complaints for name, complaints in fields.items()}
