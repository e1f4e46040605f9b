from django.apps import AppConfig


class LookupsConfig(AppConfig):
    name = "lookups"
    verbose_name = "Pick lists"

    def ready(self):
        from lio.registry import on_founding
        from lookups.seeds import seed

        on_founding.append(seed)
