"""People Data Labs: people and companies by what is known of them (docs.peopledatalabs.com)."""

from integrations.ports import Found


class PeopleDataLabs:
    name = provider = "pdl"

    def __init__(self, key, *, cost=1, min_likelihood=6):
        self.key, self.cost, self.min_likelihood = key, cost, min_likelihood

    def find(self, query, known):
        """One look-up; a credit for a hit. Raises Passing and Permanent."""
        return Found()
