"""systemd hears that the server is ready."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path

import pytest

from inference_server.serve.systemd import notify


@pytest.mark.parametrize("abstract", [False, True])
def test_it_is_told_where_it_listens(tmp_path: Path, *, abstract: bool) -> None:
    name = f"omnicam-{secrets.token_hex(8)}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0{name}" if abstract else name)
        systemd.settimeout(5)
        notify("READY=1", {"NOTIFY_SOCKET": f"@{name}" if abstract else name})
        assert systemd.recv(100) == b"READY=1"


def test_where_it_does_not_listen_nothing_happens(tmp_path: Path) -> None:
    notify("READY=1", {})
    notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "nowhere")})
