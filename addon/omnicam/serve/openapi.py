"""The OpenAPI document, made from the table of routes so that the two cannot differ."""

from __future__ import annotations

import inspect
import re
from typing import Any

from omnicam import __version__
from omnicam.serve.routes import ROUTES, Route

_BINARY = {"type": "string", "format": "binary"}
_PROBLEM = {
    "type": "object",
    "properties": {
        "error": {"type": "string"},
        "remedy": {"type": "string"},
        "fields": {
            "type": "object",
            "description": "Of a camera's body: what is wrong with each field",
            "additionalProperties": {"type": "string"},
        },
    },
    "required": ["error", "remedy"],
}


def document() -> dict[str, Any]:
    """Make the document (OpenAPI 3.1)."""
    paths: dict[str, Any] = {
        "/api/health": {
            "get": {
                "summary": "Whether the node runs; with a token also how it fares.",
                "responses": {
                    "200": _answer("application/json"),
                    "503": {"description": "It runs, but not as it should (degraded)"},
                },
                "security": [{}, {"token": []}],
            }
        }
    }
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "OmniCam node", "version": __version__},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": _PROBLEM},
        },
        "security": [{"token": []}],
        "paths": paths,
    }


def _operation(route: Route) -> dict[str, Any]:
    problem = {"$ref": "#/components/schemas/Problem"}
    names = re.findall(r"{(\w+)}", route.path)
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]
    parameters += [
        {"name": name, "in": "query", "description": row.wanted, "schema": dict(row.schema)}
        for name, row in route.parameters.items()
    ]
    statuses = {"401": "No token, or a wrong one"}
    if names:
        statuses["404"] = "There is no such thing"
    if route.parameters or route.body:
        statuses["400"] = "A field cannot be used"
    if route.conflict:
        statuses["409"] = route.conflict
    if route.unavailable:
        statuses["503"] = route.unavailable
    operation: dict[str, Any] = {
        "summary": inspect.cleandoc(route.handler.__doc__ or ""),
        "operationId": getattr(route.handler, "__name__", route.path),
        "parameters": parameters,
        "responses": {str(route.status): _answer(route.content)}
        | {
            status: {
                "description": text,
                "content": {"application/json": {"schema": problem}},
            }
            for status, text in statuses.items()
        },
    }
    if route.body:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": route.body}},
        }
    return operation


def _answer(content: str) -> dict[str, Any]:
    schema = {"type": "object"} if content == "application/json" else _BINARY
    return {"description": "OK", "content": {content: {"schema": schema}}}
