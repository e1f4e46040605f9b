"""The words a lead is found by (contract: search of lead-list)."""

from lio import search

COLUMNS = ("first_name", "last_name", "email", "phone_number", "job_title")


def body(values, company):
    name = f"{values.get('first_name') or ''} {values.get('last_name') or ''}".strip()
    phone = values.get("phone_number") or ""
    digits = "".join(sign for sign in phone if sign.isdigit())
    return search.document(name, values.get("email"), phone, digits if digits != phone else "", company,
                           values.get("job_title"))


def write(lead_id, values, company):
    search.write("lead", lead_id, body(values, company))
