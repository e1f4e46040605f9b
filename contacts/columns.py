"""What a table of contacts can show."""

COLUMNS = {
    "designation": "Title", "company": "Company", "email": "Email", "phone_number": "Phone", "status": "Status",
    "lead_score": "Score", "tags": "Tags", "seniority": "Seniority", "department": "Department",
    "decision_maker": "Decision maker", "linkedin_url": "LinkedIn", "city": "City", "country": "Country",
    "company_since": "At the company since", "last_activity_at": "Activity", "created_at": "Created", "updated_at": "Changed",
}
DEFAULT = ("designation", "company", "email", "phone_number", "status", "lead_score", "tags", "last_activity_at")
