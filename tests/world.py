"""An organisation with data everywhere, and a valid request for every endpoint that is built.

What a request needs is read from the contract, so a new endpoint is called with sensible values as soon as it leaves
`contract/unbuilt.txt`; only records it names must be added to `World.records`.
"""

import re
from datetime import date, timedelta
from itertools import count
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils.timezone import now

from accounts import invitations, keys, roles
from accounts.models import Role
from activity import attachments, record_notes
from activity.notify import Notice, notify
from booking import confirm, finding, meetings, profiles, recaps, shared
from companies import edit as companies
from companies import logos
from companies.jobs import match_companies
from companies.models import Company
from contacts import edit as contacts
from contacts.jobs import match_contacts
from contacts.models import Contact
from deals import contacts as deal_contacts
from deals import pipelines, rates
from deals.forecast import goals
from deals.forecast.months import read_month
from deals.models import ExchangeRate, Stage
from enrichment import batches, linkedin, runs
from enrichment.chain import Answer, query_of
from enrichment.models import FoundValue
from integrations import connections
from integrations.models import Connection
from integrations.ports import Finding
from intent import rules, signals
from intent.tracking.links import wrap
from leads import follow_ups, notes
from leads.jobs import match_leads
from leads.web_forms import editing as web_forms
from lio import history, jobs, undo
from lio.models import Change
from lio.tenancy import org_scope
from lookups import edit as lookups
from lookups import fields, views
from tests.conftest import client_of
from tests.contract.spec import filled, params_of
from tests.factories import (
    PASSWORD,
    a_file,
    a_picture,
    make_company,
    make_deal,
    make_lead,
    make_member,
    make_organization,
)
from transfers import exports, imports
from transfers.models import Export

numbers = count(1)
MONTH = read_month("2027-01")  # in which its deals are expected and its goals are set


