from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People and access"

    def ready(self):
        from accounts import jobs, schema  # noqa: F401 - recurring jobs, OpenAPI security schemes
