"""The token that a client must show: read from a file or the environment, never from arguments."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from inference_server.serve.errors import ServeError

ENVIRONMENT = "OMNICAM_MODEL_TOKEN"
LEAST = 16
"""Characters; guessing one of random letters would take longer than anybody lives."""

_MOST_BYTES = 4096
_SENDABLE = re.compile(r"[!-~]+")
_REMEDY = "make one with --make-token"


def load(file: Path | None, environment: Mapping[str, str]) -> str:
    """Give the token of a file, or of the environment where no file is named.

    Raises:
        ServeError: there is none, or it is no use as one. The message does not hold it.
    """
    if file is None:
        token, place = environment.get(ENVIRONMENT, "").strip(), ENVIRONMENT
        if not token:
            raise ServeError(
                f"no token: name a file with --token-file FILE ({_REMEDY}), or set {ENVIRONMENT}"
            )
    else:
        token, place = _read(file), str(file)
    if not _SENDABLE.fullmatch(token):
        raise ServeError(f"{place}: a token is one line of letters, digits and signs; {_REMEDY}")
    if len(token) < LEAST:
        raise ServeError(f"{place}: the token is shorter than {LEAST} characters; {_REMEDY}")
    return token


def make(file: Path) -> bool:
    """Write a new random token to a file that only its owner can read; keep one that is there.

    Returns:
        Whether it was made.

    Raises:
        ServeError: it cannot be written.
    """
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        if file.exists():
            return False
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as opened:
            opened.write(secrets.token_urlsafe(32) + "\n")
        # A link is made whole or not at all, and never over another's token.
        with contextlib.suppress(FileExistsError):
            os.link(fresh, file)
            return True
    except OSError as error:
        raise ServeError(f"{file}: no token can be written there: {error.strerror}") from None
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
    return False


def readable_by_others(file: Path) -> bool:
    """Say whether other users of the machine can read the token."""
    return bool(file.stat().st_mode & 0o077)


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            raw = opened.read(_MOST_BYTES)
        return raw.decode("ascii").strip()
    except OSError as error:
        raise ServeError(f"--token-file {file}: {error.strerror}; {_REMEDY}") from None
    except UnicodeDecodeError:
        raise ServeError(f"--token-file {file} holds no token; {_REMEDY}") from None
