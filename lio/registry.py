"""What a lower floor asks of higher ones, in the same transaction: lists that apps fill in `AppConfig.ready()`.

Signals are for news only; what must happen together with a rule is registered here (DECISIONS 8).
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RailEntry:
    """A place in the rail of the pages; shown to those who may `verb`. `count(user)` gives a number or None."""

    label: str
    url: str  # name of the route
    icon: str
    group: str = ""
    order: int = 0
    verb: str = "records.view"
    count: Any = None
    key: str = ""


@dataclass(frozen=True)
class Subject:
    """A kind of record that files, notifications and the feed can be about, by its `model_type`.

    `rows(organization)` are its living rows, `names(organization, ids)` answers {id: name}, also of deleted ones, and
    `url(id)` the path of its page ("" without one). `verb` lets a member see it.
    """

    rows: Callable
    names: Callable
    url: Callable
    verb: str = "records.view"
    plural: str = ""  # of several, when it is not the model type with an s


@dataclass(frozen=True)
class Module:
    """A kind of record that has a list and saved views, and custom fields unless it says otherwise: `model` holds them,
    `filter_class` filters."""

    model: Any
    filter_class: Any
    columns: dict[str, str]  # {field: label} of what a table of its list can show
    has_own_fields: bool = True


@dataclass(frozen=True)
class Exported:
    """A kind of record that can be exported to a file.

    `rows(organization)` are what its list shows, `shown(rows)` a `.values()` queryset of them, and
    `columns(organization, keys)` all that a file can say of each, {name: lio.spreadsheet.Column}; `keys(rows)` names those of
    the custom fields that the rows have values of, defined or not. A file has all columns but the `optional` ones. `module`
    is the one whose saved views fit, `of_view(names)` the columns that stand for a view's. Without `rows` there are no such
    records yet.
    """

    label: str
    filter_class: Any
    columns: Callable
    rows: Any = None
    shown: Callable = lambda rows: rows.rows()
    keys: Callable = lambda rows: ()
    optional: tuple = ()
    module: str = ""
    of_view: Callable = list


@dataclass(frozen=True)
class BulkAction:
    """What a higher floor adds to the bulk bar of a list: `act(rows, by)` does it and answers the words of the toast; or `url`
    is the route of a page that gets what the bar posts, with the list's filters in its address, and asks first."""

    label: str
    act: Callable = lambda rows, by: ""
    url: str = ""


@dataclass(frozen=True)
class ConversionPart:
    """What a higher floor asks on the page where a lead is converted, and makes of it in `on_conversion`.

    `show(user, lead, posted, error)` is its section, {"template", ...}, with what was posted and what was wrong with it;
    `read(posted)` answers what comes into `further` by its `name`, None for nothing.
    """

    name: str
    show: Callable
    read: Callable


undoers: dict[str, Callable] = {}  # model type: f(organization, changes, by) -> (ids put back, conflicts); lio/undo.py
# {verb of a lead's history: f(organization, change, by) -> what was left alone, [{field, reason}]}: deeds of higher floors
undo_on_lead: dict[str, Callable] = {}
at_work: list[Callable] = []  # f(organization, change_id): whether that action is still going on, so that undo must wait
rail: list[RailEntry] = []
subjects: dict[str, Subject] = {}  # {model_type: what it is}
feed_actions: dict[str, str] = {}  # {verb of the history: what the feed calls it}
feed_phrases: dict[str, str] = {}  # {verb of the history: what somebody did, as in "Anna <added a note to> 3 leads"}
profile_parts: list[Callable] = []  # f(user) -> {"template": ..., ...}: further sections of the profile page
# {model type: [f(user, record id, request) -> {"template": ..., "place": "side", "main" or "below" (the fields)} or None]}:
# sections that higher floors add to the page of a record; each template stands on its own and may ask for itself again
record_parts: dict[str, list[Callable]] = defaultdict(list)
# {model type: [f(user, record id) -> {"label", "icon", "address"} or None]}: the next thing to do, a button beside the name
record_acts: dict[str, list[Callable]] = defaultdict(list)
# {model type: [f(organization id, ids, by)]}, before these are deleted: what goes with them, or loses its link
unlinks: dict[str, list[Callable]] = defaultdict(list)
bulk_actions: dict[str, dict[str, BulkAction]] = defaultdict(dict)  # {model type: {name: of its list's bulk bar}}
renamed: dict[str, list[Callable]] = defaultdict(list)  # {model type: [f(organization, ids)]}: these have another name now
exports: dict[str, Exported] = {}  # by the export_type of the API: "leads", "companies", ...
modules: dict[str, Module] = {}  # by the module_name of the API: "lead", "contact", ...
on_refusal: list[Callable] = []  # f(organization, label, reason): a connected service takes our key no more
# f(organization, lead ids, moment) -> {lead id: (points 0..100, [(words, points)])}: what leads have done of late
engagement: list[Callable] = []
on_form: list[Callable] = []  # f(organization, form, lead id, about): a hosted form has made or updated a lead
won: list[Callable] = []  # f(organization, most) -> ids of companies of which business was won, the newest first
# f(organization, leads, conversions, further, by): what else leads become; `further` is what was asked for one (or None), and
# what is made of it goes into its conversion's `further` (contacts/conversion.py)
on_conversion: list[Callable] = []
conversion_parts: list[ConversionPart] = []
on_founding: list[Callable] = []  # f(organization): seeds of a new organisation, inside its scope
on_joining: list[Callable] = []  # f(member): seeds of a new member, inside the organisation's scope


def with_own_fields():
    """The names of the modules whose records have custom fields."""
    return [name for name, module in modules.items() if module.has_own_fields]


def registered(registry):
    """Decorator: add the function to `registry`."""

    def add(function):
        registry.append(function)
        return function

    return add
