"""`manage.py create_api_key`: a key for an organisation, as one JSON object on standard output."""

import json

from django.core.management.base import BaseCommand, CommandError

from accounts import keys
from accounts.models import Organization
from lio.errors import DomainError
from lio.tenancy import org_scope


class Command(BaseCommand):
    help = "Make an API key; print its id and the key, which is shown this once, as JSON."

    def add_arguments(self, parser):
        parser.add_argument("--organization-id", required=True, help="org_... as create_organization prints it")
        parser.add_argument("--name", required=True)
        parser.add_argument("--domain", action="append", default=[], help="allowed domain; may be given several times")
        parser.add_argument(
            "--ip", action="append", default=[], help="allowed address or CIDR range; may be given several times"
        )

    def handle(self, *, organization_id, name, domain, ip, **options):
        organization = Organization.objects.filter(public_id=organization_id).first()
        if organization is None:
            raise CommandError(f"There is no organization {organization_id}.")
        if not 1 <= len(name.strip()) <= 100:
            raise CommandError("--name must have 1 to 100 characters.")
        try:
            with org_scope(organization):
                row, key = keys.create(organization, name=name.strip(), allowed_domains=domain, allowed_ips=ip)
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps({"id": row.pk, "api_key": key}))
