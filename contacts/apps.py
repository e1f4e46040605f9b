from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"

    def ready(self):
        from contacts.models import Contact
        from lio.registry import Subject, subjects

        subjects["contact"] = Subject(
            rows=lambda organization: Contact.objects.of(organization).alive(),
            names=lambda organization, ids: dict(
                Contact.objects.of(organization).filter(pk__in=ids).values_list("pk", "name")
            ),
            url=lambda pk: "",
        )
