"""The Django admin of LIO: for operators, inside one organisation at a time.

site.py opens the scope and lets only scoped pages in, base.py is what every page of records does, kit.py shows the kit's own
tables. Apps add theirs in their admin.py.
"""

from django.contrib.admin.apps import AdminConfig


class LioAdminConfig(AdminConfig):
    default_site = "lio.admin.site.LioAdminSite"

    def ready(self):
        super().ready()
        from lio.admin import kit  # noqa: F401 - registers the kit's tables
