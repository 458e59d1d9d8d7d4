"""The API's document is a contract: complete, with examples that fit, and true."""

from typing import Any

import pytest

from .catalogue import OWN, PUBLIC, address_of_nothing, address_of_own, operations


def resolve(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference."""
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def says_it_itself(schema: dict[str, Any]) -> bool:
    """Whether a parameter needs no example: its form leaves no doubt."""
    kinds = [schema, *schema.get("anyOf", [])]
    return any(k.get("enum") or k.get("format") or k.get("type") in ("integer", "boolean") for k in kinds)


def has_example(document: dict[str, Any], media: dict[str, Any]) -> bool:
    schema = resolve(document, media.get("schema", {}))
    options = [resolve(document, one) for one in schema.get("anyOf", [])]
    return bool(media.get("example") or media.get("examples")) or any(one.get("examples") for one in (schema, *options))


def test_every_address_of_the_api_begins_with_api_and_no_page_does(api):
    assert all(path.startswith("/api/") for path in api.openapi()["paths"])
    undocumented = {route.path for route in api.routes if getattr(route, "path", None) and not getattr(route, "include_in_schema", True)}
    assert {path for path in undocumented if path.startswith("/api")} == {"/api/openapi.json"}


def test_operation_ids_are_distinct_and_read_well(api):
    ids = [operation.document["operationId"] for operation in operations(api)]
    assert len(ids) == len(set(ids))
    assert all(name.replace("_", "").isalpha() and name.islower() and "api" not in name for name in ids)


def test_every_operation_is_described_with_examples(api):
    document = api.openapi()
    problems = []
    for operation in operations(api):
        told, name = operation.document, operation.name
        problems += [f"{name}: no {part}" for part in ("summary", "description", "tags") if not told.get(part)]
        for parameter in told.get("parameters", []):
            if not (says_it_itself(parameter["schema"]) or has_example(document, parameter)):
                problems.append(f"{name}: no example for {parameter['name']}")
        for kind, media in told.get("requestBody", {}).get("content", {}).items():
            if kind == "application/json" and not has_example(document, media):
                problems.append(f"{name}: no example of the request")
        for status, response in told["responses"].items():
            response = resolve(document, response)
            for kind, media in response.get("content", {}).items():
                if kind.endswith("json") and not has_example(document, media):
                    problems.append(f"{name}: no example of the answer {status}")
            if status[0] in "45" and status != "503" and list(response.get("content", {})) != ["application/problem+json"]:
                problems.append(f"{name}: {status} is no problem document")
    assert problems == []


def test_every_operation_needs_a_key_except_health(api):
    assert {o.path for o in operations(api) if not o.document.get("security")} == PUBLIC


def test_what_can_go_wrong_is_declared(api):
    for operation in operations(api):
        statuses = set(operation.document["responses"])
        assert "500" in statuses
        if operation.path not in PUBLIC:
            assert {"401", "403", "429", "503"} <= statuses, operation.name
        if operation.method != "get":
            assert {"400", "413", "422"} <= statuses, operation.name


async def test_without_a_key_nothing_answers(api, anonymous):
    for operation in operations(api):
        if operation.path not in PUBLIC:
            address = address_of_nothing(operation) if "{" in operation.path else operation.path
            answer = await anonymous.request(operation.method, address)
            assert answer.status_code == 401, operation.name


def test_every_path_with_a_parameter_has_somebody_who_makes_one(api):
    paths = {operation.path for operation in operations(api) if "{" in operation.path}
    assert {path for path in paths if not any(path.startswith(prefix) for prefix in OWN)} == set()


async def test_another_organizations_things_are_not_found(api, client, stranger):
    for operation in operations(api):
        if "{" in operation.path and operation.method == "get":
            address = await address_of_own(operation.path, client)
            assert (await client.get(address)).status_code == 200, address
            assert (await stranger.get(address)).status_code == 404, address
            await client.delete("/api/namespaces/acme-corp?confirm=acme-corp")


async def test_a_well_formed_id_of_nothing_is_not_found(api, client):
    for operation in operations(api):
        if "{" in operation.path and operation.method in ("get", "delete", "post"):
            answer = await client.request(operation.method, address_of_nothing(operation))
            allowed = (404, 422) if "requestBody" in operation.document else (404,)
            assert answer.status_code in allowed, operation.name


@pytest.mark.parametrize("id", ["x", "0193a512", "%00", "..%2f", "'; DROP TABLE ops.jobs; --", "9" * 400])
async def test_an_id_of_another_form_is_refused_by_name(api, client, id):
    for operation in operations(api):
        if operation.path.endswith("id}"):
            address = operation.path[: operation.path.index("{")] + id
            answer = await client.request(operation.method, address)
            assert answer.status_code in (404, 422), operation.name
            if answer.status_code == 422:
                assert answer.json()["errors"][0]["field"] in (operation.path.split("{")[-1][:-1], "path")
