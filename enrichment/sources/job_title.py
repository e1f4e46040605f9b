"""What the job title says of a person."""

from enrichment import titles
from enrichment.sources.base import Builtin, found
from integrations.ports import PERSON, Finding, Found, Query


class JobTitle(Builtin):
    name = "job_title"

    def find(self, query: Query, known: list[Finding]) -> Found:
        """Seniority, department and part in a decision to buy."""
        title = titles.read(query.job_title)
        if query.kind != PERSON or not title.seniority:
            return found([], "No job title says what the person does.")
        findings = []
        if title.seniority != titles.PROFESSIONAL:  # else no word of the title tells a rank
            why, sure = f"title says “{title.seniority_said or query.job_title}”", 0.8 if title.sure else 0.65
            findings.append(self.says(PERSON, "seniority", title.seniority, sure, why))
            findings.append(self.says(PERSON, "decision_maker", title.decision_maker, sure - 0.1, why))
        if title.department != titles.OTHER or title.department_said:
            why = f"title says “{title.department_said or query.job_title}”"
            findings.append(self.says(PERSON, "department", title.department, 0.75, why))
        return found(findings, "No word of the job title tells a rank or a department.")
