"""Pages about access: the door (door.py), oneself (me.py), the organisation's people, roles, keys and log (team.py)."""
