"""The OpenAPI 3.1 description, made from the table of routes and the structs, so that it cannot lie."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from borgpy import __version__
from borgpy.model.api import ProblemDetails
from borgpy.server.route import Query, Route

_REF = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"\w+")


def describe(routes: Iterable[Route], cell: str) -> dict[str, Any]:
    """The description as plain data."""
    routes = tuple(routes)
    kinds: dict[Any, None] = {ProblemDetails: None}
    for route in routes:
        kinds.update(dict.fromkeys(k for k in (route.body, route.answer) if k not in (None, bytes)))
    schemas, components = msgspec.json.schema_components(list(kinds), ref_template=_REF)
    known = dict(zip(kinds, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, known)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Borgmaster of cell {cell}",
            "version": __version__,
            "description": "Declare jobs, look at them, and follow what happens.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route, known: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": "_".join([route.method.lower(), *_WORD.findall(route.path)]),
        "parameters": [_path_parameter(name) for name in _PARAMETER.findall(route.path)]
        + [_query_parameter(query) for query in route.query],
        "responses": {
            "200": _content("what was asked for", route.media, known.get(route.answer, {})),
            "default": _content("a problem", "application/problem+json", known[ProblemDetails]),
        },
        "security": [{"token": []}] if route.rights else [],
    }
    if route.rights:
        rights = " or ".join(right.value for right in route.rights)
        operation["description"] = f"Needs the right {rights}."
    if route.idempotent_key:
        operation["parameters"].append(_idempotency_key())
    if route.body is not None:
        media = "application/octet-stream" if route.body is bytes else "application/json"
        schema = known.get(route.body, {})
        operation["requestBody"] = {"required": True, "content": {media: {"schema": schema}}}
    return operation


def _content(description: str, media: str, schema: Any) -> dict[str, Any]:
    return {"description": description, "content": {media: {"schema": schema}}}


def _path_parameter(name: str) -> dict[str, Any]:
    kind = "integer" if name == "index" else "string"
    return {"name": name, "in": "path", "required": True, "schema": {"type": kind}}


def _query_parameter(query: Query) -> dict[str, Any]:
    kind = {int: "integer", bool: "boolean", str: "string"}[query.type]
    return {
        "name": query.name,
        "in": "query",
        "description": query.description,
        "schema": {"type": kind},
    }


def _idempotency_key() -> dict[str, Any]:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "a fresh id for each write; repeated with the same content it gets the first answer",
        "schema": {"type": "string", "maxLength": 200},
    }
