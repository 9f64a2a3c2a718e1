"""The service's description says what the service does."""

import re
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar

from banqup_tui.backend.api.routes import openapi
from banqup_tui.protocol import paths
from tests.backend.test_reading import deliver
from tests.support.services import add_document
from tests.support.serving import BASE, serving, space_in

METHODS = {"get", "put", "post", "delete", "patch"}


async def fetched(tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The description, and an answer to every call that can be made without more ado, by path."""
    services = space_in(tmp_path)
    delivery_id = deliver(services, add_document(services, "2026-1"), attempts=1)
    async with serving(services) as served:
        cursor = (await served.snapshot())["cursor"]
        answers = {
            paths.SNAPSHOT: (await served.get("/snapshot")).json(),
            paths.DOCUMENTS: (await served.get("/documents")).json(),
            paths.CHANGES: (await served.get("/changes", cursor=cursor)).json(),
            paths.SPACES: (await served.http.get("/v1/spaces")).json(),
            paths.EXTENSIONS: (await served.get("/extensions")).json(),
            paths.ATTEMPTS: (await served.get(f"/deliveries/{delivery_id}/attempts")).json(),
            paths.UNFILED: (await served.get("/to-place")).json(),
            paths.BACKFILL: (await served.http.get(f"{BASE}/backfill?clientId=x&folders=SALES_INVOICES")).json(),
            paths.INSTANCE: (await served.http.get("/v1/instance?nonce=n")).json(),
        }
        return (await served.http.get(paths.OPENAPI)).json(), answers


async def test_the_description_has_every_path_of_the_wire_and_no_other(tmp_path: Path) -> None:
    description, _ = await fetched(tmp_path)
    known = {value for name, value in vars(paths).items() if name.isupper()}
    assert set(description["paths"]) == known


async def test_the_description_has_every_call_that_the_routes_answer(tmp_path: Path) -> None:
    description, _ = await fetched(tmp_path)
    routed = set()
    for route in Litestar(openapi.ROUTES, openapi_config=None).routes:
        path = re.sub(r":str\}", "}", route.path)
        routed |= {(path, method.lower()) for method in route.methods if method.lower() in METHODS}
    printed = {(path, method) for path, operations in description["paths"].items() for method in operations}
    assert printed == routed


async def test_every_answer_looks_as_the_description_says(tmp_path: Path) -> None:
    description, answers = await fetched(tmp_path)
    schemas = description["components"]["schemas"]
    for path, answer in answers.items():
        content = description["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        differing = list(differences(answer, content["schema"], schemas, path))
        assert differing == []


async def test_every_name_that_the_description_refers_to_is_in_it(tmp_path: Path) -> None:
    description, _ = await fetched(tmp_path)
    names = set(re.findall(r"#/components/schemas/(\w+)", openapi.description().decode()))
    assert names <= set(description["components"]["schemas"])
    assert {"Send", "CreateClient", "Problem", "DocumentsPage"} <= set(description["components"]["schemas"])


async def test_every_call_says_how_it_goes_wrong(tmp_path: Path) -> None:
    description, _ = await fetched(tmp_path)
    for operations in description["paths"].values():
        for operation in operations.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            assert operation.get("summary")


def differences(value: Any, schema: dict[str, Any], schemas: dict[str, Any], where: str) -> list[str]:
    """As much of JSON Schema as the description uses: references, alternatives, objects, lists, simple types."""
    if "$ref" in schema:
        return differences(value, schemas[schema["$ref"].rpartition("/")[2]], schemas, where)
    for alternatives in (schema.get("oneOf"), schema.get("anyOf")):
        if alternatives:
            found = [differences(value, one, schemas, where) for one in alternatives]
            return [] if [] in found else found[0]
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{where}: {value!r}"]
    if not is_of_type(value, schema.get("type")):
        return [f"{where}: {value!r} is not {schema.get('type')}"]
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [more for one in value for more in differences(one, schema["items"], schemas, f"{where}[]")]
    if isinstance(value, dict) and "properties" in schema:
        missing = [f"{where}: no {name}" for name in schema.get("required", ()) if name not in value]
        unknown = [f"{where}: unknown {name}" for name in value if name not in schema["properties"]]
        inside = [
            more
            for name, one in value.items()
            if name in schema["properties"]
            for more in differences(one, schema["properties"][name], schemas, f"{where}.{name}")
        ]
        return missing + unknown + inside
    return []


TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
    "number": (int, float),
}


def is_of_type(value: Any, type_: Any) -> bool:
    wanted = [type_] if isinstance(type_, str) else type_ or []
    return not wanted or any(isinstance(value, TYPES[one]) for one in wanted)


@pytest.mark.parametrize("path", [paths.SNAPSHOT, paths.OPENAPI])
async def test_the_description_is_given_only_to_who_is_signed_in(tmp_path: Path, path: str) -> None:
    async with serving(space_in(tmp_path)) as served:
        del served.http.headers["Authorization"]
        assert (await served.http.get(path.format(s="x"))).status_code == 401
