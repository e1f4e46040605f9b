"""People Data Labs: people and companies by what is known of them (https://docs.peopledatalabs.com).

A hit costs the organisation one of its credits there; nobody found costs nothing. Their answers are read by name and kind:
what an account's plan leaves out comes as `true` in place of a text.
"""

import re

from django.conf import settings

from integrations.ports import COMPANY, PERSON, Finding, Found, Passing, Permanent
from integrations.vendors.webpage import clean
from lio.outbound import OutboundError, fetch

PERSON_PATH, COMPANY_PATH = "/v5/person/enrich", "/v5/company/enrich"
REFUSALS = {401: "People Data Labs does not take this key.", 402: "The credits at People Data Labs are used up.",
            403: "People Data Labs does not let this key look people up."}  # fmt: skip
OF_PERSON = {  # theirs: ours
    "first_name": "first_name", "last_name": "last_name", "work_email": "email", "job_title": "job_title",
    "linkedin_url": "linkedin_url", "location_locality": "city", "location_region": "state", "location_country": "country",
}  # fmt: skip
OF_EMPLOYER = {
    "job_company_name": "company_name", "job_company_website": "website", "job_company_industry": "industry_type",
    "job_company_size": "employee_size", "job_company_linkedin_url": "linkedin_url",
    "job_company_location_locality": "city", "job_company_location_country": "country",
}  # fmt: skip
OF_COMPANY = {
    "name": "company_name", "website": "website", "industry": "industry_type", "size": "employee_size",
    "linkedin_url": "linkedin_url", "facebook_url": "facebook_url", "twitter_url": "x_url", "summary": "summary",
    "founded": "founded",
}  # fmt: skip
OF_PLACE = {"street_address": "address", "locality": "city", "region": "state", "country": "country", "postal_code": "pin_code"}
LEVELS = {"cxo": "Management", "owner": "Management", "partner": "Management", "vp": "Management", "director": "Director",
          "manager": "Lead", "senior": "Senior", "entry": "Junior", "training": "Junior", "unpaid": "Junior"}  # fmt: skip
ROLES = {"customer_service": "Customer Support", "public_relations": "Marketing", "operations": "Other"}  # else as it is called
LINKS = {"website", "linkedin_url", "facebook_url", "x_url"}
LONGEST = {"summary": 1000, "address": 300}


class PeopleDataLabs:
    name = provider = "pdl"

    def __init__(self, key, *, cost=1, min_likelihood=6):
        """`cost` are our credits for a hit; `min_likelihood` (1 to 10) how sure they must be that it is the same person."""
        self.key, self.cost, self.min_likelihood = key, cost, min_likelihood

    def find(self, query, known):
        """One look-up of the person (and with it the employer), or of the company. Raises Passing and Permanent."""
        path, asked = (PERSON_PATH, _person(query)) if query.kind == PERSON else (COMPANY_PATH, _company(query))
        if not asked:
            return Found(problem="Too little is known to look anybody up.")
        answer = self.ask(path, asked)
        if answer is None:
            return Found(problem=f"People Data Labs knows no such {query.kind}.")
        # the likelihood runs from 1 to 10; what they have is gathered, so it is never quite sure
        likelihood = answer.get("likelihood")
        likelihood = likelihood if isinstance(likelihood, int) and 1 <= likelihood <= 10 else self.min_likelihood
        read = _read_person if query.kind == PERSON else _read_company
        return Found(list(read(_object(answer.get("data")) or answer, min(0.95, likelihood / 10))), hit=True)

    def check(self):
        """Ask for a company that cannot be: says whether the key is taken and costs nothing. Raises Passing and Permanent."""
        self.ask(COMPANY_PATH, {"website": "lio-connection-check.invalid"})

    def ask(self, path, asked):
        """Their answer, an object; None when they know nobody."""
        try:
            answer = fetch(
                f"{settings.PDL_URL}{path}",
                params={**asked, "min_likelihood": self.min_likelihood, "titlecase": "true"},
                headers={"X-Api-Key": self.key, "Accept": "application/json"},
                redirects=0,
            )
        except OutboundError as error:
            raise Passing(str(error)) from error
        if answer.status in REFUSALS:
            raise Permanent(REFUSALS[answer.status])
        if answer.status == 404 or answer.status in (400, 422):  # the second: what we know is no address or number to them
            return None
        if answer.status != 200:
            told = re.fullmatch(r"\d{1,5}", answer.headers.get("Retry-After", ""))
            raise Passing(f"People Data Labs answers {answer.status}.", wait=int(told[0]) if told else None)
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Passing("People Data Labs gives an answer that cannot be read.")
        return found


def _person(query):
    """What to ask by: an address of the person, or name and company; nothing beyond what they match on."""
    named = query.name or (query.first_name and query.last_name)
    if not (query.email or query.linkedin_url or query.phone_number or (named and (query.company or query.domain))):
        return {}
    return _given(
        email=query.email, profile=query.linkedin_url, phone=query.phone_number, first_name=query.first_name,
        last_name=query.last_name, name="" if query.first_name and query.last_name else query.name,
        company=query.company or query.domain, locality=query.city, country=query.country,
    )  # fmt: skip


def _company(query):
    website = query.website or query.domain
    if not (website or query.linkedin_url or query.company):
        return {}
    place = {} if website else {"locality": query.city, "country": query.country}
    return _given(name=query.company, website=website, profile=query.linkedin_url, **place)


def _given(**values):
    return {name: value for name, value in values.items() if value}


def _object(value):
    return value if isinstance(value, dict) else {}


def _value(field, given):
    """Their text as ours: one line, links with https. "" for what is no text: `true` stands for what the plan leaves out."""
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    text = clean(given, LONGEST.get(field, 200))
    if field == "email":
        return text.lower()
    return f"https://{text}" if text and field in LINKS and "//" not in text else text


def _findings(of, names, data, confidence):
    for theirs, ours in names.items():
        if value := _value(ours, data.get(theirs)):
            yield Finding(of, ours, value, "pdl", confidence, why="People Data Labs has it")


def _read_person(data, confidence):
    yield from _findings(PERSON, OF_PERSON, data, confidence)
    numbers = data.get("phone_numbers")
    numbers = [data.get("mobile_phone"), *(numbers[:20] if isinstance(numbers, list) else [])]
    if number := next((shown for given in numbers if (shown := _value("phone_number", given))), ""):
        yield Finding(PERSON, "phone_number", number, "pdl", confidence, why="People Data Labs has it")
    levels = data.get("job_title_levels")
    levels = {str(level).lower() for level in (levels if isinstance(levels, list) else [levels])}
    if seniority := next((ours for theirs, ours in LEVELS.items() if theirs in levels), ""):
        yield Finding(PERSON, "seniority", seniority, "pdl", confidence, why="the level that People Data Labs gives the job")
    if role := _value("department", data.get("job_title_role")).lower():
        department = ROLES.get(role, role.replace("_", " ").title())
        yield Finding(PERSON, "department", department, "pdl", confidence, why="the role that People Data Labs gives the job")
    yield from _findings(COMPANY, OF_EMPLOYER, data, confidence)


def _read_company(data, confidence):
    yield from _findings(COMPANY, OF_COMPANY, data, confidence)
    yield from _findings(COMPANY, OF_PLACE, _object(data.get("location")), confidence)
    tags = data.get("tags")
    if isinstance(tags, list) and (told := [tag for tag in (clean(tag, 50) for tag in tags[:20]) if tag]):
        yield Finding(COMPANY, "tags", told, "pdl", confidence, why="People Data Labs has it")
