"""`manage.py create_platform_staff`: somebody who runs the installation and, in the admin, chooses an organisation first."""

import json

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.members import check_email_is_free, check_password
from accounts.models import User
from lio.errors import DomainError


class Command(BaseCommand):
    help = "Make an account that belongs to no organization and may enter each one in the admin; print it as JSON."

    def add_arguments(self, parser):
        parser.add_argument("--email", required=True)
        parser.add_argument("--password", required=True)
        parser.add_argument("--name", default="Platform staff")

    @transaction.atomic
    def handle(self, *, email, password, name, **options):
        try:
            email = check_email_is_free(email)
            check_password(password, User(email=email, first_name=name[:50]))
        except DomainError as error:
            raise CommandError(str(error)) from error
        user = User.objects.create_user(email, password, first_name=name[:50], is_platform_staff=True)
        self.stdout.write(json.dumps({"user_id": user.pk, "email": user.email}))
