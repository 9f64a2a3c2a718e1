"""Route of the OpenAPI description, which is made from the routes on first request."""

from functools import cache

import msgspec
from litestar import Litestar, Response, get

from banqup_tui import __version__
from banqup_tui.backend.api.routes import commands, events, files, instance, sign_ins, snapshots, sources, tests
from banqup_tui.backend.api.routes._common import JSON, json_bytes
from banqup_tui.domain.setting_rules import Schema
from banqup_tui.domain.values import JsonObject
from banqup_tui.protocol import paths
from banqup_tui.protocol.commands import BODIES
from banqup_tui.protocol.messages import Commands, DocumentsPage
from banqup_tui.protocol.problems import MEDIA_TYPE, Problem


@get(paths.OPENAPI, sync_to_thread=True)
def openapi() -> Response[bytes]:
    """Returns this description (OpenAPI 3.1)."""
    return json_bytes(description())


ROUTES = [
    *instance.ROUTES,
    *snapshots.ROUTES,
    *commands.ROUTES,
    *events.ROUTES,
    *files.ROUTES,
    *tests.ROUTES,
    *sign_ins.ROUTES,
    *sources.ROUTES,
    openapi,
]


@cache
def description() -> bytes:
    from litestar.openapi import OpenAPIConfig
    from litestar.openapi.spec import Components, SecurityScheme

    config = OpenAPIConfig(
        title="banqup",
        version=__version__,
        components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
        security=[{"token": []}],
        render_plugins=[],
    )
    described: JsonObject = Litestar(ROUTES, openapi_config=config, logging_config=None).openapi_schema.to_schema()
    described["components"]["schemas"].update(_further_schemas())
    for operations in described["paths"].values():
        for operation in operations.values():
            _with_problems(operation)
    _by_hand(described["paths"])
    return msgspec.json.encode(described)


def _further_schemas() -> JsonObject:
    """Returns schemas that the signatures of the routes do not show: pages, batches, command bodies and problems."""
    types = (Problem, DocumentsPage, Commands, *BODIES.values())
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return schemas


def _with_problems(operation: JsonObject) -> None:
    """Documents every error as a problem document, whatever its status."""
    operation["responses"].pop("400", None)
    operation["responses"]["default"] = _answer("A problem (RFC 9457)", MEDIA_TYPE, _ref("Problem"))


def _by_hand(described: JsonObject) -> None:
    bytes_of_a_file = {"type": "string", "format": "binary"}
    described[paths.DOCUMENTS]["get"]["responses"]["200"] = _answer("A page", JSON, _ref("DocumentsPage"))
    described[paths.OPENAPI]["get"]["responses"]["200"] = _answer("OpenAPI 3.1", JSON, {"type": "object"})
    described[paths.EVENTS]["get"]["responses"]["200"] = _answer("Hints", "text/event-stream", {"type": "string"})
    batch = described[paths.COMMANDS]["post"]
    batch["requestBody"] = {"required": True, "content": {JSON: {"schema": _ref("Commands")}}}
    file = described[paths.FILE]
    file["put"]["requestBody"] = {"required": True, "content": {_OCTETS: {"schema": bytes_of_a_file}}}
    file["put"]["responses"]["204"] = {"description": "It was there"}
    for status, words in (("200", "The bytes"), ("206", "The range asked for")):
        file["get"]["responses"][status] = _answer(words, _OCTETS, bytes_of_a_file)
    file["get"]["responses"]["304"] = {"description": "Not changed: it never does"}
    for path, method in _SINGLE_WRITES:
        operation = described[path][method]
        status = next(iter(operation["responses"]))
        operation["responses"][status] = _answer("What came of it", JSON, _ref("CommandResult"))


_OCTETS = "application/octet-stream"
_SINGLE_WRITES = (
    (paths.DELIVERIES, "post"),
    (paths.PROCESSED, "put"),
    (paths.INTEGRATION, "delete"),
    (paths.PAUSE, "post"),
    (paths.RESUME, "post"),
)


def _answer(words: str, media_type: str, schema: Schema) -> JsonObject:
    return {"description": words, "content": {media_type: {"schema": schema}}}


def _ref(name: str) -> JsonObject:
    return {"$ref": f"#/components/schemas/{name}"}
