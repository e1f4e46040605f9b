"""What a table of companies can show beside their names."""

COLUMNS = {
    "industry_type": "Industry", "city": "City", "country": "Country", "employee_size": "Employees", "rating": "Rating",
    "website": "Website", "domain": "Domain", "contact_email": "Email", "phone_number": "Phone", "linkedin_url": "LinkedIn",
    "tags": "Tags", "address": "Address", "state": "State", "pin_code": "Postal code", "summary": "Summary",
    "last_activity_at": "Activity", "created_by": "Added by", "created_at": "Added", "updated_at": "Changed",
}  # fmt: skip
DEFAULT = ("industry_type", "website", "country", "employee_size", "rating", "created_at")
