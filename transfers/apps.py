from django.apps import AppConfig


class TransfersConfig(AppConfig):
    name = "transfers"
    verbose_name = "Imports and exports"

    def ready(self):
        from lio.registry import at_work
        from transfers import jobs  # noqa: F401 - recurring jobs
        from transfers.imports import is_going_on

        at_work.append(is_going_on)
