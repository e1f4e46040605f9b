"""A demo organisation: people and leads that show what LIO does, made through the product's own rules."""

from datetime import timedelta
from random import Random

from django.utils.timezone import now

from accounts import founding, members
from accounts.models import Organization, Role, User
from activity import record_notes
from companies import edit as companies
from companies.models import Company
from contacts import conversion
from contacts import edit as contacts
from contacts.models import Contact
from enrichment import runs
from leads import notes
from leads.capture import capture
from leads.models import Lead
from lio import history, jobs
from lio.models import Change
from lio.tenancy import org_scope
from lookups.edit import tags_named
from lookups.fields import add as add_field
from lookups.known import known
from transfers.demo_deals import make_deals
from transfers.demo_meetings import make_meetings
from transfers.demo_signals import make_signals

EMAIL, PASSWORD = "ana@demo.example", "show-me-the-leads"
TEAM = [("Jon", "Price", "Sales Rep"), ("Lee", "Chen", "Sales Rep"), ("Marta", "Kowalska", "Manager")]
FIRST = [
    "Priya",
    "Tom",
    "Mei",
    "Lucas",
    "Sara",
    "Daniel",
    "Grace",
    "Ivan",
    "Amara",
    "Oliver",
    "Nina",
    "Carlos",
    "Yuki",
    "Fatima",
    "Henrik",
    "Chloé",
    "Matteo",
    "Zanele",
    "Aisha",
    "Pavel",
    "Inês",
    "Noah",
    "Leila",
    "Björn",
    "Ruth",
    "Kofi",
    "Elena",
    "Hugo",
]
LAST = [
    "Raman",
    "Okafor",
    "Tanaka",
    "Meyer",
    "Haddad",
    "Novak",
    "Kim",
    "Petrov",
    "Diallo",
    "Smith",
    "Berg",
    "Ruiz",
    "Sato",
    "Khan",
    "Larsen",
    "Moreau",
    "Bianchi",
    "Dlamini",
    "Rahman",
    "Svoboda",
    "Costa",
    "Fischer",
    "Nasser",
    "Lindqvist",
    "Adler",
    "Mensah",
]
COMPANIES = [
    ("Northwind Freight", "northwind-freight", "Logistics", "Rotterdam", "Netherlands"),
    ("Helio Energy", "helio-energy", "Energy", "Lagos", "Nigeria"),
    ("Kumo Robotics", "kumo-robotics", "Robotics", "Osaka", "Japan"),
    ("Baltik Steel", "baltik-steel", "Manufacturing", "Rostock", "Germany"),
    ("Olive & Co", "olive-and-co", "Food", "Beirut", "Lebanon"),
    ("Vltava Bank", "vltava-bank", "Banking", "Prague", "Czechia"),
    ("Parcelly", "parcelly", "Logistics", "London", "United Kingdom"),
    ("Uralit", "uralit", "Construction", "Sofia", "Bulgaria"),
    ("Sahel Solar", "sahel-solar", "Energy", "Dakar", "Senegal"),
    ("Smith Joinery", "smith-joinery", "Crafts", "Leeds", "United Kingdom"),
    ("Fjord Health", "fjord-health", "Health care", "Bergen", "Norway"),
    ("Andes Foods", "andes-foods", "Food", "Lima", "Peru"),
    ("Tidewater Labs", "tidewater-labs", "Biotech", "Boston", "United States"),
    ("Mistral Cycles", "mistral-cycles", "Retail", "Lyon", "France"),
]
PROFILES = {  # company: employees, rating, street, what it does
    "Northwind Freight": ("201-500", 5, "Havenstraat 12", "Road freight between the ports of the North Sea, from 14 depots."),
    "Helio Energy": ("51-200", 4, "12 Marina Road", "Solar plants for hospitals and cold stores."),
    "Kumo Robotics": ("51-200", 4, "3-8 Nakanoshima", "Robot arms that sort parcels."),
    "Baltik Steel": ("501-1000", 3, "Am Kai 4", "Rolled steel and ship parts."),
    "Vltava Bank": ("1001-5000", 3, "Nábřeží 7", "Savings and loans for small firms."),
    "Fjord Health": ("201-500", 4, "Bryggen 21", "Runs nine clinics on the west coast."),
}
TWIN = ("Northwind Freight B.V.", "Northwind Freight")  # as a colleague typed a company that was there already
WORK = {"value": "anneke.dewit@northwind-freight.example", "label": "work"}
PRIVATE = {"value": "anneke@post.example", "label": "private"}
PEOPLE = [  # name, title, company, addresses
    ("Sigrid Holm", "Head of Procurement", "Fjord Health", [{"value": "sigrid.holm@fjord-health.example", "label": "work"}]),
    ("Anneke de Wit", "Fleet Manager", "Northwind Freight", [WORK, PRIVATE]),
    ("Kenji Watanabe", "CTO", "Kumo Robotics", [{"value": "kenji.watanabe@kumo-robotics.example", "label": "work"}]),
    ("Jiří Dvořák", "Head of Treasury", "Vltava Bank", [{"value": "jiri.dvorak@vltava-bank.example", "label": "work"}]),
    ("A. de Wit", "Buyer of scanners", "Northwind Freight", [PRIVATE]),
]
CONVERTED = 9  # leads that have become contacts
ENRICHED = 4  # records of each kind that enrichment has looked at
TITLES = [
    "Head of Operations",
    "VP Sales",
    "CTO",
    "Procurement Lead",
    "Founder",
    "Director of IT",
    "Marketing Manager",
    "Plant Manager",
    "COO",
    "Owner",
    "HR Director",
    "Buyer",
    "Office Manager",
    "Data Engineer",
    "Managing Director",
    "Working student",
]
NOTES = [
    "Budget is signed off for the first quarter. Wants proof that scanners keep working offline.",
    "Asked for a reference in the same industry.",
    "Out of office until Monday; call after ten.",
    "Compares us with two others. Price matters less than onboarding time.",
    "Prefers mail. Send the one-page summary.",
]
TAGS = ["logistics", "q1-budget", "newsletter", "partner", "trade fair"]
SIZE = 140


