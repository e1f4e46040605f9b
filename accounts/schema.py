"""The two credentials, for the OpenAPI description."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.authentication.BearerToken"
    name = "bearer"

    def get_security_definition(self, auto_schema):
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                "description": "The `access_token` that signing in (`/api/auth/login`) answers with; it lives 30 days."}


class KeyScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.authentication.KeyHeader"
    name = "api_key"

    def get_security_definition(self, auto_schema):
        return {"type": "apiKey", "in": "header", "name": "x-api-key",
                "description": "A key made under Settings, API keys. Taken where leads come in, nowhere else."}
