"""Leads in and out of files: reading other people's tables, pushing them to a server, imports and exports."""
