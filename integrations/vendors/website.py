"""A company's own website as a source of facts about it."""

from integrations.ports import Found


class Website:
    name = provider = "website"
    cost = 0

    def find(self, query, known):
        """What the company's home page, and one page about or to contact it, say of it."""
        return Found()
