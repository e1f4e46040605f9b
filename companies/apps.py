from django.apps import AppConfig
from django.urls import reverse

FEED = {  # verb of the history: what the feed calls it
    "company.created": "create",
    "company.updated": "update",
    "company.tagged": "update",
    "company.logo_changed": "update",
    "company.deleted": "delete",
    "company.restored": "create",
    "company.absorbed": "update",
    "company.merged_into": "delete",
}
PHRASES = {  # verb of the history: what somebody did to companies
    "company.created": "created",
    "company.updated": "changed",
    "company.tagged": "tagged",
    "company.logo_changed": "changed the logo of",
    "company.deleted": "deleted",
    "company.restored": "brought back",
    "company.absorbed": "merged other companies into",
    "company.merged_into": "merged away",
}


class CompaniesConfig(AppConfig):
    name = "companies"

    def ready(self):
        from companies import duplicates, jobs, merge  # noqa: F401 - recurring jobs
        from companies import exports as exported
        from companies.columns import COLUMNS
        from companies.filters import CompanyFilter
        from companies.models import Company
        from companies.pages.duplicates import Companies, likest
        from lio.registry import (
            Exported,
            Module,
            RailEntry,
            Subject,
            exports,
            feed_actions,
            feed_phrases,
            modules,
            rail,
            record_parts,
            subjects,
            undoers,
        )
        from lookups.duplicate_pages import section

        subjects["company"] = Subject(
            rows=lambda organization: Company.objects.of(organization).alive(),
            names=lambda organization, ids: dict(
                Company.objects.of(organization).filter(pk__in=ids).values_list("pk", "company_name")
            ),
            url=lambda pk: reverse("companies:view", args=[pk]),
            plural="companies",
        )
        feed_actions.update(FEED)
        feed_phrases.update(PHRASES)
        record_parts["company"] += [section(Companies, "duplicates"), likest]
        undoers["company"] = merge.undo
        undoers["companypair"] = duplicates.KIT.undo_dismissals
        modules["company"] = Module(Company, CompanyFilter, COLUMNS)
        rail.append(RailEntry("Companies", "companies:list", "building-office-2", order=11))
        exports["companies"] = Exported(
            "Companies",
            CompanyFilter,
            exported.columns,
            rows=Company.objects.whole,
            shown=exported.shown,
            keys=exported.keys,
            optional=(exported.REST,),
            module="company",
            of_view=exported.of_view,
        )