class World:
    """One organisation: its Admin and what the contract's `record:` words stand for. `mark` is in all of its texts."""

    def __init__(self, name, mark):
        self.name, self.mark = name, mark
        self.admin = make_organization(name)
        self.organization = self.admin.organization
        self.rep = make_member(self.organization, first_name=f"{mark} rep", email=f"{mark}.rep@example.net".lower())
        with org_scope(self.organization):
            self.role = roles.add(self.organization, name=f"{mark} role", description=f"{mark} role", by=self.admin)
            self.tag = lookups.add(self.organization, module_name="lead", type="tags", name=f"{mark} tag", by=self.admin)
            self.status = lookups.add(
                self.organization, module_name="lead", type="status", name=f"{mark} status", by=self.admin
            )
            self.field = fields.add(self.organization, key=f"{mark} field", label=f"{mark} label", by=self.admin)
            self.view = views.add(
                self.organization,
                module_name="lead",
                view_name=f"{mark} view",
                visibility="public",
                filters={"company": mark},
                columns=["company"],
                by=self.admin,
            )
            self.key, self.secret = keys.create(
                self.organization, name=f"{mark} key", by=self.admin, allowed_domains=[], allowed_ips=[]
            )
            connections.connect(self.organization, "pdl", key=f"{mark}-key", by=self.admin)
            # so that nobody asks the vendor in a test
            Connection.objects.update(state="refused", reason=f"{mark} reason", is_checking=False)
            invitations.invite(
                self.organization,
                email=f"{mark}.guest@example.net".lower(),
                by=self.admin,
                role=Role.objects.of(self.organization).get(name="Manager"),
            )
            self.form = web_forms.add(self.organization, name=f"{mark} form", title=f"{mark} title", by=self.admin)
            self.spare_import(0)
        with history.one_action():
            self.leads = [self.make_lead(n) for n in range(3)]
            self.change = history.last_change_id()
        self.lead = self.leads[0]
        self.company = self.lead.company_id
        self.spare_companies(0)
        with org_scope(self.organization):
            self.contact, *_ = [self.make_contact(n) for n in range(3)]  # of one phone number: likely duplicates
            self.note = notes.add(self.lead, title=f"{mark} note", note=f"{mark} said", by=self.admin)
            self.of_company()
            self.follow_up = follow_ups.add(self.lead, due_at=now(), notes=f"{mark} follow-up", by=self.admin)
            self.document = self.new_document("document.txt")
            (self.notification,) = notify(
                "lead_assigned",
                [Notice(self.admin.pk, f"{mark} told", link="/leads/", model_id=self.lead.pk)],
                model_type="lead",
            )
            for match in (match_leads, match_companies, match_contacts):
                jobs.enqueue(match)
        self.show_interest()
        self.make_deals()
        self.make_meetings()
        with org_scope(self.organization):
            self.export = exports.create(self.organization, export_type="leads", view_id=self.view.pk, by=self.admin)
        self.undone = self.undoable("before")
        with org_scope(self.organization):
            undo.undo(self.organization, self.undone, by=self.admin)
        jobs.drain()
        self.enrich()
        self.api = client_of(self.admin)

    def enrich(self):
        """A run that proposes something for the lead, and one that is done in the background."""
        with org_scope(self.organization):
            self.run = self.enriched(self.lead, title=f"{self.mark} chief")
            self.proposal = FoundValue.objects.get(run=self.run)
            known = {"name": f"{self.mark} name", "linkedin_url": f"https://linkedin.com/in/{self.mark}"}
            self.batch = batches.of_sent(self.organization, [known], group_id=f"{self.mark} group", by=self.admin)
            answer = Answer([Finding("person", "job_title", f"{self.mark} chief", "pdl", 0.9)])
            self.linkedin_lead = linkedin.remember(self.organization, query_of("person", **known), answer)
        jobs.drain()

    def enriched(self, lead, **found):
        """The run of a source that found a title (or whatever else) for a lead. Inside the scope."""
        names = {"title": "job_title"}
        findings = [Finding("person", names.get(name, name), value, "pdl", 0.9) for name, value in found.items()]
        with history.one_action():
            started = runs.begin(self.organization, by=self.admin, model_type="lead", model_id=lead.pk)
            return runs.finish(self.organization, started, Answer(findings))

    def new_proposal(self, n):
        with org_scope(self.organization):
            return FoundValue.objects.get(run=self.enriched(self.make_lead(f"proposed{n}"), title=f"{self.mark} boss {n}")).pk

    def new_run(self, n):
        """A run that filled something in."""
        with org_scope(self.organization):
            return self.enriched(self.make_lead(f"enriched{n}"), industry=f"{self.mark} trade {n}", state="Bayern").pk

    def lead_list(self, n):
        return SimpleUploadedFile(f"{self.mark}.csv", f"Email,Note\n{self.mark}.listed{n}@example.net,x\n,refused\n".encode())

    def spare_import(self, n):
        """An import that waits for somebody to map its columns."""
        with org_scope(self.organization):
            self.imported = imports.take(self.lead_list(n), by=self.admin)
        return self.imported

    def open_export(self):
        """An export that waits; others that do are cancelled, since only three may."""
        self.room_for_export()
        with org_scope(self.organization):
            return exports.create(self.organization, export_type="leads", by=self.admin)

    def room_for_export(self):
        with org_scope(self.organization):
            for row in Export.objects.of(self.organization).open():
                exports.cancel(row)

    def make_lead(self, n):
        mark = self.mark
        return make_lead(
            self.organization,
            by=self.admin,
            tags=[self.tag.pk],
            first_name=f"{mark} first",
            last_name=f"{mark} last{n}",
            email=f"{mark}{n}@example.net".lower(),
            phone_number="+49 30 5551234",  # of all: likely duplicates
            company=f"{mark} company",
            city=f"{mark} city",
            linkedin_url=f"https://linkedin.com/in/{mark}{n}",
            notes=f"{mark} notes",
            assigned_to_id=self.rep.pk,
            custom_fields={f"{mark} field": f"{mark} value"},
            job_title=f"{mark} title",
            estimated_value=1234,
        )

    def make_contact(self, n):
        mark = self.mark
        fields = {
            "name": f"{mark} contact {n}",
            "company_id": self.company,
            "emails": [{"value": f"{mark}.{side}{n}@example.net".lower(), "label": mark} for side in "ab"],
            "phone_number": "+49 30 5551235",
            "designation": f"{mark} designation",
            "city": f"{mark} city",
            "custom_fields": {f"{mark} field": f"{mark} value"},
        }
        pk = contacts.add(self.organization, fields, tags=[self.tag.pk], by=self.admin)
        row = Contact.objects.get(pk=pk)
        record_notes.add(row, title=f"{mark} note", note=f"{mark} said", by=self.admin)
        return row

    def spare_contact(self, n):
        with org_scope(self.organization):
            return self.make_contact(f"spare{n}").pk

    def spare_contacts(self, n):
        return [self.spare_contact(f"{n}{side}") for side in "ab"]

    def spare_companies(self, n):
        return [self.spare_company(f"{n}{side}") for side in "ab"]

    def of_company(self):
        """All that a company can have."""
        mark, row = self.mark, Company.objects.get(pk=self.company)
        fields = {name: f"{mark} {name}" for name in ("industry_type", "address", "city", "state", "country", "summary")}
        more = {"website": f"https://{mark}.example.net", "contact_email": f"{mark}@example.net", "rating": 3,
                "employee_size": "11-50", "custom_fields": {f"{mark} company field": f"{mark} value"}}  # fmt: skip
        companies.update(row.pk, self.organization, fields | more, tags=[self.tag.pk], by=self.admin)
        record_notes.add(row, title=f"{mark} note", note=f"{mark} said", by=self.admin)
        upload = a_file(f"{mark} company.txt", f"{mark} words".encode())
        attachments.add_document(self.organization, model_type="company", model_id=row.pk, by=self.admin, upload=upload)
        logos.set_logo(row.pk, self.organization, a_picture(), by=self.admin)

    def spare_company(self, n):
        fields = {"company_name": f"{self.mark} spare {n}", "industry_type": f"{self.mark} industry_type",
                  "phone_number": "+49 30 5551234"}  # of all: likely duplicates, and like each other  # fmt: skip
        return make_company(self.organization, by=self.admin, **fields).pk

    def show_interest(self):
        """Signals of three leads; the first two are hot."""
        mark = self.mark
        with org_scope(self.organization):
            self.alerts = [
                signals.log(self.organization, lead.pk, kind, detail={"note": f"{mark} seen"}, source=f"{mark} site")
                for lead, kind in ((self.leads[0], "demo_requested"), (self.leads[1], "demo_requested"),
                                   (self.leads[0], "reply_received"), (self.leads[2], "email_opened"))]
            sent = wrap(self.organization, self.leads[2], f'<a href="https://{mark}.example.net/offer">{mark}</a>')
            self.tokens = dict(re.findall(r"/track/(\w+)/([\w-]+)", sent.html + sent.unsubscribe_url))
            watched = {"site_tracking": True, "site_hosts": ["shop.example", f"{mark}.example.net".lower()],
                       "site_rules": [{"pattern": f"/{mark}/*", "signal_type": "pricing_page_visit"}]}
            self.site_key = rules.change(self.organization, watched, by=self.admin).site_key

    def make_deals(self):
        mark = self.mark
        with org_scope(self.organization):
            self.pipeline = pipelines.add(
                self.organization, name=f"{mark} pipeline", description=f"{mark} way", region=f"{mark} region",
                max_deal_limit=90000, stages=[{"name": f"{mark} open", "max_days_in_stage": 30}], by=self.admin,
            )
            self.stage = Stage.objects.get(pipeline=self.pipeline, is_won=False, is_lost=False)
            self.won = Stage.objects.get(pipeline=self.pipeline, is_won=True)
            rates.set_rates(self.organization, [(date(2026, 1, 1), "EUR", 2)], source=f"{mark} bank", by=self.admin)
            self.rate = ExchangeRate.objects.get(currency="EUR").pk
            self.deal_contact = Contact.objects.create(organization=self.organization, name=f"{mark} person")
        self.deal = make_deal(
            self.lead, by=self.admin, stage=f"{mark} open", title=f"{mark} deal", description=f"{mark} about",
            next_step=f"{mark} step", lost_reason=f"{mark} reason",
        )
        make_deal(self.lead, by=self.admin, stage=f"{mark} open", title=f"{mark} late", expected_close_date=date(2026, 1, 31))
        with org_scope(self.organization):
            deal_contacts.put(self.deal, self.deal_contact, by=self.admin)
            self.team = self.rep.teams.get().pk
            goals.set_quota(self.organization, month=MONTH, amount=5000, owner=self.rep, by=self.admin)

    def make_meetings(self):
        """A meeting by hand, one that a visitor has booked, a booking page that is open round the clock, a shared one."""
        mark = self.mark
        with org_scope(self.organization):
            self.meeting = self.new_meeting(mark)
            recaps.put(self.meeting.pk, self.organization, f"{mark}: We agreed on {mark} money.".encode(), by=self.admin)
            recaps.summarise(self.meeting.pk, self.organization, "brief", by=self.admin)
            hours = {day: [{"start": "00:00", "end": "24:00"}] for day in profiles.DAYS}
            told = {"title": f"{mark} page", "intro": f"{mark} intro", "working_hours": hours, "min_notice_minutes": 0}
            profiles.update(self.admin, told, by=self.admin)
            start, end = self.free_time()
            visitor = confirm.Visitor(f"{mark} visitor", f"{mark}.visitor@example.net".lower(), notes=f"{mark} wish")
            self.type = profiles.told_types(profiles.of(self.admin))[0]["id"]
            self.booked = confirm.confirm(profiles.of(self.admin), start, end, visitor)
            self.leads.append(self.booked.lead)
            self.shared = shared.create(self.organization, {"title": f"{mark} team", "intro": f"{mark} intro",
                                                            "hosts": [self.admin.pk, self.rep.pk]}, by=self.admin)

    def new_meeting(self, name):
        start, mark = now() + timedelta(days=400), self.mark
        return meetings.add(self.organization, {
            "title": f"{name} meeting", "description": f"{mark} about", "location": f"{mark} room", "start_time": start,
            "end_time": start + timedelta(hours=1), "lead_id": self.lead.pk, "contact_id": self.contact.pk,
            "company_id": self.company, "meeting_url": f"https://meet.example/{mark}",
            "attendees": [{"email": f"{mark}.guest@example.net".lower(), "name": f"{mark} guest"}]}, by=self.admin)

    def spare_meeting(self, n):
        with org_scope(self.organization):
            return self.new_meeting(f"{self.mark} spare {n}").pk

    def spoken_meeting(self, n):
        """A meeting with a transcript."""
        number = self.spare_meeting(n)
        with org_scope(self.organization):
            recaps.put(number, self.organization, f"{self.mark}: We agreed on price {n}.".encode(), by=self.admin)
        return number

    def free_time(self):
        """(start, end) of a time at which the admin can be booked. Inside the scope."""
        since = now() + timedelta(days=2)
        return finding.slots(profiles.of(self.admin), 30, since, since + timedelta(days=20))[0]

    def booking(self):
        """What a visitor sends to book the admin."""
        with org_scope(self.organization):
            start, end = self.free_time()
        return {"slug": self.admin.booking_slug, "start": start.isoformat(), "end": end.isoformat()}

    def spare_deal(self, n, stage="New"):
        return make_deal(self.lead, by=self.admin, stage=stage, title=f"{self.mark} {n}").pk

    def spare_stage(self, n):
        with org_scope(self.organization):
            made = pipelines.add(self.organization, name=f"spare {n}", stages=[{"name": "a"}], by=self.admin)
            return Stage.objects.get(pipeline=made, name="a").pk

    def spare_pipeline(self, n):
        with org_scope(self.organization):
            return pipelines.add(self.organization, name=f"spare {n}", by=self.admin).pk

    def spare_deal_contact(self, n, attached=True):
        with org_scope(self.organization):
            contact = self.make_contact(f"role{n}")
            if attached:
                deal_contacts.put(self.deal, contact, by=self.admin)
            return contact.pk

    def spare_rate(self, n):
        with org_scope(self.organization):
            rates.set_rates(self.organization, [(date(2026, 2, 1), "CHF", 3)], by=self.admin)
            return ExchangeRate.objects.get(currency="CHF").pk

    def spare_leads(self, n):
        return [self.make_lead(f"spare{n}{side}").pk for side in "ab"]

    def new_document(self, name):
        return attachments.add_document(
            self.organization,
            model_type="lead",
            model_id=self.lead.pk,
            by=self.admin,
            upload=a_file(f"{self.mark} {name}", f"{self.mark} words".encode()),
            document_type=f"{self.mark} type",
            description=f"{self.mark} description",
        )

    def new_note(self, n):
        with org_scope(self.organization):
            return notes.add(self.lead, title=f"{self.mark} {n}", by=self.admin)

    def gone_document(self, n):
        with org_scope(self.organization):
            return self.new_document(f"{n}.txt")

    def undoable(self, n):
        """The change id of something that can be taken back."""
        with history.one_action():
            lead = self.make_lead(f"undone{n}")
        with org_scope(self.organization):
            return Change.objects.filter(model_type="lead", model_id=lead.pk).latest("id").change_id

    def fresh_member(self):
        """A member whom a test may remove."""
        return make_member(self.organization, first_name=f"{self.mark} spare")

    @property
    def records(self):
        """{the contract's word: id on the wire}."""
        return {
            "lead": self.lead.pk,
            "change": self.change,
            "user": self.rep.pk,
            "team": self.team,
            "role": self.role.pk,
            "api_key": self.key.pk,
            "lookup": self.tag.number,
            "company": self.company,
            "contact": self.contact.pk,
            "note": self.note.pk,
            "follow_up": self.follow_up.pk,
            "notification": self.notification,
            "storage_file": self.document.stored_file_id,
            "document": self.document.pk,
            "subject": self.lead.pk,
            "import_job": self.imported.pk,
            "custom_field": self.field.pk,
            "custom_view": self.view.pk,
            "export": self.export.pk,
            "web_form": self.form.pk,
            "pipeline": self.pipeline.pk,
            "stage": self.stage.pk,
            "deal": self.deal.pk,
            "meeting": self.meeting.pk,
            "deal_contact": self.deal_contact.pk,
            "exchange_rate": self.rate,
            "undone": self.undone,
            "proposal": self.proposal.pk,
            "enrichment_run": self.run.pk,
            "enrichment_job": self.batch.pk,
            "linkedin_lead": self.linkedin_lead.pk,
            "intent_alert": self.alerts[0],
        }

    def request(self, endpoint, **values):
        """(path, query, body) of a request that succeeds. `values` replace what would be sent, by name."""
        n = next(numbers)
        own = SPECIAL.get(endpoint["id"], lambda world, n: {})(self, n)
        given = own | values
        path = filled(
            endpoint["path"], **{p["name"]: given.get(p["name"], self.value(p, n)) for p in params_of(endpoint, "path")}
        )
        query = {p["name"]: self.value(p, n) for p in params_of(endpoint, "query") if p["required"]}
        body = {}
        chosen = {group[0] for group in endpoint.get("one_of", [])}
        for param in params_of(endpoint, "body"):
            if param["required"] or param["name"] in chosen:
                body[param["name"]] = self.value(param, n)
        for param in params_of(endpoint, "multipart"):
            if param["required"]:
                body[param["name"]] = self.value(param, n)
        body |= {name: value for name, value in given.items() if name not in {p["name"] for p in params_of(endpoint, "path")}}
        query |= {name: body.pop(name) for name in [p["name"] for p in params_of(endpoint, "query")] if name in body}
        return path, query, body

    def value(self, param, n):
        """A sensible value for one parameter."""
        name, kind = param["name"], param["type"]
        if param.get("record"):
            found = self.records[param["record"]]
            return [found] if kind.startswith("array") else found
        if kind == "file":
            picture = name in ("image", "company_logo")
            return a_picture() if picture else a_file(f"{self.mark} file {n}.txt", f"{self.mark} text {n}".encode())
        if name == "email":
            return f"{self.mark}.new{n}@example.net".lower()
        if name in ("status",):
            return 2
        if "enum" in param:
            return param["enum"][0]
        return {
            "integer": 1,
            "number": 5,
            "boolean": True,
            "array<string>": ["one"],
            "array<integer>": [1],
            "object": {"a": "b"},
            "date": "2026-06-15",
            "datetime": "2026-06-15T09:00:00Z",
        }.get(kind, f"Word {n}")

    def call(self, endpoint, client=None, *, path=None, query=None, body=None, **values):
        """Send the valid request (or parts of another one) and answer the response."""
        own_path, own_query, own_body = (None,) * 3 if None not in (path, query, body) else self.request(endpoint, **values)
        path, query = own_path if path is None else path, own_query if query is None else query
        client, method = client or self.api, endpoint["method"].lower()
        if method == "get":
            return client.get(path, query)
        text = "&".join(f"{name}={value}" for name, value in query.items())
        own_body = own_body if body is None else body
        files = params_of(endpoint, "multipart")
        as_form = any(file["required"] or file["name"] in own_body for file in files)
        how = {"format": "multipart"} if as_form else {}
        if endpoint["id"] in HEADERS:
            how["headers"] = HEADERS[endpoint["id"]]
        return getattr(client, method)(f"{path}?{text}" if text else path, own_body, **how)


