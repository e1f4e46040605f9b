from django.apps import AppConfig
from django.urls import reverse

FEED = {  # verb of the history: what the feed calls it
    "lead.created": "create",
    "lead.updated": "update",
    "lead.merged": "update",
    "lead.tagged": "update",
    "lead.status_changed": "status_change",
    "lead.assigned": "assignment",
    "lead.deleted": "delete",
    "lead.picture_changed": "update",
    "note.added": "note",
    "note.changed": "note",
    "note.removed": "note",
    "document.added": "document",
    "document.removed": "document",
    "file.attached": "document",
    "follow_up.added": "follow_up",
    "follow_up.changed": "follow_up",
    "follow_up.completed": "follow_up",
    "follow_up.missed": "follow_up",
}


def names_of_leads(organization, ids):
    from leads.models import Lead

    return {
        lead.pk: str(lead)
        for lead in Lead.objects.of(organization).filter(pk__in=ids).only("first_name", "last_name", "email", "phone_number")
    }


class LeadsConfig(AppConfig):
    name = "leads"

    def ready(self):
        from leads import jobs  # noqa: F401 - recurring jobs
        from leads.columns import COLUMNS
        from leads.filters import LeadFilter
        from leads.models import Lead
        from leads.pages.list import lead_count
        from leads.undo import undo_leads
        from leads.web_forms.editing import seed
        from lio.registry import Module, RailEntry, Subject, feed_actions, modules, on_founding, rail, subjects, undoers

        undoers["lead"] = undo_leads
        on_founding.append(seed)

        modules["lead"] = Module(Lead, LeadFilter, COLUMNS)
        rail.append(RailEntry("Leads", "leads:list", "users", order=10, count=lead_count))
        subjects["lead"] = Subject(
            rows=lambda organization: Lead.objects.of(organization).alive(),
            names=names_of_leads,
            url=lambda pk: reverse("leads:view", args=[pk]),
        )
        feed_actions.update(FEED)