def load():
    """Make the demo organisation, once. Answers whether it was made now: not when any organisation exists already."""
    if Organization.objects.exists():
        return False
    organization, ana = founding.found(
        "Demo Company",
        admin_email=EMAIL,
        admin_password=PASSWORD,
        admin_first_name="Ana",
        admin_last_name="Silva",
        timezone="Europe/Amsterdam",
    )
    with org_scope(organization):
        roles = {role.name: role for role in Role.objects.of(organization)}
        team = [
            ana,
            *[
                members.join(
                    organization,
                    email=f"{first.lower()}@demo.example",
                    password=None,
                    first_name=first,
                    last_name=last,
                    role=roles[role],
                    timezone="Europe/Amsterdam",
                )
                for first, last, role in TEAM
            ],
        ]
        User.objects.of(organization).update(password=ana.password)  # the same for all: to derive one takes a third of a second
        tags = tags_named(organization, TAGS, by=ana)
    random = Random(7)  # noqa: S311 - the same demo every time, nothing secret
    for n in range(SIZE):
        with org_scope(organization), history.one_action():
            make_lead(organization, n, random, team, tags)
    jobs.drain()
    for make in (make_companies, make_contacts, convert_leads, enrich):
        with org_scope(organization), history.one_action():
            make(organization, ana)
    jobs.drain()
    with org_scope(organization), history.one_action():
        make_deals(organization, ana, team[1:3])
    with org_scope(organization):
        make_signals(organization, ana)
    jobs.drain()
    with org_scope(organization):
        make_meetings(organization, ana, team[1:3])
    return True


