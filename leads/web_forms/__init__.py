"""Hosted forms: pages of an organisation that anybody can fill in, and what comes of it (section 8.3)."""
