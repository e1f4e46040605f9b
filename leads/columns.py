"""What a table of leads can show."""

COLUMNS = {
    "job_title": "Title", "company": "Company", "status": "Status", "score": "Score", "lead_source": "Source",
    "estimated_value": "Value", "assigned_to": "Owner", "last_activity_at": "Activity", "email": "Email",
    "phone_number": "Phone", "priority": "Priority", "tags": "Tags", "industry": "Industry", "website": "Website",
    "linkedin_url": "LinkedIn", "city": "City", "state": "State", "country": "Country", "created_at": "Created",
    "updated_at": "Changed", "do_not_contact": "Do not contact",
}
DEFAULT = ("job_title", "company", "status", "score", "lead_source", "estimated_value", "assigned_to", "last_activity_at")
