"""What was held back: looked at by members, taken after all, thrown away, or forgotten after 30 days."""

from django.db import transaction

from leads.web_forms import answering, submitting
from leads.web_forms.models import HeldSubmission
from lio import history
from lio.errors import Missing


@transaction.atomic
def release(pk, organization, *, by):
    """Take a held submission after all, as it was sent. Answers the lead's id. Raises Invalid or Conflict."""
    row = HeldSubmission.objects.of(organization).select_for_update(of=("self",)).select_related("form").filter(pk=pk).first()
    if row is None:
        raise Missing()
    answers = answering.read(row.form, organization, row.sent)
    lead_id = submitting.take(row.form, organization, answers, row.about, by=by)
    row.delete()
    return lead_id


@transaction.atomic
def discard(rows, *, by):
    """Throw held submissions away. Answers how many."""
    gone = list(rows.select_for_update(of=("self",)).values_list("pk", "form_id", "reason"))
    rows.filter(pk__in=[pk for pk, _, _ in gone]).delete()
    for form_id in sorted({form_id for _, form_id, _ in gone}):
        count = sum(one == form_id for _, one, _ in gone)
        history.record("web_form.held_discarded", ("webform", form_id), by=by, after={"discarded": count})
    return len(gone)
