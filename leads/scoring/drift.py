"""When the leads that come in are no longer those that a model has learned from: who is told, and when it is given up.

Above training.MOVED the admins are told, once for each model. The model stays while it says more than the written weights
do of leads that came in after it had learned and are closed by now; else the written weights take over, and what is learned
next looks only at leads that came in since.
"""

from django.db import transaction
from django.urls import reverse
from django.utils.timezone import now

from accounts.models import User
from activity.notify import Notice, notify
from leads.scoring import measures, training
from leads.scoring.model import chance, written_model
from leads.scoring.models import ScoreModel


@transaction.atomic
def act(organization):
    """Do what the drift that was seen last (ScoreSettings.watched) asks for. Answers whether the model was given up."""
    settings = training.stored_settings(organization)
    row = ScoreModel.objects.of(organization).filter(is_active=True).select_for_update().first()
    if row is None or settings.watched.get("drift", 0) <= training.MOVED:
        return False
    losses = compared(organization, row)
    is_worse = losses is not None and losses["written"] < losses["model"] * (1 - training.GAIN)
    if is_worse:
        row.is_active, row.retired_at, row.drifted_at = False, now(), now()
        row.save(update_fields=["is_active", "retired_at", "drifted_at"])
    if is_worse or settings.watched.get("told_of") != str(row):
        tell(row, settings.watched["drift"], is_worse)
    settings.watched |= {"told_of": str(row)} | ({"given_up": str(row)} if is_worse else {})
    settings.save(update_fields=["watched"])
    return is_worse


def compared(organization, row):
    """{"model", "written": log-loss} on closed leads that came in after the model had learned; None while these are few."""
    _, labels, leads = training.closed_leads(since=row.created_at)
    won = sum(labels)
    if len(labels) < training.ENOUGH or min(won, len(labels) - won) < training.OF_EACH:
        return None
    losses = {}
    for name, model in (("model", training.model_of(row)), ("written", written_model())):
        losses[name] = measures.log_loss([(chance(model.fit(facts)[0]), label)
                                          for facts, label in zip(leads, labels, strict=True)])
    return losses


def tell(row, drift, is_given_up):
    people = User.objects.of(row.organization_id).active().filter(role__permissions__contains=["organization.manage"])
    happened = (
        f"{row} says less of them than the written weights do: these are used until there is enough to learn from."
        if is_given_up else f"{row} stays in use; see whether a field is filled in another way than before.")
    message = f"They differ by {drift:.2f} from those that the scores have learned from ({training.MOVED} is much). {happened}"
    notify("scores_drifted", [Notice(pk, "Your leads have changed", message, reverse("settings:score"))
                              for pk in people.order_by("pk").values_list("pk", flat=True)])
