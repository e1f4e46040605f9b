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
    "lead.restored": "create",
    "lead.absorbed": "update",
    "lead.merged_into": "delete",
    "lead.picture_changed": "update",
    "lead.form_submitted": "update",
    "note.added": "note",
    "note.changed": "note",
    "note.removed": "note",
    "note.restored": "note",
    "document.added": "document",
    "document.removed": "document",
    "document.restored": "document",
    "file.attached": "document",
    "follow_up.added": "follow_up",
    "follow_up.changed": "follow_up",
    "follow_up.completed": "follow_up",
    "follow_up.missed": "follow_up",
    "follow_up.removed": "follow_up",
    "follow_up.restored": "follow_up",
}
PHRASES = {  # verb of the history: what somebody did to leads
    "lead.created": "created",
    "lead.updated": "changed",
    "lead.merged": "captured again",
    "lead.tagged": "tagged",
    "lead.status_changed": "set the status of",
    "lead.assigned": "assigned",
    "lead.deleted": "deleted",
    "lead.restored": "brought back",
    "lead.picture_changed": "changed the picture of",
    "lead.absorbed": "merged other leads into",
    "lead.merged_into": "merged away",
    "lead.form_submitted": "took a form from",
    "note.added": "added a note to",
    "note.changed": "changed a note on",
    "note.removed": "deleted a note from",
    "note.restored": "brought a note back to",
    "document.added": "attached a file to",
    "document.removed": "took a file off",
    "document.restored": "brought a file back to",
    "file.attached": "linked a file to",
    "follow_up.added": "planned a follow-up with",
    "follow_up.changed": "changed a follow-up with",
    "follow_up.completed": "did a follow-up with",
    "follow_up.missed": "noticed a missed follow-up with",
    "follow_up.removed": "took away a follow-up with",
    "follow_up.restored": "brought back a follow-up with",
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
        from leads import companies as of_companies
        from leads import (
            duplicates,
            jobs,  # noqa: F401 - recurring jobs
        )
        from leads import exports as exported
        from leads.columns import COLUMNS
        from leads.filters import LeadFilter
        from leads.models import Lead
        from leads.pages.list import lead_count
        from leads.scoring.training import undo_settings
        from leads.undo import undo_leads
        from leads.web_forms.editing import seed
        from lio.registry import (
            Exported,
            Module,
            RailEntry,
            Subject,
            exports,
            feed_actions,
            feed_phrases,
            modules,
            on_founding,
            rail,
            record_parts,
            renamed,
            subjects,
            undoers,
            unlinks,
            won,
        )

        undoers["lead"] = undo_leads
        undoers["scoresettings"] = undo_settings
        undoers["duplicatepair"] = duplicates.KIT.undo_dismissals
        unlinks["company"].append(of_companies.unlink)
        renamed["company"].append(of_companies.rename)
        record_parts["company"].append(of_companies.section)
        won.append(of_companies.won)
        on_founding.append(seed)

        exports["leads"] = Exported(
            "Leads",
            LeadFilter,
            exported.columns,
            rows=Lead.objects.whole,
            shown=exported.shown,
            keys=exported.keys,
            optional=(exported.REST,),
            module="lead",
            of_view=exported.of_view,
        )
        modules["lead"] = Module(Lead, LeadFilter, COLUMNS)
        rail.append(RailEntry("Leads", "leads:list", "users", order=10, count=lead_count))
        subjects["lead"] = Subject(
            rows=lambda organization: Lead.objects.of(organization).alive(),
            names=names_of_leads,
            url=lambda pk: reverse("leads:view", args=[pk]),
        )
        feed_actions.update(FEED)
        feed_phrases.update(PHRASES)
