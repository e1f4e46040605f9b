"""Likely duplicates of any kind of record: found for one at that moment, and kept as a table of pairs by a job.

Nothing is compared with everything: each record meets those that share a key with it, by index, and one statement scores what
has met. Which keys and what they weigh says the module of the records (leads/duplicates.py, companies/duplicates.py,
contacts/duplicates.py); how the list of pairs follows what happens is said here, once (docs/decisions/0010-duplicates.md).
"""

from dataclasses import dataclass
from itertools import combinations
from time import monotonic
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, connections, models, transaction
from django.db.models import Case, Q, Value, When
from django.db.models.functions import JSONObject, Now
from django.utils.timezone import now

from lio import history
from lio.jobs import AGAIN, advance, enqueue, path_of
from lio.merging import Merging
from lio.rows import Moment
from lio.tenancy import OwnedModel, TenantQuerySet, org_scope

STRONG, LIKELY = 85, 65  # from which score two records are called so
STRENGTHS = [(STRONG, "strong"), (LIKELY, "likely"), (0, "possible")]  # from which score
LEAST = 50  # the score from which two records are worth a look
CHUNK = 200  # records whose duplicates one statement looks for
MOST = 10  # duplicates that a page shows of one record
ALIKE = 0.55  # trigram similarity of names: Jane and Jayne Doe have 0.58, Anna and Arne Smith 0.47
SHARED = 0.25  # names less alike than this share a mailbox rather than a person
TURN = 3  # seconds of a job: nobody waits for it, others wait for its worker


def digits(text):
    """SQL of the digits of a text: names that differ in them are two things, however alike they are."""
    return f"regexp_replace({text}, '\\D', '', 'g')"


def any_case(column):
    """SQL of the ways in which one writes a name. Equality with each is what an index can look up behind the wall."""
    return f"ARRAY[{column}, initcap({column}), upper({column}), lower({column})]"


# What the facts about two people weigh: `facts` has mine, id, email, linkedin, phone, name and company (likeness), city.
OF_PEOPLE = f"""weighed AS (
    SELECT mine, id, CASE WHEN NOT email THEN 0 WHEN name < {SHARED} THEN 0.6 ELSE 0.95 END AS email,
           CASE WHEN linkedin THEN 0.95 ELSE 0 END AS linkedin, CASE WHEN phone THEN 0.55 ELSE 0 END AS phone,
           CASE WHEN name >= {ALIKE} AND company >= 0.5 THEN 0.5 + 0.4 * (name - {ALIKE}) / (1 - {ALIKE}) * company
                WHEN name >= {ALIKE} THEN 0.35 ELSE 0 END AS name,
           CASE WHEN city AND name >= 0.9 THEN 0.3 ELSE 0 END AS city FROM facts),
scored AS (  -- each reason leaves some doubt, and doubts multiply
    SELECT mine, id,
           round((100 * (1 - (1 - email) * (1 - linkedin) * (1 - phone) * (1 - name) * (1 - city)))::numeric)::int AS score,
           array_remove(ARRAY[CASE WHEN email > 0 THEN 'email' END, CASE WHEN linkedin > 0 THEN 'linkedin' END,
               CASE WHEN phone > 0 THEN 'phone' END, CASE WHEN name >= 0.5 THEN 'name_company' WHEN name > 0 THEN 'name' END,
               CASE WHEN city > 0 THEN 'city' END], NULL) AS reasons
    FROM weighed)
"""
REASONS_OF_PEOPLE = {
    "email": "Same e-mail address", "linkedin": "Same LinkedIn profile", "phone": "Same phone number",
    "name_company": "Like name and company", "name": "Like name", "city": "Same city",
}


# ------------------------------------------------------------------------- the tables
class PairQuerySet(TenantQuerySet):
    brief: dict[str, str] = {}  # {name of the API: column} of what a pair shows of each of its two records

    def alive(self):
        """Pairs of two living records that nobody has dismissed."""
        return self.filter(dismissed_at=None, first__deleted_at=None, second__deleted_at=None)

    def rows(self):
        strength = Case(When(score__gte=STRONG, then=Value("strong")), When(score__gte=LIKELY, then=Value("likely")),
                        default=Value("possible"))
        sides = {f"{side}_": JSONObject(**{name: f"{side}__{column}" for name, column in self.brief.items()})
                 for side in ("first", "second")}
        return self.values("id", "score", "reasons", strength=strength, **sides, found_at_=Moment("found_at"))


