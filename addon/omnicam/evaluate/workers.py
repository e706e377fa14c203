"""Recordings played side by side, each worker a process that can crash or hang by itself."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from omnicam.evaluate.manifest import Recording
from omnicam.evaluate.play import Outcome, Task, play

_LEAST_S, _PER_MEDIA_S, _UNKNOWN_S = 300.0, 30.0, 1800.0
"""A recording may take so long before it counts as hanging: on a machine with nothing else to do
one second of media takes less than half a second."""

_END_S = 5.0
_POLL_S = 1.0

type Player = Callable[[Recording, Task], Outcome]


def limit_s(row: Recording) -> float:
    """Give the longest time that a recording may take."""
    if row.duration_s is None:
        return _UNKNOWN_S
    return _LEAST_S + _PER_MEDIA_S * row.duration_s


def play_all(
    rows: Iterable[Recording],
    task: Task,
    jobs: int,
    *,
    player: Player = play,
    limit: Callable[[Recording], float] = limit_s,
) -> Iterator[Outcome]:
    """Judge recordings in `jobs` processes; outcomes come as they are ready.

    A worker that crashes or takes too long costs its recording alone, which counts as failed.

    Args:
        rows: what to judge; the longest are begun first, so that none is left over at the end.
        task: what is the same for all.
        jobs: processes, at least 1.
        player: judges one; it must be importable by name.
        limit: the longest time for one.
    """
    waiting = deque(sorted(rows, key=lambda row: (-(row.duration_s or 0.0), row.path)))
    workers = [_Worker(task, player) for _ in range(max(1, min(jobs, len(waiting))))]
    try:
        for worker in workers:
            if waiting:
                worker.take(waiting.popleft(), limit)
        while busy := [worker for worker in workers if worker.row is not None]:
            ready = wait([worker.connection for worker in busy], _POLL_S)
            for worker in busy:
                outcome = worker.outcome(ready=worker.connection in ready)
                if outcome is None:
                    continue
                yield outcome
                if waiting:
                    worker.take(waiting.popleft(), limit)
    finally:
        for worker in workers:
            worker.end()


@dataclass(slots=True)
class _Job:
    row: Recording
    limit_s: float
    deadline: float


class _Worker:
    """One process, and another when it is lost."""

    def __init__(self, task: Task, player: Player) -> None:
        self._task, self._player = task, player
        self._context = multiprocessing.get_context("spawn")
        self._job: _Job | None = None
        self._start()

    def _start(self) -> None:
        self.connection, theirs = self._context.Pipe()
        self._process: BaseProcess = self._context.Process(
            target=_serve, args=(theirs, self._task, self._player), daemon=True
        )
        self._process.start()
        theirs.close()

    @property
    def row(self) -> Recording | None:
        """What it is at."""
        return None if self._job is None else self._job.row

    def take(self, row: Recording, limit: Callable[[Recording], float]) -> None:
        """Begin with a recording."""
        longest = limit(row)
        self._job = _Job(row, longest, time.monotonic() + longest)
        self.connection.send(row)

    def outcome(self, *, ready: bool) -> Outcome | None:
        """Give what came of the recording; None while it is being judged."""
        job = self._job
        if job is None:
            return None
        if ready:
            try:
                outcome: Outcome = self.connection.recv()
            except (EOFError, ConnectionError):
                self._process.join(_END_S)
                outcome = self._lost(
                    job.row,
                    f"The analysis broke off (exit code {self._process.exitcode}); "
                    f"what it said stands in the error output.",
                )
            self._job = None
            return outcome
        if time.monotonic() < job.deadline:
            return None
        self._job = None
        return self._lost(
            job.row, f"The analysis was not done after {job.limit_s:.0f} s and was ended."
        )

    def _lost(self, row: Recording, error: str) -> Outcome:
        self.end()
        self._start()
        return Outcome(recording=row, error=error)

    def end(self) -> None:
        """Let the process go, whatever it is at."""
        self.connection.close()
        self._process.terminate()
        self._process.join(_END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _serve(connection: Connection, task: Task, player: Player) -> None:
    # Ctrl-C reaches the whole group; the first process decides when the others end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        while True:
            row: Recording = connection.recv()
            connection.send(player(row, task))
    except (EOFError, ConnectionError):
        return  # the first process is gone, or has done with this one
