"""Home Assistant's ingress: whom it lets at the node without a token, and to what."""

from __future__ import annotations

from aiohttp import web

from omnicam.serve.editing import MAY_CHANGE
from omnicam.serve.routes import ROUTES

GATEWAY = "172.30.32.2"
"""The Supervisor in its own network, through which Home Assistant's users come to an app."""

_FIELDS = frozenset({"zones", "lines"})
_ALLOWED = frozenset((route.method, route.path) for route in ROUTES if route.page)


def lets_through(request: web.Request, gateway: str | None) -> bool:
    """Whether a request came through the gateway and asks for what the node's page needs.

    Home Assistant has logged in whoever comes this way, an administrator or not. So they get
    neither the cameras' passwords nor the record, and change zones and lines alone: whoever could
    change an address would be sent the password. The peer's own address counts and no header that
    names another, since anybody can send a header.

    Args:
        request: as it came.
        gateway: address of the gateway; None where no ingress leads to this node.
    """
    if gateway is None or request.remote != gateway or "X-Ingress-Path" not in request.headers:
        return False
    resource = request.match_info.route.resource
    if resource is None or (request.method, resource.canonical) not in _ALLOWED:
        return False
    request[MAY_CHANGE] = _FIELDS
    return True
