"""Migration operations of the second wall: row level security and composite foreign keys.

`Wall("leads_lead")` puts a table behind row level security, for its owner too, with the open organisation as the only
visible one. `OwnedKeys("leads_lead")` replaces each plain foreign key between two walled tables by a composite one, so that
the database itself refuses a row that points into another organisation (a plain foreign key looks through the wall).
"""

from django.db.migrations.operations import RunSQL

# `nullif`: after a transaction the setting is '' and not NULL.
HERE = "organization_id = nullif(current_setting('app.org', true), '')::bigint"


def Wall(table, *, unique=True):  # noqa: N802 - a migration operation, named like Django's own
    """Row level security on `table`; with `unique`, also the (organization_id, id) that composite keys point to."""
    put_up = f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY org_wall ON {table} USING ({HERE}) WITH CHECK ({HERE});
    """
    take_down = f"""
        DROP POLICY org_wall ON {table};
        ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
    """
    if unique:
        put_up += f"ALTER TABLE {table} ADD CONSTRAINT {table}_org_id UNIQUE (organization_id, id);"
        take_down += f"ALTER TABLE {table} DROP CONSTRAINT {table}_org_id;"
    return RunSQL(put_up, take_down)


def OwnedKey(table, column, target, *, on_delete="NO ACTION"):  # noqa: N802
    """Foreign key (organization_id, column) -> target (organization_id, id), checked at commit.

    The model's field says `db_constraint=False`, so this is the only constraint of the column. `on_delete` may be
    "SET NULL", which empties `column` alone.
    """
    name = f"{table}_{column}_owned"
    action = f"SET NULL ({column})" if on_delete == "SET NULL" else on_delete
    return RunSQL(
        f"""ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (organization_id, {column})
            REFERENCES {target} (organization_id, id) ON DELETE {action} DEFERRABLE INITIALLY DEFERRED;""",
        f"ALTER TABLE {table} DROP CONSTRAINT {name};",
    )


def Function(name, arguments, body):  # noqa: N802
    """A function that may look over the wall (SECURITY DEFINER, fixed search_path, not for PUBLIC).

    `body` is everything after the argument list. Each such function is reviewed: it must check the open scope itself.
    The roles that may call it come from the default privileges that lio/grants.py sets.
    """
    return RunSQL(
        f"CREATE FUNCTION {name}({arguments}) {body}; REVOKE ALL ON FUNCTION {name}({arguments}) FROM PUBLIC;",
        f"DROP FUNCTION {name}({arguments});",
    )
