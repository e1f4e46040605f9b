#!/usr/bin/env python3
"""Command line of LIO. Commands that change the schema run as the owner role, all others as the app role."""

import os
import sys

OWNER_COMMANDS = {"migrate", "makemigrations", "sqlmigrate", "showmigrations", "squashmigrations", "optimizemigration"}
WITHOUT_DATABASE = {"help", "version", "--version", "--help", "check", "makemigrations", "database_roles", "push_leads",
                    "collectstatic", "findstatic", "spectacular", "run"}


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lio.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command in OWNER_COMMANDS:
        os.environ["LIO_DATABASE_ROLE"] = "owner"
    if command not in WITHOUT_DATABASE and not os.environ.get("DATABASE_URL"):
        from lio.embedded import ensure_running

        if os.environ.get("LIO_ENV", "development") != "production":
            ensure_running()

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
