"""A vendor's own description of its API as a judge of the requests that we send: every deviation is collected."""

import json
from io import BytesIO

from openapi_core import Config, OpenAPI
from openapi_core.contrib.werkzeug import WerkzeugOpenAPIRequest
from werkzeug import Request, Response


class Vendor:
    """A local server in the vendor's place. `errors` must be empty in the end; `asked` are the requests."""

    def __init__(self, path, host):
        self.description = _usable(json.loads(path.read_text()))
        self.api = OpenAPI.from_dict(self.description, config=Config(spec_validator_cls=None))
        self.host, self.errors, self.asked, self.answers = host, [], [], []

    def serve(self, server):
        server.expect_request("/", method="GET")  # so that the server has a first rule
        server.clear()
        for path in self.description["paths"]:
            server.expect_request(path).respond_with_handler(self.answer)
        return server.url_for("").rstrip("/")

    def answer(self, request):
        self.asked.append(request)
        environ = {**request.environ, "wsgi.url_scheme": "https", "HTTP_HOST": self.host,
                   "wsgi.input": BytesIO(request.get_data(cache=True))}  # fmt: skip
        environ.pop("werkzeug.request", None)
        try:
            self.api.validate_request(WerkzeugOpenAPIRequest(Request(environ)))
        except Exception as error:
            self.errors.append(f"{request.method} {request.url}: {error!r} {error.__cause__!r}")
        unknown = set(request.args) - self.names(request)  # the description does not refuse what it does not name; we do
        if unknown:
            self.errors.append(f"{request.path} has no {sorted(unknown)}")
        status, body, headers = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        text = body if isinstance(body, str) else json.dumps(body)
        return Response(text, status, {"Content-Type": "application/json", **headers})

    def names(self, request):
        there = self.description["paths"][request.path][request.method.lower()]
        return {parameter["name"] for parameter in there["parameters"] if parameter["in"] == "query"}

    def says(self, status, body, **headers):
        """What the next requests get; the last one stays."""
        self.answers.append((status, body, {name.replace("_", "-"): value for name, value in headers.items()}))
        return self


def _usable(part):
    """Descriptions as vendors publish them, in the form that a validator understands."""
    if isinstance(part, dict):
        return {
            {"*/*": "application/json", "oneOf": "anyOf"}.get(key, key): _usable(value)
            for key, value in part.items()
            if key != "discriminator" and not (key == "example" and value is None)
        }
    return [_usable(value) for value in part] if isinstance(part, list) else part
