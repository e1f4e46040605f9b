"""The house stands: imports and foreign keys go down the floors, and what must be in one place is nowhere else (HOUSE)."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps

FLOORS = [
    {"lio"},
    {"accounts"},
    {"activity", "lookups", "integrations"},
    {"companies"},
    {"leads"},
    {"contacts", "intent"},
    {"deals", "booking", "voice", "enrichment"},
    {"mail"},
    {"assistant", "abm", "transfers", "reports"},
]
FLOOR = {app: height for height, storey in enumerate(FLOORS) for app in storey}
ROOF = {Path("lio/urls.py"), Path("lio/settings.py")}
CODE = [path for app in sorted(FLOOR) for path in sorted(Path(app).rglob("*.py")) if "migrations" not in path.parts]
TEMPLATES = sorted(Path("templates").rglob("*.*"))
GROUND = {"organization", "user"}  # of accounts: every floor may point there, by name

# Modules that may speak SQL themselves, or look with the system role's eyes. Each is read in a review; keep the lists short.
SQL = {
    "lio/api/idempotency.py",
    "lio/checks.py",
    "lio/grants.py",
    "lio/health.py",
    "lio/history.py",
    "lio/housekeeping.py",
    "lio/jobs.py",
    "lio/listing.py",
    "lio/matching.py",
    "lio/merging.py",
    "lio/many.py",
    "lio/ratelimit.py",
    "lio/rows.py",
    "lio/search.py",
    "lio/tenancy.py",
    "lio/worker.py",
    "accounts/keys.py",
    "accounts/sessions.py",
    "booking/meetings.py", "booking/shared.py",
    "companies/duplicates.py",
    "companies/naming.py",
    "companies/similar.py",
    "contacts/duplicates.py",
    "companies/stats.py",
    "contacts/conversion.py",
    "deals/edit.py",
    "intent/heat.py",
    "intent/jobs.py",
    "intent/signals.py",
    "intent/backtest.py",
    "intent/across.py",
    "intent/site/visits.py",
    "intent/tracking/jobs.py",
    "leads/capture.py",
    "leads/capture_many.py",
    "leads/scoring/training.py",
    "leads/duplicates.py",
    "leads/identity.py",
    "leads/jobs.py",
    "leads/models.py",
    "leads/filters.py",
    "leads/follow_ups.py",
    "activity/groups.py",
    "leads/web_forms/models.py",
    "enrichment/sources/own_data.py",
    "activity/jobs.py",
    "activity/notify.py",
    "deals/forecast/changes.py",
    "deals/forecast/goals.py",
    "deals/forecast/jobs.py",
    "deals/forecast/learning.py",
    "deals/forecast/periods.py",
    "deals/forecast/report.py",
    "deals/forecast/saying.py",
    "deals/forecast/snapshots.py",
    "deals/forecast/thinning.py",
    "lookups/custom.py",
    "lookups/edit.py",
    "lookups/fields.py",
    "lookups/known.py",
    "transfers/exporting.py",
    "transfers/jobs.py",
    "transfers/staging.py",
}
SYSTEM_ROLE = {
    "accounts/jobs.py", "activity/jobs.py", "booking/calendars/jobs.py", "booking/jobs.py", "companies/similar.py",
    "deals/forecast/jobs.py",
    "intent/across.py", "lio/matching.py", "leads/jobs.py", "transfers/jobs.py",
}


def text_of(path):
    return path.read_text()


def imported_apps(path):
    for node in ast.walk(ast.parse(text_of(path))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", None) or ""]
        yield from (name.split(".")[0] for name in names if name.split(".")[0] in FLOOR)


def test_there_is_code():
    assert len(CODE) > 80 and len(TEMPLATES) > 20


@pytest.mark.parametrize("path", [path for path in CODE if path not in ROOF], ids=str)
def test_imports_go_down(path):
    home = path.parts[0]
    upward = {app for app in imported_apps(path) if app != home and FLOOR[app] >= FLOOR[home]}
    assert not upward, f"{path} reaches up or sideways to {upward}"


def test_foreign_keys_go_down():
    for model in apps.get_models():
        home = model._meta.app_label
        for field in model._meta.get_fields():
            if field.concrete and field.related_model and home in FLOOR and field.related_model._meta.model_name not in GROUND:
                there = field.related_model._meta.app_label
                assert there == home or FLOOR.get(there, -1) < FLOOR[home], f"{model.__name__}.{field.name}"


def calls(path):
    """(name of the called attribute or function, the call) of a module."""
    for node in ast.walk(ast.parse(text_of(path))):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "attr", None) or getattr(node.func, "id", ""), node


def test_sql_is_written_in_few_places():
    speakers = {
        str(path)
        for path in CODE
        for name, _ in calls(path)
        if name in ("cursor", "raw", "extra", "RawSQL") and not str(path).startswith(("lio/embedded", "lio/run"))
    }
    assert speakers <= SQL, f"not on the list: {sorted(speakers - SQL)}"


def test_the_system_role_is_used_in_few_places():
    users = {
        str(path)
        for path in CODE
        if re.search(r"""using\(\s*["']system|connections\[["']system|using=["']system""", text_of(path))
    }
    assert users <= SYSTEM_ROLE, f"not on the list: {sorted(users - SYSTEM_ROLE)}"


def test_the_scope_is_set_in_one_place():
    assert [str(path) for path in CODE if "app.org" in text_of(path)] == ["lio/tenancy.py", "lio/walls.py"]


def test_sql_never_takes_a_value_into_its_text():
    """f-strings in SQL hold names of ours; what a caller sent is always a parameter."""
    for path in CODE:
        for name, call in calls(path):
            if name in ("execute", "executemany", "raw") and call.args and isinstance(call.args[0], ast.BinOp):
                assert not isinstance(call.args[0].op, ast.Mod), f"{path}:{call.lineno} formats SQL with %"
            if name == "execute" and call.args and isinstance(call.args[0], ast.JoinedStr):
                inside = " ".join(ast.dump(value) for value in call.args[0].values)
                assert not re.search(r"request|\bdata\b|params|body|given|query_params", inside), f"{path}:{call.lineno}"


@pytest.mark.parametrize(
    "word", ["mark_safe", "csrf_exempt", "SafeString", "autoescape off", "|safe", "pickle", "eval(", "exec("]
)
def test_forbidden_words(word):
    found = [
        str(path)
        for path in [*CODE, *TEMPLATES]
        if path.suffix in (".py", ".html")  # mails are plain text
        and re.search(rf"(?<![\w.]){re.escape(word)}" if word[0].isalpha() else re.escape(word), text_of(path))
    ]
    assert found == []


def test_templates_hold_no_inline_script_or_style():
    """The content security policy would refuse it in the browser; here it is named."""
    for path in TEMPLATES:
        text = text_of(path) if path.suffix == ".html" else ""
        for tag in re.findall(r"<script\b[^>]*>", text):
            assert "src=" in tag or "nonce" in tag or "json" in tag, f"{path}: {tag}"
        assert not re.search(r"\son(click|load|error|submit|change|input)\s*=", text), path
        assert not re.search(r"\sstyle\s*=", text), path
        assert "javascript:" not in text, path
        assert not re.search(r"""(src|href)=["'](https?:)?//""", text), f"{path} reaches for another host"


def test_money_is_never_a_float_in_the_database():
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if model._meta.app_label in FLOOR:
                assert field.get_internal_type() != "FloatField", f"{model.__name__}.{field.name}"


def test_no_module_has_a_name_that_says_nothing():
    names = {"services", "selectors", "utils", "helpers", "common", "manager", "misc"}
    assert [str(path) for path in CODE if path.stem in names] == []


def test_signals_of_saving_are_not_used():
    assert [str(path) for path in CODE if re.search(r"\b(post|pre)_(save|delete)\b|m2m_changed", text_of(path))] == []


def test_rules_know_nothing_of_http():
    """A module that is neither a face (api, pages, admin ...) nor the kit does not see the request."""
    faces = {
        "api",
        "pages",
        "list_page",
        "record_page",
        "duplicate_pages",
        "admin",
        "middleware",
        "authentication",
        "permissions",
        "urls",
        "views",
        "door",
        "forms",
        "docs",
        "schema",
    }
    for path in CODE:
        if path.parts[0] == "lio" or set(path.parts) & faces or path.stem in faces or "management" in path.parts:
            continue
        for name in ("django.http", "rest_framework.response", "rest_framework.request"):
            assert name not in text_of(path), f"{path} knows {name}"


def test_repository_speaks_of_the_product_alone():
    words = re.compile(r"(?<![\w./])/(work|tmp)/|\bTODO\b|\bFIXME\b|\bXXX\b")
    mine = Path(__file__).name
    files = [
        *CODE,
        *TEMPLATES,
        *Path("docs").rglob("*.md"),
        *Path("static").rglob("*.js"),
        *Path("static").rglob("*.css"),
        Path("README.md"),
    ]
    assert [str(path) for path in files if path.name != mine and path.suffix != ".gz" and words.search(text_of(path))] == []


def test_only_the_door_speaks_http():
    """Requests to servers of others go through lio/outbound.py, which checks where they go."""
    own = {"lio/run/runner.py", "transfers/delivery.py"}  # whether our own web is up; the command that pushes a file to a LIO
    found = {
        str(path)
        for path in CODE
        if re.search(r"^\s*(import|from) (requests|urllib3|http\.client|httpx|aiohttp|urllib\.request)\b", text_of(path), re.M)
    }
    assert found - own == {"lio/outbound.py"}
