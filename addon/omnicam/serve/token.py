"""The API's bearer token: made at first start, kept in the data folder, never logged."""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path

from omnicam.config.model import Secret
from omnicam.serve.private import write_private

FILE_NAME = "api_token"
_BYTES = 32


def load_or_create(data: Path) -> Secret:
    """Read the token of this node, or make one that only this user may read.

    Raises:
        OSError: the data folder cannot be written.
    """
    file = data / FILE_NAME
    try:
        text = file.read_text(encoding="ascii").strip()
        if text:
            return Secret(text)
    except FileNotFoundError:
        pass
    token = secrets.token_urlsafe(_BYTES)
    write_private(file, f"{token}\n".encode())
    return Secret(token)


def accepts(token: Secret, header: str | None) -> bool:
    """Whether an `Authorization` header carries the token, in time that tells nothing."""
    kind, _, given = (header or "").partition(" ")
    return kind.lower() == "bearer" and hmac.compare_digest(
        given.strip().encode(), token.reveal().encode()
    )