class Pair(OwnedModel):
    """Two records (`first`, `second`: keys) that may be one, the older one first."""

    first_id: int
    second_id: int
    score = models.PositiveSmallIntegerField()  # 0 to 100
    reasons = ArrayField(models.CharField(max_length=20), default=list)  # of the Matching's
    found_at = models.DateTimeField(db_default=Now())
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        abstract = True

    def __str__(self):
        return f"{self.first_id} and {self.second_id}"


def strength(score):
    """strong, likely or possible."""
    return next(word for least, word in STRENGTHS if score >= least)


# ------------------------------------------------------------------------- the rules
@dataclass(frozen=True, eq=False)
class Matching:
    """How duplicates of one kind of record are found.

    `stored` and `typed` are SQL of a CTE `mine`: the records with these ids, and what is being typed; `scored` of CTEs that
    end in `scored` (mine, id, score, reasons). `shown` is SQL of the columns of `likely`, of the record `l` and its `joins`.
    `pair` and `line` are the models of the pairs and of the records that wait, which triggers write.
    """

    merging: Merging
    pair: Any
    line: Any
    stored: str
    typed: str
    scored: str
    shown: str
    likely: type
    joins: str = ""

    @property
    def table(self):
        return self.merging.model._meta.db_table

    @property
    def column(self):
        return f"{self.merging.kind}_id"

    @property
    def find(self):
        pairs = self.pair._meta.db_table
        return f"""
            SELECT {self.shown}, s.score, s.reasons
            FROM scored s JOIN {self.table} l ON l.organization_id = %(org)s AND l.id = s.id {self.joins}
            WHERE s.score >= {LEAST} AND NOT EXISTS (
                SELECT FROM {pairs} p WHERE p.organization_id = %(org)s AND p.first_id = least(s.mine, s.id)
                AND p.second_id = greatest(s.mine, s.id) AND p.dismissed_at IS NOT NULL)
            ORDER BY s.score DESC, l.id LIMIT %(most)s"""

    @property
    def keep(self):
        pairs = self.pair._meta.db_table
        return f"""
            , pairs AS (
                SELECT least(mine, id) AS first, greatest(mine, id) AS second, max(score) AS score, max(reasons) AS reasons
                FROM scored WHERE score >= {LEAST} GROUP BY 1, 2),
            stale AS (
                DELETE FROM {pairs} p WHERE p.organization_id = %(org)s AND p.dismissed_at IS NULL AND p.id IN (
                    SELECT id FROM {pairs} WHERE organization_id = %(org)s AND first_id = ANY(%(ids)s::bigint[])
                    UNION SELECT id FROM {pairs} WHERE organization_id = %(org)s AND second_id = ANY(%(ids)s::bigint[]))
                AND NOT EXISTS (SELECT FROM pairs n WHERE n.first = p.first_id AND n.second = p.second_id))
            INSERT INTO {pairs} (organization_id, first_id, second_id, score, reasons)
            SELECT %(org)s, first, second, score, reasons FROM pairs ORDER BY first, second
            ON CONFLICT (organization_id, first_id, second_id) DO UPDATE SET score = EXCLUDED.score, reasons = EXCLUDED.reasons
            WHERE ({pairs}.score, {pairs}.reasons) IS DISTINCT FROM (EXCLUDED.score, EXCLUDED.reasons)"""

    def of_record(self, organization, row_id, *, most=MOST):
        """The living records that may be the same as this one, the surest first; without those that were dismissed."""
        return self._find(self.stored, {"org": organization.pk, "ids": [row_id], "most": most})

    def of_values(self, organization, values, *, most=5):
        """The same for a record that is still being typed: `values` are the parameters of `typed`."""
        return self._find(self.typed, {**values, "org": organization.pk, "most": most})

    def _find(self, mine, values):
        with connection.cursor() as cursor:
            cursor.execute(f"WITH {mine}, {self.scored} {self.find}", values)
            return [self.likely(*row) for row in cursor.fetchall()]

    # --------------------------------------------------------------------- the table of pairs
    def match_next(self, organization_id, most=CHUNK):
        """Look for the duplicates of the records that have waited longest. Answers how many waited: 0 when none did.

        The rows that are taken are locked, so that of two jobs one waits for the other. Within the scope and a transaction.
        """
        line = self.line._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"""DELETE FROM {line} WHERE organization_id = %(org)s AND id IN (
                        SELECT id FROM {line} WHERE organization_id = %(org)s ORDER BY id LIMIT %(most)s FOR UPDATE)
                    RETURNING {self.column}""", {"org": organization_id, "most": most})
            taken = [row_id for (row_id,) in cursor.fetchall()]
            if taken:
                cursor.execute(f"WITH {self.stored}, {self.scored} {self.keep}",
                               {"org": organization_id, "ids": sorted(set(taken))})
        return len(taken)

    def put_in_line(self, organization_id, after, most=10_000):
        """Have the next `most` living records after the id `after` looked at anew. Answers the last one's id, None behind
        the end.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                f"""WITH put AS (
                        INSERT INTO {self.line._meta.db_table} (organization_id, {self.column})
                        SELECT organization_id, id FROM {self.table}
                        WHERE organization_id = %s AND deleted_at IS NULL AND id > %s ORDER BY id LIMIT %s
                        RETURNING {self.column})
                    SELECT max({self.column}) FROM put""", [organization_id, after, most])
            return cursor.fetchone()[0]

    def waiting(self, organization, most=1_000_001):
        """How many records are still to be looked at, at most `most`."""
        return self.line.objects.of(organization)[:most].count()

    @transaction.atomic
    def dismiss(self, organization, row_ids, *, by):
        """Remember that these are different, each from each. Answers how many pairs that are new.

        Raises Invalid, and Missing when one of them is not a living record of the organisation.
        """
        ids = self.merging.several(organization, row_ids)
        there = self._pairs(organization, ids)
        rows = [self.pair(organization=organization, first_id=first, second_id=second, score=0)
                for first, second in combinations(ids, 2) if (first, second) not in there]
        self.pair.objects.bulk_create(rows, ignore_conflicts=True)
        fresh = [row for row in self._pairs(organization, ids).values() if row.dismissed_at is None]
        self.pair.objects.filter(pk__in=[row.pk for row in fresh]).update(dismissed_at=now(), dismissed_by=by)
        self._tell("duplicate.dismissed", fresh, by=by)
        return len(fresh)

    def _pairs(self, organization, ids):
        rows = self.pair.objects.of(organization).filter(first_id__in=ids, second_id__in=ids)
        return {(row.first_id, row.second_id): row for row in rows.order_by("pk").select_for_update()}

    def _tell(self, verb, rows, *, by):
        dismissed = verb == "duplicate.dismissed"
        history.record_each(verb, self.pair._meta.model_name, [
            (row.pk, {"dismissed": not dismissed}, {"dismissed": dismissed, f"{self.column}s": [row.first_id, row.second_id]})
            for row in rows], by=by)

    def undo_dismissals(self, organization, changes, by):
        """Take dismissals back: the pairs are looked at anew. Answers (their ids, conflicts)."""
        ids = [change.model_id for change in changes if change.verb == "duplicate.dismissed"]
        rows = list(self.pair.objects.of(organization).filter(pk__in=ids, dismissed_at__isnull=False).select_for_update())
        back = {row.pk for row in rows}
        self.pair.objects.filter(Q(score=0), pk__in=back).delete()  # nobody had found these
        self.pair.objects.filter(pk__in=back).update(dismissed_at=None, dismissed_by=None)
        self.line.objects.bulk_create(self.line(organization=organization, **{self.column: row.first_id}) for row in rows)
        self._tell("duplicate.restored", rows, by=by)
        return sorted(back), [
            {"model_id": pk, "field": None, "reason": "has been changed since"} for pk in ids if pk not in back]

    # --------------------------------------------------------------------- the jobs
    def match_waiting(self, row):
        """A turn of the job that looks for the duplicates of the records that wait, some hundred a transaction."""
        end = monotonic() + TURN
        while monotonic() < end:
            with org_scope(row.organization_id):
                taken = self.match_next(row.organization_id)
                if not taken:
                    return None
                advance(row, cursor=None, processed=taken)
        return AGAIN

    def look_again(self, row):
        """A turn of the job that has all records of the organisation looked at anew."""
        last, end = row.cursor or 0, monotonic() + TURN
        while monotonic() < end:
            with org_scope(row.organization_id):
                last = self.put_in_line(row.organization_id, last)
                if last is None:
                    return None
                advance(row, cursor=last)
        return AGAIN

    def start_where_waiting(self, function):
        """Start the job `function` where records wait and none is at work yet."""
        with connections["system"].cursor() as cursor:
            cursor.execute(
                f"""SELECT o.id FROM accounts_organization o WHERE EXISTS (
                        SELECT FROM {self.line._meta.db_table} w WHERE w.organization_id = o.id)
                    AND NOT EXISTS (SELECT FROM lio_job j WHERE j.organization_id = o.id AND j.function = %s
                                    AND j.state IN ('queued', 'processing'))""", [path_of(function)])
            busy = [organization_id for (organization_id,) in cursor.fetchall()]
        for organization_id in busy:
            with org_scope(organization_id):
                enqueue(function)
