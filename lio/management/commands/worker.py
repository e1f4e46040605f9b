"""`manage.py worker`: runs background jobs until it is stopped. Any number may run, on any number of machines."""

from django.core.management.base import BaseCommand

from lio.startup import refuse_weak_walls
from lio.worker import Worker


class Command(BaseCommand):
    help = "Run background jobs (django-q2 under a supervisor)."

    def handle(self, **options):
        refuse_weak_walls()
        Worker().run()
