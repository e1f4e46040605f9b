from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "leads"

    def ready(self):
        from leads import jobs  # noqa: F401 - recurring jobs
        from leads.columns import COLUMNS
        from leads.filters import LeadFilter
        from leads.models import Lead
        from leads.pages.list import lead_count
        from lio.registry import Module, RailEntry, modules, rail

        modules["lead"] = Module(Lead, LeadFilter, COLUMNS)
        rail.append(RailEntry("Leads", "leads:list", "users", order=10, count=lead_count))
