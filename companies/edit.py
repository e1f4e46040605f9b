"""Making, changing and deleting companies: the sent fields, with what must follow from them in the same transaction."""

from django.db import IntegrityError, transaction
from django.utils.timezone import now

from companies import words
from companies.domains import company_domain
from companies.models import Company, CompanyTag
from companies.naming import normal
from lio import history, search
from lio.errors import Conflict, Missing
from lio.norms import norms
from lio.registry import renamed, unlinks
from lookups.changing import put, set_tags, told
from lookups.custom import refuse_taken

TAGS = CompanyTag, "company"


def normed(fields):
    """The normal forms of whichever of `fields` have one."""
    found = norms(fields)
    if "company_name" in fields:
        found["name_norm"] = normal(fields["company_name"])
    if "website" in fields:
        found["domain"] = company_domain(fields["website"])
    return found


@transaction.atomic
def add(organization, fields, *, by, tags=()):
    """Make a company of `fields` ({model attribute: value}) with `tags` (inner ids). Answers its id.

    Raises Conflict `duplicate_company` when a living one has its name or the domain of its website.
    """
    values = {name: value for name, value in fields.items() if value not in (None, "")}
    company = Company(organization=organization, created_by=by, **values, **normed(values))
    _save(company, organization, force_insert=True)
    if values.get("custom_fields"):
        refuse_taken(organization, company.pk, values["custom_fields"], module="company")
    _, numbers = set_tags(*TAGS, company, organization, None, tags)
    words.write([company])
    history.record("company.created", company, by=by, after=told(values) | ({"tags": numbers} if numbers else {}))
    return company.pk


@transaction.atomic
def update(company_id, organization, fields, *, by, tags=None, add_tags=(), verb="company.updated", keep=False):
    """Set `fields` ({model attribute: value}; custom_fields and ai_information key by key) of a living company.

    `tags` (inner ids) replaces its tags, `add_tags` adds to them. Only what differs is written and recorded. With `keep` a
    custom value that should be unique and is not is kept. Answers whether anything differed. Raises Missing, or Conflict when
    the name, the domain or a unique value belongs to another company.
    """
    company = Company.objects.of(organization).alive().select_for_update(of=("self",)).filter(pk=company_id).first()
    if company is None:
        raise Missing()
    before, after = put(company, fields | normed(fields))
    tags_before, tags_after = set_tags(*TAGS, company, organization, tags, add_tags)
    if not after and tags_before == tags_after:
        return False
    if after:
        _save(company, organization, update_fields=[*after, "updated_at"])
        if "custom_fields" in after and not keep:
            refuse_taken(organization, company.pk, after["custom_fields"], module="company")
    old, new = told(before), told(after)
    if tags_before != tags_after:
        old["tags"], new["tags"] = tags_before, tags_after
    if new:
        history.record(verb, company, by=by, before=old, after=new)
    if set(words.COLUMNS) & after.keys():
        words.write([company])
    if "company_name" in after:
        for follow in renamed["company"]:
            follow(organization, [company.pk])
    return True


def _save(company, organization, **how):
    try:
        with transaction.atomic():
            company.save(**how)
    except IntegrityError as error:
        if getattr(error.__cause__, "sqlstate", "") != "23505":
            raise
        raise duplicate(organization, company) from error


def duplicate(organization, company):
    """The refusal of a company whose name or domain another one has."""
    others = Company.objects.of(organization).alive().exclude(pk=company.pk)
    held = others.filter(name_norm=company.name_norm).values_list("pk", flat=True).first()
    field, what = ("company_name", "name") if held else ("website", "website's domain")
    if held is None and company.domain:
        held = others.filter(domain=company.domain).values_list("pk", flat=True).first()
    return Conflict(
        f"A company with this {what} exists already.", code="duplicate_company", company_id=held,
        fields={field: ["another company has it already"]},
    )


@transaction.atomic
def delete(rows, *, by):
    """Delete companies (softly). What belongs to them stays, without a company (R27). Answers the ids.

    The links are recorded first: what is taken back comes back in the other order, the companies before what links to them.
    They are locked first, too, as by a merge: whoever works on a lead or contact holds it when it gets another company.
    """
    going = list(rows.alive().order_by("pk").values_list("pk", "organization_id"))
    if not going:
        return []
    for unlink in unlinks["company"]:
        unlink(going[0][1], [pk for pk, _ in going], by)
    there = Company.objects.alive().filter(pk__in=[pk for pk, _ in going])
    ids = list(there.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    if not ids:
        return []
    history.change_rows(Company.objects.filter(pk__in=ids), "company.deleted", {"deleted_at": now()}, by=by)
    search.forget("company", ids)
    return ids


@transaction.atomic
def restore(rows, *, by):
    """Bring deleted companies back. Answers the ids. Raises Conflict when another has the name or domain by now."""
    gone = list(rows.exclude(deleted_at=None).order_by("pk").select_for_update(of=("self",)))
    for company in gone:
        company.deleted_at = None
        _save(company, company.organization, update_fields=["deleted_at", "updated_at"])
    words.write(gone)
    for company in gone:
        history.record("company.restored", company, by=by)
    return [company.pk for company in gone]
