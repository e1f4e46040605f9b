"""Google Calendar and Microsoft Graph on this machine: small servers that remember events and hand out tokens, and judge every
request, and their own answers, by what the vendors say of their APIs. `errors` must be empty in the end."""

import importlib.util
import json
import re
from base64 import urlsafe_b64encode
from functools import cache
from hashlib import sha256
from itertools import count
from pathlib import Path
from threading import Lock
from urllib.parse import parse_qs, unquote, urlencode, urlsplit
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator
from werkzeug import Response

from tests.conftest import shared

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
DATE_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"


class Server:
    """What both have in common: tokens, canned answers, and the list of what was asked."""

    root = ""

    def __init__(self, http, settings, provider):
        self.errors, self.asked, self.canned, self.events = [], [], [], {}
        self.numbers, self.lock = count(1), Lock()
        self.codes, self.refresh_tokens, self.access_tokens, self.granted = {}, set(), set(), None
        self.refusal, self.seconds, self.renewals, self.while_renewing = None, 3600, 0, None
        self.url = http.url_for(self.root)
        settings.OAUTH = {**settings.OAUTH, provider: {
            "client_id": f"{provider}-client", "client_secret": "client-secret-7", "api_url": self.url,
            "authorize_url": http.url_for("/authorize"), "token_url": http.url_for("/token")}}  # fmt: skip
        settings.ALLOW_PRIVATE_HOSTS = [f"{http.host}:{http.port}"]
        http.expect_request("/authorize", method="GET").respond_with_handler(self.authorize)
        http.expect_request("/token", method="POST").respond_with_handler(self.token)
        http.expect_request(re.compile(f"^{self.root}/")).respond_with_handler(self.answer)

    def wrong(self, text):
        self.errors.append(text)

    def says(self, status, body=None, *, only=None, **headers):
        """The next call (of the method `only`) gets this instead of what the server would answer."""
        self.canned.append((only, status, body, {name.replace("_", "-"): value for name, value in headers.items()}))

    def answer(self, request):
        self.asked.append(request)
        data = request.get_data()
        body = json.loads(data) if data else None
        self.judge(request, body)
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.access_tokens:
            return _json(401, {"error": {"code": 401, "message": "no such token", "errors": []}})
        found = next((one for one in self.canned if one[0] in (None, request.method)), None)
        if found:
            self.canned.remove(found)
            text = found[2] if isinstance(found[2], str) else json.dumps(found[2])
            return Response("" if found[2] is None else text, found[1], {"Content-Type": "application/json", **found[3]})
        with self.lock:
            status, answer = self.play(request, body)
        if status < 300:
            self.judge_answer(request, answer)
        return _json(status, answer)

    # ------------------------------------------------------------------------------------------------ tokens
    def consent(self, address):
        """What the member's browser comes back with after a visit to `address`: {code, state}."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code-{next(self.numbers)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def authorize(self, request):
        """Where the browser goes: whoever comes says yes."""
        told = self.consent(request.url)
        return Response("", 302, {"Location": f"{request.args['redirect_uri']}?{urlencode(told)}"})

    def token(self, request):
        asked = request.form.to_dict()
        if (asked.get("client_id"), asked.get("client_secret")) != (self.client_id, "client-secret-7"):
            return _json(401, {"error": "invalid_client"})
        if self.refusal:
            return self.refusal
        if asked.get("grant_type") == "authorization_code":
            begun = self.codes.pop(asked.get("code"), None)
            proof = urlsafe_b64encode(sha256(asked.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
            if begun is None or begun["code_challenge"] != proof or begun["redirect_uri"] != asked.get("redirect_uri"):
                return _json(400, {"error": "invalid_grant", "error_description": "code of client-secret-7 is no good"})
            return _json(200, self.grant(self.granted or begun["scope"]))
        if asked.get("grant_type") == "refresh_token":
            with self.lock:
                self.renewals += 1
                known = asked.get("refresh_token") in self.refresh_tokens
                self.refresh_tokens.discard(asked.get("refresh_token"))  # good once: whoever loses the new one is out
            if self.while_renewing:
                self.while_renewing()
            return _json(200, self.grant()) if known else _json(400, {"error": "invalid_grant"})
        return _json(400, {"error": "unsupported_grant_type"})

    def grant(self, scope=None):
        access, refresh = f"access-{next(self.numbers)}", f"refresh-{next(self.numbers)}"
        self.access_tokens.add(access)
        self.refresh_tokens.add(refresh)
        told = {"access_token": access, "refresh_token": refresh, "expires_in": self.seconds, "token_type": "Bearer"}
        return told | ({"scope": scope} if scope else {})


def raw(request):
    """The path as it was sent: an id may hold a slash under its escape."""
    return urlsplit(request.environ["RAW_URI"]).path


def _json(status, body):
    text = "" if status == 204 else json.dumps(body)
    return Response(text, status, {"Content-Type": "application/json"})


# ------------------------------------------------------------------------------------------------------ Google
@cache
def discovery():
    """Google's own description of its calendar API, as it lies in the package of its client."""
    there = importlib.util.find_spec("googleapiclient")
    assert there and there.origin, "google-api-python-client is missing: pip install -r requirements-dev.txt"
    return json.loads((Path(there.origin).parent / "discovery_cache/documents/calendar.v3.json").read_text())


