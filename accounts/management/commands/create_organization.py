"""`manage.py create_organization`: a new organisation with one Admin, as one JSON object on standard output."""

import json

from django.core.management.base import BaseCommand, CommandError

from accounts import founding, keys
from lio.errors import DomainError
from lio.tenancy import org_scope


class Command(BaseCommand):
    help = "Make an organization with one Admin; print its ids (and an API key) as JSON."

    def add_arguments(self, parser):
        parser.add_argument("--name", required=True)
        parser.add_argument("--admin-email", required=True)
        parser.add_argument("--admin-password", required=True)
        parser.add_argument("--with-api-key", action="store_true")

    def handle(self, *, name, admin_email, admin_password, with_api_key, **options):
        if not name.strip() or len(name) > 120:
            raise CommandError("--name must have 1 to 120 characters.")
        if not 8 <= len(admin_password) <= 128:
            raise CommandError("--admin-password must have 8 to 128 characters.")
        try:
            organization, admin = founding.found(name.strip(), admin_email=admin_email, admin_password=admin_password)
            key = None
            if with_api_key:
                with org_scope(organization):
                    _, key = keys.create(organization, name="First key", by=admin)
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            json.dumps({"organization_id": organization.public_id, "user_id": admin.pk, "email": admin.email, "api_key": key})
        )
