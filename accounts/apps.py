from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People and access"

    def ready(self):
        from accounts import jobs, schema  # noqa: F401 - recurring jobs, OpenAPI security schemes
        from lio.registry import RailEntry, rail

        rail.append(RailEntry("Settings", "settings:index", "cog-6-tooth", group="foot", order=100))
