"""What a table of deals can show."""

COLUMNS = {
    "lead_name": "Lead", "company_name": "Company", "pipeline_name": "Pipeline", "stage_name": "Stage", "value": "Value",
    "probability": "Probability", "weighted_value": "Weighted", "expected_close_date": "Closes", "priority": "Priority",
    "assigned_to": "Owner", "category": "Category", "next_step": "Next step", "next_step_on": "Next step on",
    "lost_reason": "Lost because", "entered_stage_at": "In stage since", "moved_close_dates": "Close date moved",
    "last_activity_at": "Activity", "description": "Description", "created_at": "Created", "updated_at": "Changed",
}
DEFAULT = ("lead_name", "company_name", "stage_name", "value", "expected_close_date", "assigned_to", "last_activity_at")