def _closed(part):
    """A schema of a discovery document as JSON Schema that takes nothing it does not name."""
    if isinstance(part, list):
        return [_closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return {"$ref": f"#/$defs/{part['$ref']}"}
    kept = {name: value for name, value in part.items() if name in ("type", "items", "enum", "pattern", "additionalProperties")}
    kept = {name: _closed(value) for name, value in kept.items()}
    if "properties" in part:
        kept["properties"] = {name: _closed(value) for name, value in part["properties"].items()}
        kept["additionalProperties"] = False
    if part.get("format") == "date-time":
        kept["pattern"] = f"^{DATE_TIME}$"
    if part.get("format") == "date":
        kept["pattern"] = r"^\d{4}-\d\d-\d\d$"
    return kept


@cache
def google_schemas():
    defs = {name: _closed(schema) for name, schema in discovery()["schemas"].items()}
    return {name: Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": defs}) for name in defs}


def _methods(resources):
    for one in resources.values():
        yield from one.get("methods", {}).values()
        yield from _methods(one.get("resources", {}))


class Google(Server):
    root, client_id = "/calendar/v3", "google-client"

    def __init__(self, http, settings):
        super().__init__(http, settings, "google")
        self.page, self.makes_links, self.zone = 250, True, "Europe/Berlin"
        self.calendars = [{"id": "rep@example.com", "primary": True, "accessRole": "owner", "summary": "rep@example.com"}]

    def method(self, request):
        path = raw(request).removeprefix(f"{self.root}/")
        for method in _methods(discovery()["resources"]):
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(method["path"]))
            if request.method == method["httpMethod"] and (found := re.fullmatch(pattern, path)):
                return method, found.groupdict()
        return None, {}

    def judge(self, request, body):
        method, _ = self.method(request)
        if method is None:
            return self.wrong(f"Google has no {request.method} {request.path}")
        known = {**discovery()["parameters"], **method.get("parameters", {})}
        for name, value in request.args.items(multi=True):
            there = known.get(name)
            if there is None or there["location"] != "query":
                self.wrong(f"{method['id']} has no parameter {name}")
            elif not _fits(there, value):
                self.wrong(f"{method['id']}: {name} cannot be {value!r}")
        schema = method.get("request", {}).get("$ref")
        if schema:
            self.check(schema, body, method["id"])
        elif body is not None:
            self.wrong(f"{method['id']} takes no body")
        if body and "id" in body and not re.fullmatch("[a-v0-9]{5,1024}", body["id"]):
            self.wrong(f"{body['id']} is no id")

    def judge_answer(self, request, answer):
        method, _ = self.method(request)
        if method and "response" in method:
            self.check(method["response"]["$ref"], answer, f"the answer of {method['id']}")

    def check(self, schema, body, where):
        for error in google_schemas()[schema].iter_errors(body):
            self.wrong(f"{where}: {'.'.join(map(str, error.path))} {error.message}")

    def add(self, id, start, end, /, **values):
        """An event of somebody else's making; texts of 10 letters are days."""
        name = "date" if len(start) == 10 else "dateTime"
        self.events[id] = {"id": id, "iCalUID": f"{id}@google.com", "etag": '"1"', "start": {name: start}, "end": {name: end},
                           "status": "confirmed", "eventType": "default", **values}  # fmt: skip

    def play(self, request, body):
        method, place = self.method(request)
        what = method["id"] if method else ""
        if what == "calendar.calendarList.list":
            return 200, {"kind": "calendar#calendarList", "items": self.calendars}
        if unquote(place.get("calendarId", "")) not in ("primary", *(one["id"] for one in self.calendars)):
            return 404, _google_error(404, "notFound")
        if what == "calendar.events.list":
            found = sorted(self.events.values(), key=lambda one: one["id"])
            if request.args.get("showDeleted") != "true":
                found = [one for one in found if one["status"] != "cancelled"]
            start = int(request.args.get("pageToken", 0))
            more = {"nextPageToken": str(start + self.page)} if len(found) > start + self.page else {}
            return 200, {"timeZone": self.zone, "items": found[start : start + self.page], **more}
        if what == "calendar.events.insert":
            if body["id"] in self.events:
                return 409, _google_error(409, "duplicate")
            return 200, self.store(body["id"], {"iCalUID": f"{body['id']}@google.com"}, body, request)
        there = self.events.get(place.get("eventId"))
        if there is None:
            return 404, _google_error(404, "notFound")
        if what == "calendar.events.get":
            return 200, there
        if what == "calendar.events.patch":
            if request.headers.get("If-Match", there["etag"]) != there["etag"]:
                return 412, _google_error(412, "conditionNotMet")
            return 200, self.store(place["eventId"], there, body, request)
        if what == "calendar.events.delete":
            if there["status"] == "cancelled":
                return 410, _google_error(410, "deleted")
            there["status"] = "cancelled"
            return 204, None
        raise AssertionError(what)

    def store(self, id, there, body, request):
        new = {**there, **body, "id": id, "etag": f'"{next(self.numbers)}"'}
        if request.args.get("conferenceDataVersion") != "1":
            new.pop("conferenceData", None)
        elif "createRequest" in new.get("conferenceData", {}) and self.makes_links:
            new["hangoutLink"] = f"https://meet.google.com/{id[3:6]}-{id[6:10]}-{id[10:13]}"
        self.events[id] = new
        return new


def _google_error(code, reason):
    return {"error": {"code": code, "message": reason, "errors": [{"domain": "global", "reason": reason, "message": reason}]}}


def _fits(parameter, value):
    kind = parameter["type"]
    if kind == "boolean":
        return value in ("true", "false")
    if kind == "integer":
        return bool(re.fullmatch(r"-?\d+", value)) and int(parameter.get("minimum", value)) <= int(value) <= int(
            parameter.get("maximum", value))  # fmt: skip
    if "enum" in parameter:
        return value in parameter["enum"]
    return parameter.get("format") != "date-time" or bool(re.fullmatch(DATE_TIME, value))


# -------------------------------------------------------------------------------------------------- Microsoft
@cache
def graph_types(path):
    """{name: (base, {property: type}, {navigation: type})} and {enum: members} of Microsoft's description."""
    types, enums = {}, {}
    for schema in ElementTree.parse(path).getroot().iter(f"{EDM}Schema"):  # noqa: S314 - a file of the project's
        if schema.get("Namespace") != "microsoft.graph":
            continue
        for one in schema:
            if one.tag in (f"{EDM}EntityType", f"{EDM}ComplexType"):
                own = {child.get("Name"): child.get("Type") for child in one if child.tag == f"{EDM}Property"}
                ways = {child.get("Name"): child.get("Type") for child in one if child.tag == f"{EDM}NavigationProperty"}
                types[one.get("Name")] = (_short(one.get("BaseType") or ""), own, ways)
            elif one.tag == f"{EDM}EnumType":
                enums[one.get("Name")] = {child.get("Name") for child in one}
    return types, enums


def _short(name):
    return re.sub(r"^(microsoft\.)?graph\.", "", name)


class Graph(Server):
    root, client_id = "/v1.0", "outlook-client"
    simple = {"Edm.String": str, "Edm.Boolean": bool, "Edm.Int32": int, "Edm.Int64": int, "Edm.Guid": str}

    def __init__(self, http, settings, description):
        super().__init__(http, settings, "outlook")
        self.types, self.enums = graph_types(description)
        self.page, self.makes_links, self.has_teams, self.transactions, self.elsewhere = 250, True, True, {}, ""
        self.calendars = [{"id": "AAA=", "name": "Calendar", "canEdit": True, "isDefaultCalendar": True,
                           "owner": {"name": "Rep", "address": "rep@example.com"}}]  # fmt: skip

    def named(self, kind, which):
        """All properties (1) or ways (2) of a type, with those of what it is built on."""
        found = {}
        while kind:
            found |= self.types[kind][which]
            kind = self.types[kind][0]
        return found

    def judge(self, request, body):
        kind, many = "user", False
        parts = raw(request).removeprefix(f"{self.root}/").split("/")
        if parts.pop(0) != "me":
            return self.wrong(f"Graph has no {request.path}")
        for part in parts:
            if many:
                many = False  # a key
                continue
            way = self.named(kind, 2).get(part)
            if way is None:
                return self.wrong(f"{kind} has no {part}")
            many, kind = way.startswith("Collection("), _short(way.removeprefix("Collection(").rstrip(")"))
        view = parts[-1] == "calendarView"
        for name, value in request.args.items():
            if name == "$select":
                if unknown := set(value.split(",")) - self.named(kind, 1).keys():
                    self.wrong(f"{kind} has no {unknown}")
            elif name == "$filter":
                used = re.match(r"(\w+)/Any\(ep: ep/id eq '[^']+' and ep/value eq '(?:[^']|'')+'\)$", value)
                if not used or used[1] not in self.named(kind, 2):
                    self.wrong(f"{value} is no filter of {kind}")
            elif name in ("$top", "$skip"):
                if not value.isdigit():
                    self.wrong(f"{name}={value}")
            elif not (view and name in ("startDateTime", "endDateTime") and re.fullmatch(DATE_TIME, value)):
                self.wrong(f"{request.path} has no {name}={value}")
        if view and not {"startDateTime", "endDateTime"} <= request.args.keys():
            self.wrong("calendarView needs startDateTime and endDateTime")
        if 'outlook.timezone="UTC"' not in request.headers.get("Prefer", ""):
            self.wrong("times must be asked for in UTC")
        if request.method in ("POST", "PATCH"):
            self.check(kind, body, kind)
            if request.method == "PATCH" and not many and "transactionId" in (body or {}):
                self.wrong("transactionId cannot be changed")
        elif body is not None:
            self.wrong(f"{request.method} takes no body")

    def judge_answer(self, request, answer):
        if request.method != "DELETE":
            for one in answer.get("value", [answer]):
                self.check("calendar" if request.path.endswith("/calendars") else "event", one, "the answer")

    def check(self, kind, body, where):
        """Collect what a value of the type `kind` cannot be."""
        if kind.startswith("Collection("):
            if not isinstance(body, list):
                return self.wrong(f"{where} must be a list")
            for one in body:
                self.check(_short(kind.removeprefix("Collection(").rstrip(")")), one, where)
        elif kind.startswith("Edm."):
            python = self.simple.get(kind, str)
            if not isinstance(body, python) or (python is int and isinstance(body, bool)):
                self.wrong(f"{where} must be {kind}, not {body!r}")
        elif kind in self.enums:
            if body not in self.enums[kind]:
                self.wrong(f"{where}: {kind} cannot be {body!r}")
        elif not isinstance(body, dict):
            self.wrong(f"{where} must be an object")
        else:
            known = self.named(kind, 1) | self.named(kind, 2)
            for name, value in body.items():
                if name.startswith("@odata."):
                    continue
                if name not in known:
                    self.wrong(f"{where}: {kind} has no {name}")
                elif value is not None:
                    self.check(_short(known[name]), value, f"{where}.{name}")

    def add(self, id, start, end, /, **values):
        """An event of somebody else's making; its times are UTC as Graph writes them."""
        self.events[id] = {"id": id, "iCalUId": f"uid-{id}", "@odata.etag": 'W/"1"', "showAs": "busy", "isCancelled": False,
                           "isAllDay": False, "start": {"dateTime": f"{start}.0000000", "timeZone": "UTC"},
                           "end": {"dateTime": f"{end}.0000000", "timeZone": "UTC"}, **values}  # fmt: skip

    def play(self, request, body):
        path = raw(request).removeprefix(f"{self.root}/me")
        if path == "/calendars":
            return 200, {"value": self.calendars}
        if path.startswith("/calendars/"):
            key, path = path.removeprefix("/calendars/").split("/", 1)
            if unquote(key) not in [one["id"] for one in self.calendars]:
                return 404, _graph_error("ErrorItemNotFound")
            path = f"/{path}"
        if path == "/calendarView" or (path == "/events" and request.method == "GET"):
            found = sorted(self.events.values(), key=lambda one: one["id"])
            if mark := re.search(r"ep/value eq '(.+)'\)$", request.args.get("$filter", "")):
                found = [one for one in found if one.get("singleValueExtendedProperties", [{}])[0].get("value") == mark[1]]
            start = int(request.args.get("$skip", 0))
            more = {}
            if len(found) > start + self.page:
                query = re.sub("&%24skip=[0-9]+", "", request.query_string.decode())
                rest = f"{raw(request)}?{query}&%24skip={start + self.page}"
                more = {"@odata.nextLink": f"{self.elsewhere or request.host_url.rstrip('/')}{rest}"}
            return 200, {"value": found[start : start + self.page], **more}
        if path == "/events":
            if "isOnlineMeeting" in body and not self.has_teams:
                return 400, _graph_error("ErrorInvalidRequest")
            if before := self.transactions.get(body["transactionId"]):
                if before[0] != body or before[1] not in self.events:
                    return 409, _graph_error("ErrorDuplicateTransactionId")
                return 201, self.events[before[1]]
            id = f"AQMk{next(self.numbers)}="
            self.transactions[body["transactionId"]] = (body, id)
            return 201, self.store(id, {"iCalUId": f"uid-{id}"}, body)
        id = unquote(path.removeprefix("/events/"))
        there = self.events.get(id)
        if there is None:
            return 404, _graph_error("ErrorItemNotFound")
        if request.method == "GET":
            return 200, there
        if request.method == "PATCH":
            if request.headers.get("If-Match", there["@odata.etag"]) != there["@odata.etag"]:
                return 412, _graph_error("ErrorIrresolvableConflict")
            if "isOnlineMeeting" in body and not self.has_teams:
                return 400, _graph_error("ErrorInvalidRequest")
            return 200, self.store(id, there, body)
        del self.events[id]
        return 204, None

    def store(self, id, there, body):
        new = {**there, **body, "id": id, "@odata.etag": f'W/"{next(self.numbers)}"'}
        if new.get("isOnlineMeeting") and self.makes_links:
            new["onlineMeeting"] = {"joinUrl": f"https://teams.microsoft.com/l/meetup-join/{len(id)}{id[4:-1]}"}
        self.events[id] = new
        return new


def _graph_error(code):
    return {"error": {"code": code, "message": code}}


@pytest.fixture
def google(httpserver, settings):
    """Google on this machine, with its description as the judge."""
    there = Google(httpserver, settings)
    yield there
    assert there.errors == []


@pytest.fixture
def graph(httpserver, settings):
    """Microsoft Graph on this machine, with its description as the judge."""
    there = Graph(httpserver, settings, shared("contracts/microsoft_graph_v1.xml"))
    yield there
    assert there.errors == []
