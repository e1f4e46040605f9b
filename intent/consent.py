"""Whom an organisation may write to. Every rule that sends asks here first."""

from leads.models import Lead
from lio.norms import norms


def may_contact(organization, emails):
    """{address as given: whether it may be written to}.

    An address is left alone when a living lead with it says so; where no living lead has it, when a deleted one did.
    """
    wanted = {email: norms({"email": email}).get("email_norm") for email in emails}
    rows = Lead.objects.of(organization).filter(email_norm__in={norm for norm in wanted.values() if norm})
    refusing = list(rows.filter(do_not_contact=True).values_list("email_norm", "deleted_at"))
    if not refusing:
        return dict.fromkeys(wanted, True)
    living = set(rows.alive().filter(email_norm__in={norm for norm, _ in refusing}).values_list("email_norm", flat=True))
    refused = {norm for norm, deleted_at in refusing if deleted_at is None or norm not in living}
    return {email: norm not in refused for email, norm in wanted.items()}
