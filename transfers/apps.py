from django.apps import AppConfig


class TransfersConfig(AppConfig):
    name = "transfers"
    verbose_name = "Imports and exports"

    def ready(self):
        from transfers import jobs  # noqa: F401 - recurring jobs
