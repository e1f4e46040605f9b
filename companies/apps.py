from django.apps import AppConfig


class CompaniesConfig(AppConfig):
    name = "companies"

    def ready(self):
        from companies.filters import CompanyFilter
        from companies.models import Company
        from lio.registry import Exported, Subject, exports, feed_actions, feed_phrases, subjects
        from lio.spreadsheet import columns_of

        subjects["company"] = Subject(
            rows=lambda organization: Company.objects.of(organization).alive(),
            names=lambda organization, ids: dict(
                Company.objects.of(organization).filter(pk__in=ids).values_list("pk", "company_name")
            ),
            url=lambda pk: "",
            plural="companies",
        )
        feed_actions["company.created"] = "create"
        feed_phrases["company.created"] = "created"
        exports["companies"] = Exported(
            "Companies",
            CompanyFilter,
            lambda organization, keys=(): columns_of(Company.objects.rows()),
            rows=Company.objects.whole,
        )
