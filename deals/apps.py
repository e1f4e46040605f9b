from django.apps import AppConfig
from django.urls import reverse

FEED = {  # verb of the history: what the feed calls it
    "deal.created": "create",
    "deal.updated": "update",
    "deal.moved": "status_change",
    "deal.won": "status_change",
    "deal.lost": "status_change",
    "deal.reopened": "status_change",
    "deal.assigned": "assignment",
    "deal.contact_changed": "update",
    "deal.deleted": "delete",
    "deal.restored": "create",
    "pipeline.created": "create",
    "pipeline.updated": "update",
    "pipeline.deleted": "delete",
    "pipeline.restored": "create",
}
PHRASES = {  # verb of the history: what somebody did to deals
    "deal.created": "created",
    "deal.updated": "changed",
    "deal.moved": "moved",
    "deal.won": "won",
    "deal.lost": "lost",
    "deal.reopened": "reopened",
    "deal.assigned": "assigned",
    "deal.contact_changed": "changed a contact of",
    "deal.deleted": "deleted",
    "deal.restored": "brought back",
    "pipeline.created": "created",
    "pipeline.updated": "changed",
    "pipeline.deleted": "deleted",
    "pipeline.restored": "brought back",
}


def names_of(model, column):
    def names(organization, ids):
        return dict(model.objects.of(organization).filter(pk__in=ids).values_list("pk", column))

    return names


class DealsConfig(AppConfig):
    name = "deals"

    def ready(self):
        from deals import companies, conversion, edit, exports, news, pipelines
        from deals.columns import COLUMNS
        from deals.filters import DealFilter
        from deals.forecast import jobs, lists  # noqa: F401 - recurring jobs, models
        from deals.forecast.snapshots import snapshot_changed
        from deals.models import Deal, Pipeline
        from deals.pages import converting, sections
        from deals.undo import undo_deals, undo_pipelines, undo_quotas
        from leads import exports as of_leads
        from leads.filters import LeadFilter
        from lio import registry
        from lio.registry import Exported, Module, Subject

        news.changed.append(snapshot_changed)
        registry.on_founding.append(pipelines.seed)
        registry.on_conversion.append(conversion.follow)
        registry.conversion_parts.append(registry.ConversionPart("deal", converting.show, converting.read))
        registry.unlinks["lead"].append(edit.delete_of_leads)
        registry.won.append(companies.won)
        registry.record_parts["lead"].append(sections.of_lead)
        registry.record_parts["company"].append(sections.of_company)
        registry.record_parts["contact"].append(sections.of_contact)
        registry.undoers |= {"deal": undo_deals, "pipeline": undo_pipelines, "quota": undo_quotas}
        registry.modules["deal"] = Module(Deal, DealFilter, COLUMNS)
        registry.exports["deals"] = Exported(
            "Deals",
            DealFilter,
            exports.columns,
            rows=Deal.objects.whole,
            shown=exports.shown,
            keys=exports.keys,
            optional=(exports.REST,),
            module="deal",
            of_view=exports.of_view,
        )
        registry.exports["clients"] = Exported(
            "Clients",
            LeadFilter,
            of_leads.columns,
            rows=exports.clients,
            shown=of_leads.shown,
            keys=of_leads.keys,
            optional=(of_leads.REST,),
            module="lead",
            of_view=of_leads.of_view,
        )
        registry.subjects["deal"] = Subject(
            rows=lambda organization: Deal.objects.of(organization).alive(),
            names=names_of(Deal, "title"),
            url=lambda pk: reverse("deals:view", args=[pk]),
        )
        registry.subjects["pipeline"] = Subject(
            rows=lambda organization: Pipeline.objects.of(organization).alive(),
            names=names_of(Pipeline, "name"),
            url=lambda pk: reverse("settings:pipeline", args=[pk]),
        )
        registry.rail.append(registry.RailEntry("Deals", "deals:home", "view-columns", order=14))
        registry.rail.append(
            registry.RailEntry("Forecast", "forecast:home", "presentation-chart-line", group="Insight", order=40))
        registry.feed_actions |= FEED
        registry.feed_phrases |= PHRASES
