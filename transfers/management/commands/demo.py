"""`manage.py demo`: loads the demo once and tells how to sign in. Never in production."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from transfers import demo


class Command(BaseCommand):
    help = "Load a demo organization, unless there is an organization already; print its sign-in."

    def handle(self, **options):
        if settings.PRODUCTION:
            raise CommandError("The demo has a known password; it is not for production.")
        if demo.load():
            self.stdout.write(f"Demo loaded: {demo.SIZE} leads.")
        if User.objects.filter(email=demo.EMAIL).exists():
            self.stdout.write(f"Sign in as {demo.EMAIL} with the password {demo.PASSWORD}")
