"""Enrichment over the API (section 6.3, `company/enrich`, and of our own: proposals, taking back, many records at once)."""

from datetime import datetime
from functools import partial

from companies.models import Company
from enrichment import batches, filling, runs
from enrichment.filters import LinkedInFilter, ProposalFilter
from enrichment.models import Batch, FoundValue, LinkedInLead, Run
from enrichment.serializers import Enrich, EnrichCompany, EnrichMany, Records
from integrations.ports import COMPANY, PERSON
from lio.api.envelope import Envelope
from lio.api.merging import Several
from lio.api.schema import documented
from lio.api.views import LioView
from lio.api.viewsets import ListAction, TenantViewSet, ViewAction, path_id
from lio.errors import Missing
from lio.outside import Errand
from lio.rows import plain_rows
from lio.selection import selected_rows

RUN = {"run_id": int, "lead_id": int | None, "provider": str, "person": dict, "company": dict, "confidence": float,
       "credits_used": int, "filled": [str], "proposed": [str], "problem": str}
JOB = {"id": int, "status": str, "total": int, "processed": int, "succeeded": int, "failed": int, "group_id": object,
       "cost": int, "created_at": datetime, "completed_at": datetime | None}
RESULT = {"run_id": int, "status": str, "query": dict, "lead_id": int | None, "model_type": str, "model_id": int | None,
          "provider": str, "person": dict, "company": dict, "confidence": float, "credits_used": int, "problem": str}
VALUE = {"id": int, "run_id": int, "model_type": str, "model_id": int, "of": str, "field": str, "value": object,
         "old_value": object, "source": str, "confidence": float, "verified": bool, "why": str, "state": str,
         "created_at": datetime}
ONE = {"id": int, "model_type": str, "model_id": int | None, "query": dict, "status": str, "provider": str, "sources": [dict],
       "hit": bool, "cost": int, "confidence": float, "results": dict, "problem": str, "change_id": int | None,
       "created_at": datetime, "completed_at": datetime | None, "values": [VALUE]}
QUEUED = {"job_id": int, "id": int, "status": str, "total": int, "group_id": object}
SHOWN = 500  # results that a job's answer holds


def errand(organization, started, answer):
    """The two halves around asking: `answer(run)` makes the response."""
    return Errand(
        ask=started.ask,
        settle=lambda found: answer(runs.finish(organization, started, found)),
        give_up=partial(runs.give_up, organization, started.run_id),
    )


class EnrichOne(LioView):
    permissions = {"post": "records.edit"}

    @documented("Enrich one person or company now; of a lead empty fields are filled, and what differs is proposed",
                input=Enrich, answer=RUN, status=200, one_of=("lead_id", *runs.NAMES))
    def post(self, request):
        given = Enrich.read(request.data)
        lead = given.get("lead")
        about = {"model_type": "lead", "model_id": lead.pk} if lead else {"known": Enrich.known(given)}
        started = runs.begin(self.organization, by=self.caller, **about)
        return errand(self.organization, started, lambda run: Envelope(runs.told(run), said(run)))


def said(run):
    return "Enriched successfully" if run.hit else "Nothing was found"


class EnrichCompanyView(TenantViewSet):
    queryset = Company.objects.all()
    permissions = {"enrich": "records.edit"}

    @documented("Fill the empty fields of a company; what differs is proposed", input=EnrichCompany, status=200)
    def enrich(self, request):
        pk = EnrichCompany.read(request.data)["company"].pk
        started = runs.begin(self.organization, by=self.caller, model_type="company", model_id=pk)
        return errand(self.organization, started, lambda run: Envelope(self.shown(pk), said(run)))


class EnrichBulk(LioView):
    permissions = {"post": "records.edit"}

    @documented("Enrich many people or companies in the background", input=EnrichMany, answer=QUEUED, status=201)
    def post(self, request):
        given = EnrichMany.read(request.data)
        batch = batches.of_sent(self.organization, given["leads"], group_id=given.get("group_id"), by=self.caller)
        return queued(batch)


def queued(batch):
    shown = {"job_id": batch.pk, "id": batch.pk, "status": "queued", "total": batch.total, "group_id": batch.group_id}
    return Envelope(shown, "Enrichment queued", status=201)


