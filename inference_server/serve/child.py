"""vLLM's processes: one group, its log lines passed on, ended without a rest."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

_LINE = 8192
"""Characters of a log line that are passed on."""

_TAIL = 200
_KILL_S = 10.0


class Child:
    """A program in a process group of its own, which its own children join."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        say: Callable[[str], None],
    ) -> None:
        """Start it; `say` gets its log line by line, from another thread."""
        self._process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            encoding="utf-8",
            errors="replace",
        )
        self._say = say
        self.tail: deque[str] = deque(maxlen=_TAIL)
        self._reader = threading.Thread(target=self._read, name="vllm-log", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Of the first process, which is the group's number too."""
        return self._process.pid

    def ended(self) -> int | None:
        """Give the exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def stop(self, patience: float) -> None:
        """End the whole group: asked first, killed where that is not enough after `patience` s."""
        if self.ended() is None:
            # A stopped process does not hear until it goes on.
            for number in (signal.SIGTERM, signal.SIGCONT):
                with contextlib.suppress(ProcessLookupError):
                    self._process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
        # Processes that it started may be left, of a crash as well.
        until = time.monotonic() + _KILL_S
        while _living(self.pid) and time.monotonic() < until:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.1)
            time.sleep(0.05)
        self._reader.join(_KILL_S)

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it was asked for above
        with self._process.stdout as lines:
            while line := lines.readline(_LINE):
                plain = line.rstrip("\n")
                self.tail.append(plain)
                self._say(plain)


def _living(group: int) -> bool:
    """Say whether a process of the group is left that is more than an entry for its parent."""
    with os.scandir("/proc") as entries:
        pids = [entry.name for entry in entries if entry.name.isdigit()]
    return any(_in_group(pid, group) for pid in pids)


def _in_group(pid: str, group: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            # The name in parentheses may hold anything: count from its end.
            state, _, of, *_ = file.read().rpartition(")")[2].split()
    except OSError:
        return False
    return int(of) == group and state not in {"Z", "X"}