def _password(world, n):
    return {"current_password": PASSWORD, "new_password": f"orchard-gate-{n}", "confirm_password": f"orchard-gate-{n}"}


TAKES_TEXT = {"track-site"}  # JSON under any content type: pages send it as text
HEADERS = {"track-site": {"Origin": "https://shop.example"}}
# what the contract's table alone does not tell
SPECIAL = {
    "auth-login": lambda world, n: {"email": world.admin.email, "password": PASSWORD},
    "user-add": lambda world, n: {"password": f"orchard-gate-{n}", "phone_no": "+49 30 1234"},
    "user-update": lambda world, n: {"phone_no": "+49 30 1234"},
    "user-change-password": _password,
    "user-delete": lambda world, n: {"user_id": world.fresh_member().pk},
    "contact-bulk-update": lambda world, n: {"lead_score": n % 100},
    "meeting-add": lambda world, n: {"end_time": "2026-06-15T10:00:00Z"},
    "calendar-events-add": lambda world, n: {
        "summary": f"{world.mark} call {n}", "start": {"dateTime": "2026-06-15T09:00:00Z"},
        "end": {"dateTime": "2026-06-15T10:00:00Z"}},
    "meeting-update": lambda world, n: {"location": f"{world.mark} room {n}"},
    "meeting-transcript-remove": lambda world, n: {"id": world.spoken_meeting(n)},
    "meeting-delete": lambda world, n: {"id": world.spare_meeting(n)},
    "booking-profile": lambda world, n: {"slug": world.admin.booking_slug},
    "booking-availability": lambda world, n: {"slug": world.admin.booking_slug},
    "booking-confirm": lambda world, n: world.booking(),
    "booking-profile-update": lambda world, n: {"title": f"{world.mark} page {n}"},
    "contact-delete": lambda world, n: {"id": 0, "ids": [world.spare_contact(n)]},
    "lead-convert": lambda world, n: {"lead_id": world.make_lead(f"convert{n}").pk},
    "lead-bulk-convert": lambda world, n: {"ids": [world.make_lead(f"convert{n}").pk]},
    "custom-lookups-add": lambda world, n: {"module_name": "lead", "type": "tags"},
    "custom-view-add": lambda world, n: {"module_name": "lead"},
    "custom-view-delete": lambda world, n: {"id": world.spare_view(n)},
    "lead-delete": lambda world, n: {"ids": [world.make_lead(f"gone{n}").pk]},
    "lead-status-change": lambda world, n: {"status": world.status.number},
    "lead-assign-tags": lambda world, n: {"tags": [world.tag.number]},
    "lead-set-assign-tags": lambda world, n: {"tags": [world.tag.number]},
    "lead-bulk-update": lambda world, n: {"fields": {"city": f"{world.mark} town {n}"}},
    "company-delete": lambda world, n: {"id": 0, "ids": [world.spare_company(n)]},
    "company-update": lambda world, n: {"city": f"{world.mark} town {n}"},
    "company-bulk-update": lambda world, n: {"fields": {"city": f"{world.mark} town {n}"}},
    "lead-imports": lambda world, n: {"file": world.lead_list(n)},
    "lead-merge": lambda world, n: {"ids": world.spare_leads(n)},
    "company-merge": lambda world, n: {"ids": world.spare_companies(n)},
    "company-duplicates-dismiss": lambda world, n: {"ids": world.spare_companies(n)},
    "contact-merge": lambda world, n: {"ids": world.spare_contacts(n)},
    "contact-duplicates-dismiss": lambda world, n: {"ids": world.spare_contacts(n)},
    "lead-duplicates-dismiss": lambda world, n: {"ids": world.spare_leads(n)},
    "import-job-cancel": lambda world, n: {"id": world.spare_import(n).pk},
    "exports-create": lambda world, n: world.room_for_export() or {"export_type": "leads"},
    "exports-cancel": lambda world, n: {"id": world.open_export().pk},
    "api-keys-delete": lambda world, n: {"id": world.spare_key(n)},
    "undo": lambda world, n: {"change_id": world.undoable(n)},
    "integrations-set": lambda world, n: {"provider": "website", "connected": False},
    "notification-preferences-set": lambda world, n: {"preferences": {"mention": {"digest": True}}},
    "lead-note-delete": lambda world, n: {"ids": [world.new_note(n).pk]},
    "lead-document-delete": lambda world, n: {"ids": [world.gone_document(n).pk]},
    "lead-enrich-bulk": lambda world, n: {"leads": [{"email": f"{world.mark}.one{n}@example.net".lower()}]},
    "enrichment-proposals-accept": lambda world, n: {"ids": [world.new_proposal(n)]},
    "enrichment-proposals-dismiss": lambda world, n: {"ids": [world.new_proposal(n)]},
    "enrichment-run-revert": lambda world, n: {"id": world.new_run(n)},
    "enrichment-estimate": lambda world, n: {"module": "lead"},
    "enrichment-bulk": lambda world, n: {"module": "lead"},
    "file-attach": lambda world, n: {
        "subject_type": "lead",
        "file": {
            "id": f"cloud-{n}",
            "name": f"{world.mark} plan {n}",
            "mime_type": "application/pdf",
            "web_url": "https://drive.example/a",
        },
    },
    "file-list": lambda world, n: {"subject_type": "lead"},
    "pipelines-update": lambda world, n: {"name": f"{world.mark} pipeline {n}"},
    "pipelines-delete": lambda world, n: {"ids": [world.spare_pipeline(n)]},
    "pipelines-stage-delete": lambda world, n: {"id": world.spare_stage(n)},
    "deal-update": lambda world, n: {"next_step": f"{world.mark} step {n}"},
    "deal-move": lambda world, n: {"id": world.spare_deal(n, stage=f"{world.mark} open"), "stage_id": world.won.pk},
    "deal-contacts-add": lambda world, n: {"contact_id": world.spare_deal_contact(n, attached=False)},
    "forecast-contributors": lambda world, n: {"period_month": "2027-01"},
    "forecast-changes": lambda world, n: {"period_month": "2027-01", "since": "2026-01-01"},
    "forecast-goals": lambda world, n: {"month": "2027-01"},
    "forecast-goals-set": lambda world, n: {"month": "2027-01", "owner_id": world.rep.pk},
    "deal-delete": lambda world, n: {"ids": [world.spare_deal(n)]},
    "deal-bulk-update": lambda world, n: {"fields": {"next_step": f"{world.mark} step {n}"}},
    "deal-contacts-remove": lambda world, n: {"contact_id": world.spare_deal_contact(n)},
    "exchange-rates-add": lambda world, n: {"currency": "GBP"},
    "exchange-rates-upload": lambda world, n: {"file": a_file("rates.csv", b"day,currency,rate\n2026-01-01,JPY,0.006\n")},
    "exchange-rates-delete": lambda world, n: {"ids": [world.spare_rate(n)]},
    "intent-alert-settings-set": lambda world, n: {"weights": {"manual": n % 50}},
    "track-open": lambda world, n: {"token": world.tokens["open"]},
    "track-click": lambda world, n: {"token": world.tokens["click"]},
    "track-unsubscribe": lambda world, n: {"token": world.tokens["unsubscribe"]},
    "track-unsubscribe-do": lambda world, n: {"token": world.tokens["unsubscribe"], "List-Unsubscribe": "One-Click"},
    "track-site": lambda world, n: {"key": world.site_key, "visitor": str(uuid4()), "page": "/pricing",
                                    "email": world.leads[0].email},
    "web-forms-delete": lambda world, n: {"id": world.spare_form(n)},
    "v1-web-form": lambda world, n: {"form_link": world.form.form_link},
    "web-form-submit": lambda world, n: {
        "form_link": world.form.form_link,
        "first_name": world.mark,
        "last_name": world.mark,
        "email": f"{world.mark}.sent{n}@example.net".lower(),
    },
}


