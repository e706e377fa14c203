"""Keeps vLLM's server alive: started, asked until it is warm, watched, restarted, ended.

A server is ready when it has answered a window. From then on it is asked for one token every
`PROBE_S`: a process that is there and an engine that answers are not the same. One that ends or no
longer answers is ended with all its processes and started again after a growing wait. One that
never became ready is not: what it lacks it will lack again.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from inference_server.serve.asking import Asker, AskingError
from inference_server.serve.child import Child
from inference_server.serve.errors import ServeError
from inference_server.serve.systemd import notify

PROBE_S = 30.0
PROBE_TIMEOUT_S = 30.0
PROBES = 3
"""Unanswered in a row, after which the engine counts as stuck."""

_TICK_S = 0.2
_GREET_S = 1.0
_WARM_S = 300.0
_SHOWN = 10
_REASON = re.compile(r"(?:\w+(?:Error|Exception): |CUDA out of memory).*")


@dataclass(frozen=True)
class Restarts:
    """How often and how soon a server that failed is started again.

    Attributes:
        first_s: wait before the first restart; it doubles.
        longest_s: the longest wait.
        most: restarts in a row; one that stays up for `settled_s` begins a new row.
        settled_s: seconds that a server must have been ready.
    """

    first_s: float = 1.0
    longest_s: float = 60.0
    most: int = 5
    settled_s: float = 600.0

    def count(self, failures: int, ready_s: float) -> int:
        """Give the failures in a row after one more of a server that was ready for `ready_s`."""
        return 1 if ready_s >= self.settled_s else failures + 1

    def wait(self, failures: int) -> float | None:
        """Give seconds to wait after so many failures in a row; None: leave it."""
        if failures > self.most:
            return None
        return min(self.longest_s, self.first_s * 2.0 ** (failures - 1))


class End(Enum):
    """How a server's life ended."""

    ASKED = "was asked to end"
    EXITED = "ended by itself"
    LATE = "did not become ready in time"
    UNFIT = "does not answer a window"
    STUCK = "no longer answers"


@dataclass(frozen=True)
class Plan:
    """What is to be kept alive.

    Attributes:
        command: program and arguments.
        environment: of the child, whole.
        asker: asks the server.
        ready_file: made when it is ready and removed when it is not.
        side: pixels of the made-up window's pictures.
        start_s: seconds to become ready.
        stop_s: seconds to end by itself.
        restarts: when it fails.
        probe_s: seconds between two questions whether it lives.
        probe_timeout_s: seconds that it may take to answer one.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    asker: Asker
    ready_file: Path
    side: int
    start_s: float
    stop_s: float
    restarts: Restarts = field(default_factory=Restarts)
    probe_s: float = PROBE_S
    probe_timeout_s: float = PROBE_TIMEOUT_S


class Supervisor:
    """Runs the plan in the calling thread until `stop` is called, from a signal's handler too."""

    def __init__(
        self, plan: Plan, say: Callable[[str], None], pass_on: Callable[[str], None]
    ) -> None:
        """Take a plan; `say` gets our own lines, `pass_on` those of the server's log."""
        self._plan = plan
        self._say = say
        self._pass_on = pass_on
        self._stop = threading.Event()

    def stop(self) -> None:
        """End the server and return from `run`."""
        self._stop.set()

    def run(self) -> None:
        """Keep the server alive until `stop`.

        Raises:
            ServeError: it cannot be kept alive; the message says what was seen.
        """
        failures = 0
        first = True
        while True:
            end, status, ready_s = self._live()
            if end is End.ASKED:
                return
            reason = end.value + (f" with status {status}" if end is End.EXITED else "")
            if first and ready_s == 0.0:
                raise ServeError(
                    f"vLLM {reason} before it was ready: the log above says why; "
                    f"`inference_server check` looks at what it needs"
                )
            first = False
            failures = self._plan.restarts.count(failures, ready_s)
            wait = self._plan.restarts.wait(failures)
            if wait is None:
                raise ServeError(f"vLLM {reason}, {failures} times in a row: not started again")
            self._say(f"vLLM {reason}: starting it again in {wait:g} s (failure {failures})")
            if self._stop.wait(wait):
                return

    def _live(self) -> tuple[End, int | None, float]:
        """One life of the server: how it ended, its exit status, for how long it was ready."""
        plan = self._plan
        began = time.monotonic()
        ready: float | None = None
        child = Child(plan.command, plan.environment, self._pass_on)
        self._say(f"vLLM starts (process {child.pid}); it may take minutes")
        with ThreadPoolExecutor(1, "asking") as pool:
            try:
                end = self._warm(pool, child, began + plan.start_s)
                if end is None:
                    ready = time.monotonic()
                    plan.ready_file.touch()
                    notify("READY=1", os.environ)
                    self._say(f"ready after {ready - began:.0f} s")
                    end = self._watch(pool, child)
            finally:
                plan.ready_file.unlink(missing_ok=True)
                status = child.ended()
                # What still waits for an answer gets none from here on.
                child.stop(plan.stop_s)
        if end is not End.ASKED:
            self._show(child)
        return end, status, 0.0 if ready is None else time.monotonic() - ready

    def _warm(self, pool: ThreadPoolExecutor, child: Child, until: float) -> End | None:
        """Wait until it has answered a window; give its end where that came first."""
        asker = self._plan.asker
        greeted = False
        while time.monotonic() < until:
            if greeted:
                left = min(_WARM_S, max(until - time.monotonic(), 1.0))
                answer = pool.submit(asker.window, self._plan.side, left)
            else:
                answer = pool.submit(asker.health, _GREET_S)
            end = self._await(answer, child)
            if end is not None:
                return end
            error = answer.exception()
            if error is None and greeted:
                return None
            if error is None:
                greeted = True
                continue
            if not isinstance(error, AskingError):
                raise error
            if greeted:
                # It is there and cannot do what it is for: waiting mends nothing.
                self._say(f"  {error}")
                return End.UNFIT
            if self._stop.wait(_GREET_S):
                return End.ASKED
        return End.LATE

    def _watch(self, pool: ThreadPoolExecutor, child: Child) -> End:
        """Ask now and then until it ends, is stuck, or is asked to end."""
        plan = self._plan
        unanswered = 0
        while True:
            until = time.monotonic() + plan.probe_s
            while time.monotonic() < until:
                if self._stop.wait(_TICK_S):
                    return End.ASKED
                if child.ended() is not None:
                    return End.EXITED
            answer = pool.submit(plan.asker.liveness, plan.probe_timeout_s)
            end = self._await(answer, child)
            if end is not None:
                return end
            error = answer.exception()
            if error is not None and not isinstance(error, AskingError):
                raise error
            unanswered = 0 if error is None else unanswered + 1
            if error is not None:
                self._say(f"vLLM gave no sign of life ({unanswered} of {PROBES}): {error}")
            if unanswered >= PROBES:
                return End.STUCK

    def _await(self, answer: Future[None], child: Child) -> End | None:
        """Wait for an answer; give the end where that came first."""
        while not answer.done():
            if self._stop.wait(_TICK_S):
                return End.ASKED
            if child.ended() is not None:
                return End.EXITED
        return End.ASKED if self._stop.is_set() else None

    def _show(self, child: Child) -> None:
        """Repeat what in the log may be the reason, for it stands far above by now."""
        found = (_REASON.search(line) for line in child.tail)
        # Several processes tell of the same.
        reasons = dict.fromkeys(match.group() for match in found if match)
        for reason in list(reasons)[-_SHOWN:]:
            self._say(f"  {reason}")
