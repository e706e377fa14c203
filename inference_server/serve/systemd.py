"""Telling systemd that the server is ready, where it started this process as `Type=notify`."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping

_TIMEOUT_S = 1.0


def notify(state: str, environment: Mapping[str, str]) -> None:
    """Send a state such as `READY=1`; nothing where systemd does not listen."""
    address = environment.get("NOTIFY_SOCKET")
    if not address:
        return
    # One that begins with @ is no file: systemd's way to write the abstract name space.
    name = f"\0{address[1:]}" if address.startswith("@") else address
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
        way.settimeout(_TIMEOUT_S)
        way.connect(name)
        way.sendall(state.encode())