def _spare_key(self, n):
    with org_scope(self.organization):
        return keys.create(self.organization, name=f"spare {n}", by=self.admin)[0].pk


def _spare_view(self, n):
    with org_scope(self.organization):
        return views.add(self.organization, module_name="lead", view_name=f"spare {n}", visibility="private", by=self.admin).pk


def _spare_form(self, n):
    with org_scope(self.organization):
        return web_forms.add(self.organization, name=f"spare {n}", by=self.admin).pk


World.spare_form = _spare_form
World.spare_key = _spare_key
World.spare_view = _spare_view


APART = ("django_", "lio_ratebucket", "lio_idempotencykey", "accounts_authsession")  # what counts requests and repeats


def snapshot(*organizations):
    """{(organisation, table): (rows, hash)} of all that these organisations have, read inside the scope of each."""
    found = {}
    for organization in organizations:
        with org_scope(organization), connection.cursor() as cursor:
            cursor.execute(_whole(cursor), {"organization": organization.pk})
            found |= {(organization.pk, table): tuple(state) for table, *state in cursor.fetchall()}
    return found


def _whole(cursor):
    """One statement that reads all tables. Put together once: no test changes tables."""
    if not _statements:
        _statements.append(
            " UNION ALL ".join(
                f"""SELECT '{table}', count(*), md5(string_agg((to_jsonb(t) - 'last_used_at')::text, '|' ORDER BY t.id::text))
                    FROM {table} t WHERE {column} = %(organization)s"""
                for table, column in owned_tables(cursor)
            )
        )
    return _statements[0]


_statements: list[str] = []


def owned_tables(cursor):
    """(table, the column that names the organisation)."""
    cursor.execute(
        "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' "
        "AND column_name = 'organization_id' ORDER BY 1"
    )
    tables = [name for (name,) in cursor.fetchall() if not name.startswith(APART)]
    return [("accounts_organization", "id"), *((name, "organization_id") for name in tables)]
