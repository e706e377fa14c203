"""Tell Home Assistant, through the Supervisor, where the node's API is and its token.

python -m omnicam.app.announce --config /run/omnicam/node.yaml

The household then confirms one card and types nothing. Waits until the API answers, so that the
card never leads nowhere. Without a Supervisor (Docker) there is nobody to tell.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from omnicam.app.supervisor import TIMEOUT_S, SupervisorError, announce
from omnicam.backoff import Backoff
from omnicam.config.errors import ConfigError
from omnicam.config.load import load
from omnicam.serve.token import load_or_create

EXIT_FAILED = 1
PATIENCE_S = 120.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Announce the node; 1 where it could not be done, with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m omnicam.app.announce", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the node's configuration")
    given = parser.parse_args(arguments)
    supervisor = os.environ.get("SUPERVISOR_TOKEN")
    if not supervisor:
        return 0
    try:
        settings = load(given.config)
        if not api_answers(settings.api.port):
            print("the API does not answer: Home Assistant is not told of it", file=sys.stderr)
            return EXIT_FAILED
        message: dict[str, str | int] = {
            "host": socket.gethostname(),
            "port": settings.api.port,
            "token": load_or_create(settings.data).reveal(),
            "node": settings.node,
            "name": settings.name,
        }
        announce(supervisor, message)
    except (ConfigError, SupervisorError, OSError) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    return 0


def api_answers(port: int, *, patience_s: float = PATIENCE_S) -> bool:
    """Wait until the node's API answers; whether it is well does not matter."""
    backoff, attempt, until = Backoff(), 0, time.monotonic() + patience_s
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=TIMEOUT_S):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            attempt += 1
            wait = backoff.delay(attempt)
            if time.monotonic() + wait > until:
                return False
            time.sleep(wait)


if __name__ == "__main__":
    sys.exit(main())
