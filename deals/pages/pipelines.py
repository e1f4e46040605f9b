"""Settings: pipelines with their stages, and exchange rates."""

from django.db.models import Count, Q
from django.shortcuts import redirect
from django.urls import reverse
from rest_framework.exceptions import ValidationError

from accounts.pages.base import SettingsPage
from deals import pipelines, rates
from deals.api import RATE_FILE
from deals.edit import REQUIRABLE
from deals.models import Deal, ExchangeRate, Pipeline, Stage
from deals.pages.moving import LABELS
from deals.serializers import AddPipeline, Rate, UpdatePipeline, pipeline_attributes
from lio.errors import DomainError, Invalid, Missing
from lio.pages import REFUSALS, words_of
from lookups.custom import active
from lookups.names import whole

BLANK = 2  # empty rows for new stages
MOST_RATES = 200
FIELDS = ("name", "color", "position", "probability", "max_days_in_stage")


class PipelinePage(SettingsPage):
    section, verb = "pipelines", "lookups.manage"

    def pipeline(self, pk):
        found = Pipeline.objects.of(self.organization).alive().filter(pk=pk).first()
        if found is None:
            raise Missing()
        return found


class Pipelines(PipelinePage):
    """The pipelines in their order. Posts delete, on or off with an id."""

    def get(self, request):
        held = Count("deals", filter=Q(deals__deleted_at=None))
        rows = Pipeline.objects.of(self.organization).alive().order_by("position", "pk").annotate(held=held)
        stages: dict[int, list] = {}
        for stage in Stage.objects.filter(pipeline__in=rows.values("pk")).alive().order_by("position", "pk"):
            stages.setdefault(stage.pipeline_id, []).append(stage.name)
        shown = [{"id": row.pk, "name": row.name, "region": row.region or "", "is_active": row.is_active, "deals": row.held,
                  "stages": stages.get(row.pk, [])} for row in rows]
        return self.show("settings/pipelines.html", {"pipelines": shown})

    def post(self, request):
        action = next((name for name in ("delete", "on", "off") if name in request.POST), "")
        row = self.pipeline(whole(request.POST.get(action, "")))
        try:
            if action == "delete":
                pipelines.delete(Pipeline.objects.filter(pk=row.pk), by=request.user)
                self.say(f"{row.name} is deleted.", undoable=True)
            else:
                pipelines.update(row, is_active=action == "on", by=request.user)
                self.say(f"{row.name} is switched {action}.", undoable=True)
        except REFUSALS as error:
            self.complain(words_of(error))
        return redirect("settings:pipelines")


class EditPipeline(PipelinePage):
    """A pipeline with its stages in one form; without `pk` a new one."""

    def get(self, request, pk=None):
        if pk is None:
            stages = [{"name": name} for name in pipelines.SEEDED]
            return self.page(None, {"name": ""}, stages)
        row = self.pipeline(pk)
        return self.page(row, self.values(row), self.stages(row))

    def post(self, request, pk=None):
        row = self.pipeline(pk) if pk else None
        given = {name: request.POST.get(name, "").strip() for name in ("name", "description", "region", "max_deal_limit")}
        stages = self.sent()
        try:
            fields = given | {"max_deal_limit": given["max_deal_limit"] or None, "asks_api": "asks_api" in request.POST}
            fields["stages"] = [{name: value for name, value in stage.items() if value not in (None, "")} | cleared(stage)
                                for stage in stages]
            values = pipeline_attributes(self.organization, (UpdatePipeline if row else AddPipeline).read(fields))
            if row:
                pipelines.update(row, by=request.user, **values)
                self.say(f"{values['name']} is saved.", undoable=True)
            else:
                row = pipelines.add(self.organization, by=request.user, **values)
                self.say(f"{row.name} is added.", undoable=True)
            return redirect("settings:pipelines")
        except REFUSALS as error:
            return self.page(row, given | {"asks_api": "asks_api" in request.POST}, stages, error=complaint(error), status=422)

    def sent(self):
        """The stages as posted: rows 0, 1, ... each with its id and fields; empty new rows and removed ones are left out."""
        sent, found = self.request.POST, []
        for n in range(pipelines.MOST + BLANK):
            if f"{n}-name" not in sent:
                break
            if not sent[f"{n}-name"].strip() and not sent.get(f"{n}-id"):
                continue
            stage = {name: sent.get(f"{n}-{name}", "").strip() for name in FIELDS}
            if stage["probability"]:
                stage["probability"] = percent(stage["probability"])
            found.append(stage | {"id": sent.get(f"{n}-id"), "required_fields": sent.getlist(f"{n}-required_fields"),
                                  "closed": sent.get(f"{n}-closed", "")})
        return [self.protected(stage) for stage in found]

    def protected(self, stage):
        """Won and lost keep what may not be changed."""
        return {name: value for name, value in stage.items() if not stage["closed"] or name not in ("name", "probability")}

    def values(self, row):
        return {"name": row.name, "description": row.description, "region": row.region or "", "asks_api": row.asks_api,
                "max_deal_limit": "" if row.max_deal_limit is None else f"{row.max_deal_limit:f}".removesuffix(".00")}

    def stages(self, row):
        rows = Stage.objects.filter(pipeline=row).alive().order_by("position", "pk")
        held = dict(Deal.objects.filter(pipeline=row).alive().order_by().values_list("stage").annotate(n=Count("pk")))
        return [{"id": stage.pk, "name": stage.name, "color": stage.color, "position": stage.position,
                 "probability": stage.probability, "max_days_in_stage": stage.max_days_in_stage or "",
                 "required_fields": stage.required_fields, "closed": stage.is_protected, "deals": held.get(stage.pk, 0)}
                for stage in rows]

    def page(self, row, values, stages, error="", status=200):
        named = {str(stage.pk): stage for stage in Stage.objects.filter(pipeline=row).alive()} if row else {}
        fields = [(name, LABELS[name]) for name in REQUIRABLE]
        fields += [(f"cf.{one.key}", one.label) for one in active(self.organization, "deal")]
        shown = []
        for n, stage in enumerate([*stages, *({} for _ in range(BLANK))]):
            known, share = named.get(str(stage.get("id"))), stage.get("probability")
            closed = known if known and known.is_protected else None
            share = closed.probability if closed else share
            required = stage.get("required_fields", ())
            shown.append(stage | {
                "n": n, "closed": closed, "is_new": not known, "name": closed.name if closed else stage.get("name", ""),
                "position": stage.get("position") or (n + 1 if stage or not row else ""),
                "percent": "" if share in (None, "") else as_percent(share),
                "fields": [(key, label, key in required) for key, label in fields],
            })
        context = {"pipeline": row, "values": values, "stages": shown, "error": error, "currency": self.organization.currency,
                   "title": row.name if row else "New pipeline"}
        return self.show("settings/pipeline.html", context, status=status)


