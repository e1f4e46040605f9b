"""The deal that may be made as a lead is converted: what the page asks of it, and what the rule gets (deals/conversion.py)."""

from typing import Any

from deals.conversion import NAME, TITLE, first_stage, likely
from deals.models import DealContact, Stage
from deals.serializers import DealOfLead
from lio.errors import DomainError, Invalid
from lio.forms import Choice, InputForm, Text

WANTED = "make_deal"  # the box to tick


class DealOfLeadForm(InputForm):
    input_class: Any = DealOfLead
    title = Text("Title", maxlength=TITLE)
    value = Text("Value", kind="number", step="0.01", min="1", inputmode="decimal")
    expected_close_date = Text("Expected to close", kind="date")
    stage_id = Choice("Stage")
    role = Choice("The contact's role", choices=DealContact.Role.choices)

    def __init__(self, organization, *args, **kwargs):
        super().__init__(*args, prefix=NAME, **kwargs)
        stages = Stage.objects.of(organization).alive().open().filter(pipeline__deleted_at=None, pipeline__is_active=True)
        stages = list(stages.select_related("pipeline").order_by("pipeline__position", "pipeline_id", "position", "id"))
        many = len({stage.pipeline_id for stage in stages}) > 1
        self.fields["stage_id"].choices = [
            (str(stage.pk), f"{stage.pipeline.name}: {stage.name}" if many else stage.name) for stage in stages]


def show(user, lead, posted, error):
    """The part of the page (lio.registry.conversion_parts)."""
    organization, wanted = user.organization, WANTED in posted
    if wanted:
        form = DealOfLeadForm(organization, posted)
        if form.is_valid() and isinstance(error, DomainError):
            form.blame({name.removeprefix(f"{NAME}."): lines for name, lines in (error.fields or {}).items()
                        if name.startswith(f"{NAME}.")})
    else:
        initial = likely(organization, lead)
        initial["value"] = "" if initial["value"] is None else f"{initial['value']:f}".removesuffix(".00")
        initial |= {"stage_id": _first_stage(organization), "role": DealContact.Role.OTHER.value}
        form = DealOfLeadForm(organization, initial=initial)
    return {"template": "deals/_of_conversion.html", "name": NAME, "form": form, "wanted": wanted,
            "none": not form.fields["stage_id"].choices}


def _first_stage(organization):
    try:
        return str(first_stage(organization))
    except Invalid:
        return ""


def read(posted):
    """What was asked for, as the API takes it; None without the tick."""
    if WANTED not in posted:
        return None
    given = {name: posted.get(f"{NAME}-{name}", "").strip() for name in DealOfLeadForm.base_fields}
    return {name: text for name, text in given.items() if text}
