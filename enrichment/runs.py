"""A run: asking about one person or company, in two halves with the sources between them.

`start` (inside a scope) says what is asked and reserves what it can cost; `chain.ask` runs with no scope open; `finish` (inside
a second one) takes the credits of the hits, stores what was found and fills the record. `give_up` instead of `finish` takes
nothing.
"""

from dataclasses import asdict, dataclass

from django.utils.timezone import now

from accounts import credits
from enrichment import filling, linkedin
from enrichment.chain import WANTED, Answer, ask, most, query_of
from enrichment.models import FoundValue, Run
from enrichment.records import KINDS
from integrations import connections, registry
from integrations.ports import COMPANY, PERSON, Query
from lio.errors import Conflict, DomainError, Missing
from lio.undo import undo

NAMES = ("email", "linkedin_url", "name", "company", "domain")  # what one may ask with besides a record


@dataclass
class Started:
    """What `ask` needs, and nothing of the database."""

    run_id: int
    query: Query
    sources: list
    held: frozenset = frozenset()

    def ask(self) -> Answer:
        return ask(self.query, self.sources, held=self.held)


def sources_of(organization):
    """All sources of an organisation in the order in which they are asked. Must be called inside its scope."""
    from enrichment.sources import builtin  # with the first question, not with the process

    return [*builtin(organization), *registry.enrichers(organization)]


def key_of(run_id):
    """The key of the run's credits."""
    return f"enrichment:{run_id}"


def begin(organization, *, by, model_type="", model_id=None, known=None):
    """A new run about a record, or about what is `known` ({name of NAMES: text}); started."""
    run = Run.objects.create(organization=organization, model_type=model_type, model_id=model_id, query=known or {}, by=by)
    return start(organization, run, sources_of(organization))


def start(organization, run, sources):
    """Say what is asked for `run` and reserve what it can cost.

    Raises Missing when the record has gone, Forbidden (`insufficient_credits`) when the organisation has too few credits.
    """
    held: frozenset = frozenset()
    if run.model_type:
        kind = KINDS[run.model_type]
        row = kind.row(organization, run.model_id)
        query, held = kind.query_of(row), kind.held(row)
        run.query = {name: value for name, value in asdict(query).items() if value}
    else:
        query = query_of(kind_of(run.query), **run.query)
    needed = 0 if WANTED[query.kind] <= held else most(sources)
    credits.reserve(organization, needed, key=key_of(run.pk))
    run.state = Run.State.WORKING
    run.save(update_fields=["state", "query"])
    return Started(run.pk, query, sources, held)


def kind_of(known):
    """Whether a person is asked about, or a company: that is all one can mean with nothing but its name or domain."""
    return PERSON if any(known.get(name) for name in ("email", "linkedin_url", "name")) else COMPANY


def finish(organization, started, answer):
    """Take the credits, store what was found, fill the record. Answers the Run. Does nothing the second time."""
    run = Run.objects.of(organization).select_for_update(of=("self",)).get(pk=started.run_id)
    if run.finished_at:
        return run
    credits.settle(organization, key_of(run.pk), answer.cost)
    for one, source in zip(answer.asked, started.sources, strict=False):
        if one.refused:
            connections.refused(organization, source, one.problem)
    run.state, run.finished_at = Run.State.DONE, now()
    run.provider, run.hit, run.cost, run.confidence = answer.provider, answer.hit, answer.cost, answer.confidence
    run.sources = [{"name": one.name, "provider": one.provider, "hit": one.hit, "cost": one.cost, "problem": one.problem}
                   for one in answer.asked]
    run.results = answer.results()
    run.problem = answer.problem or ("" if answer.hit else "Nothing was found.")
    if run.model_type:
        try:
            filling.fill(organization, run, answer)
        except Missing:
            run.problem = "The record is gone."
    run.save()
    if started.query.linkedin_url and answer.hit and started.query.kind == PERSON:
        linkedin.remember(organization, started.query, answer, run.model_id if run.model_type == "lead" else None)
    return run


def give_up(organization, run_id, error):
    """End a run that came to nothing: what it reserved goes back. Answers the Run."""
    run = Run.objects.of(organization).select_for_update(of=("self",)).get(pk=run_id)
    if run.finished_at is None:
        credits.refund(organization, key_of(run.pk))
        run.state, run.finished_at = Run.State.FAILED, now()
        run.problem = str(error)[:300] if isinstance(error, DomainError) else "Something went wrong on our side."
        run.save(update_fields=["state", "finished_at", "problem"])
    return run


def take_back(organization, run, *, by):
    """Undo all that a run filled in. Answers the lio.undo.Undone. Raises Conflict when there is nothing to take back."""
    if run.change_id is None:
        raise Conflict("This run has changed nothing.", code="not_undoable")
    return undo(organization, run.change_id, by=by)


def told(run):
    """A run as the API answers it."""
    values = list(FoundValue.objects.filter(run=run).values_list("field", "state"))
    return {
        "run_id": run.pk,
        "lead_id": run.model_id if run.model_type == "lead" else None,
        "provider": run.provider,
        "person": run.results.get(PERSON, {}),
        "company": run.results.get(COMPANY, {}),
        "confidence": float(run.confidence),
        "credits_used": run.cost,
        "filled": [name for name, state in values if state == FoundValue.State.APPLIED],
        "proposed": [name for name, state in values if state == FoundValue.State.PROPOSED],
        "problem": run.problem,
    }
