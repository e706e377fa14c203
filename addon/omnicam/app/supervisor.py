"""What the Supervisor is asked (its broker's credentials) and told (where the node is)."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from omnicam.backoff import Backoff

URL = "http://supervisor"
TIMEOUT_S = 5.0
_LARGEST = 64 * 1024


class SupervisorError(RuntimeError):
    """The Supervisor gave no usable answer; the message says what to do."""


def mqtt_service(token: str, *, url: str = URL, patience_s: float = 60.0) -> dict[str, Any] | None:
    """Ask for the broker of this installation; None where there is none.

    At boot the broker's app may still be on its way, so it is asked for again until `patience_s`
    have passed.

    Raises:
        SupervisorError: the token is refused, or nobody answers in all that time.
    """
    backoff, attempt = Backoff(first_s=1.0), 0
    until = time.monotonic() + patience_s
    while True:
        attempt += 1
        problem: SupervisorError | None = None
        try:
            return _ask(token, f"{url}/services/mqtt")
        except urllib.error.HTTPError as error:
            if error.code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                msg = f"the Supervisor refuses this app ({error.code}): restart the app"
                raise SupervisorError(msg) from None
            if error.code != HTTPStatus.BAD_REQUEST:  # 400 is its word for "there is none"
                problem = SupervisorError(f"the Supervisor answers {error.code}: look at its log")
        except (OSError, ValueError) as error:
            problem = SupervisorError(f"the Supervisor does not answer ({error}): restart the app")
        wait = backoff.delay(attempt)
        if time.monotonic() + wait > until:
            if problem is not None:
                raise problem
            return None
        time.sleep(wait)


def announce(token: str, message: Mapping[str, str | int], *, url: str = URL) -> None:
    """Tell Home Assistant of this node: the Supervisor hands `message` to the integration.

    The same message again changes nothing; another one replaces it.

    Raises:
        SupervisorError: it was not taken.
    """
    body = json.dumps({"service": "omnicam", "config": dict(message)}).encode()
    request = urllib.request.Request(  # noqa: S310 - the address is this module's own
        f"{url}/discovery",
        data=body,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S):  # noqa: S310
            return
    except urllib.error.HTTPError as error:
        reason = f"answers {error.code}"
    except OSError as error:
        reason = f"does not answer ({error})"
    msg = f"the Supervisor {reason}: Home Assistant is not told of the node; add it there by hand"
    raise SupervisorError(msg)


def _ask(token: str, url: str) -> dict[str, Any]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    # The address is this module's own; no user sets its scheme.
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
        answer = json.loads(response.read(_LARGEST))
    data = answer.get("data") if isinstance(answer, Mapping) else None
    if not isinstance(data, Mapping) or not data.get("host"):
        msg = "its answer names no host"
        raise ValueError(msg)
    return dict(data)
