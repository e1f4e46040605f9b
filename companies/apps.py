from django.apps import AppConfig


class CompaniesConfig(AppConfig):
    name = "companies"

    def ready(self):
        from companies.models import Company
        from lio.registry import Subject, feed_actions, feed_phrases, subjects

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
