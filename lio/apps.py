from django.apps import AppConfig
from django.db.models.signals import pre_migrate


class LioConfig(AppConfig):
    name = "lio"
    verbose_name = "LIO"

    def ready(self):
        from lio import checks, housekeeping  # noqa: F401 - registers checks and recurring jobs
        from lio.grants import grant_defaults

        pre_migrate.connect(grant_defaults, sender=self)