def make_lead(organization, n, random, team, tags):
    """One lead with a past: captured some days ago, perhaps assigned, moved along the path, noted."""
    first, last = FIRST[n % len(FIRST)], LAST[(n * 7 + n // len(FIRST)) % len(LAST)]
    company, domain, industry, city, country = COMPANIES[n % len(COMPANIES)]
    private = random.random() < 0.2
    fields = {
        "first_name": first,
        "last_name": last,
        "job_title": random.choice(TITLES),
        "company": company,
        "industry": industry,
        "city": city,
        "country": country,
        "source_id": known(organization, "source")[random.choice([1, 1, 1, 2, 3, 4, 5])].pk,
        "email": f"{first}.{last}{n}@{'gmail.com' if private else domain + '.example'}".lower()
        .replace("é", "e")
        .replace("ê", "e")
        .replace("ö", "o"),
        "priority": random.choice([1, 2, 2, 2, 3, 3, 4]),
    }
    if random.random() < 0.6:
        fields["phone_number"] = f"+31 10 555 {1000 + n:04d}"
    if random.random() < 0.4:
        fields["linkedin_url"] = f"https://www.linkedin.com/in/demo-{n}"
    if random.random() < 0.7:
        fields["estimated_value"] = random.choice(
            [3200, 5600, 7800, 9400, 14000, 18200, 36500, 48000, 61000, 88000, 120000, 210000]
        )
    if random.random() < 0.3:
        fields["custom_fields"] = {"Depots": random.randint(1, 40)}
    owner = random.choice([*team, None])
    lead_id, _ = capture(
        organization, fields, by=None, tags=random.sample(tags, random.choice([0, 0, 1, 2])), on_duplicate="accept"
    )
    lead = Lead.objects.filter(pk=lead_id)
    if owner:
        lead.assign_to(owner, by=team[0])
    for number in range(2, random.choice([1, 1, 2, 3, 3, 5, 6]) + 1):
        if number != 4:
            lead.set_status(known(organization, "status")[number], by=owner or team[0])
    if random.random() < 0.35:
        text = random.choice(NOTES)
        notes.add(lead.get(), title=text, note=text, by=owner or team[0])
    age(lead_id, random)


def age(lead_id, random):
    """Put the lead and its history back in time, so that the demo looks lived in."""
    born = now() - timedelta(minutes=random.randint(30, 60 * 24 * 40))
    changes = list(Change.objects.filter(model_type="lead", model_id=lead_id).order_by("id"))
    step = (now() - born) / (len(changes) + 1)
    for place, change in enumerate(changes):
        Change.objects.filter(pk=change.pk).update(created_at=born + step * place)
    touched = born + step * (len(changes) - 1) if len(changes) > 1 else None
    Lead.objects.filter(pk=lead_id).update(created_at=born, updated_at=touched or born, last_activity_at=touched)


def make_companies(organization, by):
    """What is known of some of the leads' companies, and one that was typed a second time."""
    add_field(organization, label="Fleet size", kind="number", module_name="company", by=by)
    places = {name: (f"https://www.{domain}.example", *place) for name, domain, *place in COMPANIES}
    there = dict(Company.objects.of(organization).alive().values_list("company_name", "pk"))
    for n, (name, (size, rating, address, summary)) in enumerate(PROFILES.items()):
        website, industry, city, country = places[name]
        fields = {
            "website": website,
            "industry_type": industry,
            "city": city,
            "country": country,
            "employee_size": size,
            "rating": rating,
            "address": address,
            "phone_number": f"+31 10 555 {2000 + n}",
            "contact_email": website.replace("https://www.", "office@"),
            "summary": summary,
        }
        if industry == "Logistics":
            fields["custom_fields"] = {"fleet_size": 85}
        companies.update(there[name], organization, fields, by=by)
    name, like = TWIN
    _, industry, city, country = places[like]
    companies.add(organization, {"company_name": name, "industry_type": industry, "city": city, "country": country}, by=by)
    company = Company.objects.get(pk=there["Northwind Freight"])
    record_notes.add(company, title="", note="Tender for the scanners opens in March; the fleet manager decides.", by=by)


def make_contacts(organization, by):
    """People who never were leads: one has changed employers, one stands twice."""
    for name, title, company, emails in PEOPLE:
        contacts.add(organization, {"name": name, "designation": title, "company": company, "emails": emails}, by=by)
    moved = Contact.objects.of(organization).get(name=PEOPLE[0][0])
    contacts.update(moved.pk, organization, {"company": "Helio Energy", "designation": "COO"}, by=by)


def convert_leads(organization, by):
    """The leads that were worked furthest become contacts."""
    furthest = Lead.objects.of(organization).alive().filter(status_id=known(organization, "status")[3].pk).order_by("pk")
    for pk in list(furthest.values_list("pk", flat=True)[:CONVERTED]):
        conversion.convert(pk, organization, by=by)


def enrich(organization, by):
    """What the built-in sources say about a few records of each kind."""
    for model in (Lead, Contact, Company):
        for pk in list(model.objects.of(organization).alive().order_by("pk").values_list("pk", flat=True)[:ENRICHED]):
            started = runs.begin(organization, by=by, model_type=model._meta.model_name, model_id=pk)
            runs.finish(organization, started, started.ask())
