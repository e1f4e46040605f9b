"""`manage.py database_roles`: the SQL that an administrator runs once on a PostgreSQL server of his own."""

from typing import Any, ClassVar

from django.core.management.base import BaseCommand

from lio.embedded.cluster import ROLES_SQL


class Command(BaseCommand):
    help = "Print the SQL that makes LIO's three roles, its database and the grants; its first lines say how to run it."
    requires_system_checks: ClassVar[list[str]] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(ROLES_SQL.read_text(), ending="")
