from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "leads"

    def ready(self):
        from leads import jobs  # noqa: F401 - recurring jobs
        from leads.pages.list import lead_count
        from leads.undo import undo_leads
        from lio.registry import RailEntry, rail, undoers

        undoers["lead"] = undo_leads

        rail.append(RailEntry("Leads", "leads:list", "users", order=10, count=lead_count))
