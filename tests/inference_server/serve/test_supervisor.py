"""A server is kept alive: warm before it is ready, restarted when it fails, ended whole."""

from __future__ import annotations

import os
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_server.serve.arguments import Listen
from inference_server.serve.asking import Asker
from inference_server.serve.child import _living
from inference_server.serve.errors import ServeError
from inference_server.serve.supervisor import Plan, Restarts, Supervisor

TOKEN = "a-token-of-the-test"


@dataclass
class Kept:
    """A supervisor in a thread, and what it said."""

    plan: Plan
    said: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    error: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(self.plan, self.said.append, self.logged.append)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.supervisor.run()
        except ServeError as error:
            self.error.append(error)

    def wait(self, holds: Callable[[], bool]) -> None:
        until = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < until, (self.said, self.error)
            time.sleep(0.02)

    def ready(self, lives: int = 1) -> None:
        self.wait(lambda: sum(line.startswith("ready") for line in self.said) >= lives)
        self.wait(self.plan.ready_file.exists)

    def end(self) -> None:
        self.supervisor.stop()
        self.thread.join(30)
        assert not self.thread.is_alive()
        assert not self.plan.ready_file.exists()
        assert self.groups()
        # Neither the server nor what it started.
        assert not any(_living(group) for group in self.groups())

    def groups(self) -> list[int]:
        found = (re.search(r"starts \(process (\d+)\)", line) for line in self.said)
        return [int(match.group(1)) for match in found if match]


@pytest.fixture
def keep(tmp_path: Path) -> Iterator[Callable[..., Kept]]:
    made: list[Kept] = []

    def start(*lives: str, **changes: Any) -> Kept:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        state = tmp_path / "lives"
        state.write_text("".join(f"{life}\n" for life in lives))
        stub = str(Path(__file__).with_name("stub_server.py"))
        plan: dict[str, Any] = {
            "command": [sys.executable, stub, str(port), str(state)],
            "environment": os.environ | {"TOLD": TOKEN},
            "asker": Asker(Listen("127.0.0.1", port, "omni"), TOKEN),
            "ready_file": tmp_path / "ready",
            "side": 32,
            "start_s": 20.0,
            "stop_s": 5.0,
            "restarts": Restarts(first_s=0.1, longest_s=0.2, most=2),
            "probe_s": 0.2,
            "probe_timeout_s": 0.2,
        }
        made.append(Kept(Plan(**plan | changes)))
        return made[-1]

    yield start
    for each in made:
        each.end()


def test_it_is_ready_when_it_has_answered_a_window(keep: Callable[..., Kept]) -> None:
    kept = keep()
    kept.ready()
    assert any("starting, with no fault" in line for line in kept.logged)
    kept.end()
    assert kept.error == []


@pytest.mark.parametrize("fault", ["crash", "stuck"])
def test_one_that_fails_is_started_again(keep: Callable[..., Kept], fault: str) -> None:
    kept = keep(fault)
    kept.ready(2)
    told = " ".join(kept.said)
    assert ("status 4" if fault == "crash" else "no longer answers") in told
    assert "starting it again" in told
    first, second = kept.groups()
    assert not _living(first)
    assert _living(second)


def test_one_that_fails_again_and_again_is_left(keep: Callable[..., Kept]) -> None:
    kept = keep("crash", "crash", "exit", "crash")
    kept.wait(lambda: bool(kept.error))
    assert "3 times in a row" in str(kept.error[0])
    assert len(kept.groups()) == 3


@pytest.mark.parametrize(
    ("fault", "said", "changes"),
    [
        ("exit", "status 3", {}),
        ("silent", "in time", {"start_s": 1.0}),
        ("wrong", "does not answer a window", {}),
    ],
)
def test_one_that_never_was_ready_is_not_tried_again(
    keep: Callable[..., Kept], fault: str, said: str, changes: dict[str, Any]
) -> None:
    kept = keep(fault, **changes)
    kept.wait(lambda: bool(kept.error))
    assert said in str(kept.error[0])
    assert len(kept.groups()) == 1
    if fault == "exit":
        assert any("ValueError: of the test" in line for line in kept.said)
    if fault == "wrong":
        assert any("HTTP status 500" in line for line in kept.said)


def test_one_that_does_not_hear_is_killed(keep: Callable[..., Kept]) -> None:
    kept = keep("deaf", stop_s=0.5)
    kept.ready()
    began = time.monotonic()
    kept.end()
    assert 0.4 < time.monotonic() - began < 10.0


def test_it_ends_while_it_starts_too(keep: Callable[..., Kept]) -> None:
    kept = keep("silent")
    kept.wait(lambda: bool(kept.logged))
    kept.end()
    assert kept.error == []


@given(failures=st.integers(1, 100))
def test_waits_grow_to_a_bound_and_end(failures: int) -> None:
    restarts = Restarts()
    wait = restarts.wait(failures)
    if failures > restarts.most:
        assert wait is None
    else:
        assert wait is not None
        assert restarts.first_s <= wait <= restarts.longest_s
        assert failures == 1 or wait >= (restarts.wait(failures - 1) or 0.0)
    assert restarts.count(failures, ready_s=0.0) == failures + 1
    assert restarts.count(failures, ready_s=restarts.settled_s) == 1
