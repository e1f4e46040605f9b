"""What a table of meetings can show."""

COLUMNS = {
    "start_time": "When", "status": "Status", "user_id": "Host", "lead_id": "Lead", "contact_id": "Contact",
    "company_id": "Company", "attendees": "Attendees", "meeting_tool": "Meet with", "location": "Place",
    "description": "Description", "is_booked": "Booked by visitor", "created_at": "Planned", "updated_at": "Changed",
}  # fmt: skip
DEFAULT = ("start_time", "status", "user_id", "lead_id", "company_id", "meeting_tool")
