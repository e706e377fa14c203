"""The API's bearer token: made at first start, kept in the data folder, never logged."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from omnicam.config.model import Secret

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
    data.mkdir(parents=True, exist_ok=True)
    token = secrets.token_urlsafe(_BYTES)
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(token + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
    return Secret(token)


def accepts(token: Secret, header: str | None) -> bool:
    """Whether an `Authorization` header carries the token, in time that tells nothing."""
    kind, _, given = (header or "").partition(" ")
    return kind.lower() == "bearer" and hmac.compare_digest(
        given.strip().encode(), token.reveal().encode()
    )