def cleared(stage):
    """What an emptied input of a stage that is there means."""
    return {"max_days_in_stage": None} if stage.get("id") and not stage.get("max_days_in_stage") else {}


def percent(text):
    """`40` as a probability; what is no number stays as it is, for the rule to refuse."""
    try:
        return round(float(text) / 100, 4)
    except ValueError:
        return text


def as_percent(share):
    try:
        return f"{float(share) * 100:.6g}"
    except ValueError:
        return share


def complaint(error):
    fields = getattr(error, "fields", None) or getattr(error, "detail", None)
    if isinstance(error, ValidationError) or (isinstance(error, DomainError) and fields):
        return words_of(error)
    return str(error)


class DeleteStage(PipelinePage):
    """Asks where the deals of a stage go, then deletes it."""

    def stage(self, pk):
        rows = Stage.objects.of(self.organization).alive().filter(pipeline__deleted_at=None).select_related("pipeline")
        found = rows.filter(pk=pk).first()
        if found is None:
            raise Missing()
        return found

    def get(self, request, pk):
        stage = self.stage(pk)
        others = Stage.objects.filter(pipeline=stage.pipeline).alive().exclude(pk=pk).order_by("position", "pk")
        held = Deal.objects.filter(stage=stage).alive().count()
        return self.show("settings/stage_delete.html", {"stage": stage, "others": others, "held": held})

    def post(self, request, pk):
        stage = self.stage(pk)
        move_to = Stage.objects.of(self.organization).alive().filter(pk=whole(request.POST.get("move_to", ""))).first()
        try:
            pipelines.delete_stage(stage, move_to=move_to, by=request.user)
            self.say(f"{stage.name} is deleted.", undoable=True)
        except REFUSALS as error:
            self.complain(words_of(error))
            return redirect("settings:stage_delete", pk=pk)
        return redirect("settings:pipeline", pk=stage.pipeline_id)


class Rates(SettingsPage):
    """Exchange rates: the newest ones, one set by hand, or many from a file."""

    section, verb = "rates", "organization.manage"

    def get(self, request):
        return self.page()

    def post(self, request):
        sent = request.POST
        try:
            if "remove" in sent:
                rates.delete(ExchangeRate.objects.of(self.organization).filter(pk=whole(sent["remove"])), by=request.user)
                self.say("The rate is taken away.")
            elif file := request.FILES.get("file"):
                if file.size > RATE_FILE:
                    raise Invalid({"file": [f"must be at most {RATE_FILE // 1024 // 1024} MB"]})
                found = rates.read_file(file.read())
                count = rates.set_rates(self.organization, found, source=file.name[:100], by=request.user)
                self.say(f"{count:,} rates are set.")
            else:
                given = Rate.read({name: sent.get(name, "") for name in ("day", "currency", "rate", "source")})
                entry = (given["day"], given["currency"], given["rate"])
                rates.set_rates(self.organization, [entry], source=given.get("source") or "", by=request.user)
                self.say(f"{given['currency']} is set.")
        except REFUSALS as error:
            return self.page(error=words_of(error), sent=sent, status=422)
        return redirect("settings:rates")

    def page(self, error="", sent=None, status=200):
        rows = ExchangeRate.objects.of(self.organization).order_by("-day", "currency")[:MOST_RATES]
        return self.show("settings/rates.html", {"rates": rows, "currency": self.organization.currency, "error": error,
                                                 "sent": sent or {}, "back": reverse("settings:pipelines")}, status=status)