class ViewJob(LioView):
    permissions = {"get": "records.view"}

    @documented("State and results of a bulk enrichment, the first 500 of them", answer=JOB | {"results": [RESULT]})
    def get(self, request, **at):
        rows = plain_rows(Batch.objects.of(self.organization).filter(pk=path_id(at["jobId"])).rows())
        if not rows:
            raise Missing()
        done = Run.objects.of(self.organization).filter(batch_id=rows[0]["id"]).order_by("pk")[:SHOWN]
        return Envelope(rows[0] | {"results": [result(run) for run in plain_rows(done.rows())]})


def result(run):
    found = run["results"]
    return {
        "run_id": run["id"], "status": run["status"], "query": run["query"], "provider": run["provider"],
        "lead_id": run["model_id"] if run["model_type"] == "lead" else None, "model_type": run["model_type"],
        "model_id": run["model_id"], "person": found.get(PERSON, {}), "company": found.get(COMPANY, {}),
        "confidence": float(run["confidence"]), "credits_used": run["cost"], "problem": run["problem"],
    }


class LinkedInLeads(ListAction, ViewAction, TenantViewSet):
    queryset = LinkedInLead.objects.all()
    filter_class = LinkedInFilter
    permissions = {"list": "records.view", "retrieve": "records.view"}

    @documented("People enriched by LinkedIn address, newest first")
    def list(self, request):
        return super().list(request)


class Proposals(ListAction, TenantViewSet):
    """What runs propose for records: listed, accepted as an edit of the caller, or dismissed."""

    queryset = FoundValue.objects.all()
    filter_class = ProposalFilter
    permissions = {"list": "records.view", "accept": "records.edit", "dismiss": "records.edit"}

    def narrow(self, queryset):
        return queryset.open()

    @documented("List open proposals, of one record or of all")
    def list(self, request):
        return super().list(request)

    @documented("Write proposals into their records", input=Several, answer={"accepted": int, "ids": [int]}, status=200)
    def accept(self, request):
        rows = filling.accept(self.organization, self.read(Several)["ids"], by=self.caller)
        return Envelope({"accepted": len(rows), "ids": [row.pk for row in rows]}, "Proposals accepted successfully")

    @documented("Turn proposals down; they do not come again", input=Several, answer={"dismissed": int, "ids": [int]},
                status=200)
    def dismiss(self, request):
        rows = filling.dismiss(self.organization, self.read(Several)["ids"], by=self.caller)
        return Envelope({"dismissed": len(rows), "ids": [row.pk for row in rows]}, "Proposals dismissed successfully")


class Runs(TenantViewSet):
    """A run with its values; taken back."""

    queryset = Run.objects.all()
    permissions = {"retrieve": "records.view", "revert": "records.edit"}

    @documented("One run of enrichment with every value that it brought and what became of it",
                answer=ONE)
    def retrieve(self, request, pk):
        row = plain_rows(self.get_queryset().filter(pk=path_id(pk)).rows())
        if not row:
            raise Missing()
        values = plain_rows(FoundValue.objects.of(self.organization).filter(run_id=row[0]["id"]).order_by("pk").rows())
        return Envelope(row[0] | {"confidence": float(row[0]["confidence"]),
                                  "values": [value | {"confidence": float(value["confidence"])} for value in values]})

    @documented("Take back what a run filled in", answer={"change_id": int, "reverted": int, "conflicts": [dict]}, status=200)
    def revert(self, request, pk):
        done = runs.take_back(self.organization, self.get_object(pk), by=self.caller)
        return Envelope({"change_id": done.change_id, "reverted": done.reverted, "conflicts": done.conflicts}, "Taken back")


class EnrichRecords(TenantViewSet):
    """Records that are there already, by ids or by the filters of their list."""

    queryset = Run.objects.all()
    permissions = {"estimate": "records.view", "bulk": "records.edit"}

    def rows(self):
        given = self.read(Records)
        kind = batches.kind_named(given["module"])
        mine = kind.model.objects.of(self.organization).alive()
        return given["module"], selected_rows(mine, given, kind.filter_class, self.request.user)

    @documented("What enriching these records can cost at most, before it is done", input=Records,
                answer={"count": int, "credits": int, "balance": int}, status=200)
    def estimate(self, request):
        _, rows = self.rows()
        return Envelope(batches.estimate(self.organization, rows.count()))

    @documented("Enrich many records in the background", input=Records, answer=QUEUED, status=201)
    def bulk(self, request):
        model_type, rows = self.rows()
        return queued(batches.of_records(self.organization, model_type, rows, by=self.caller))
