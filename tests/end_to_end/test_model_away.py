"""The model dies, or hangs, while it is asked about a fall: that is told in time all the same."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from harness.footage import Footage
from harness.house import House, open_house
from harness.ports import free_port, wait_for_port
from harness.process import Child
from harness.rtsp import RtspServer
from harness.watching import Listener, States
from omnicam.taxonomy import AnomalyClass
from omnicam.verify.questions import question

from .test_fall import PROMISED_S

pytestmark = pytest.mark.timeout(240)

CAMERAS = ("bedroom", "hall")
MODEL = "omnicam/home/model"
ANSWER_S = 1.5
"""What the model takes for an answer: long enough to be in the middle of one."""
DEADLINE_S = 4.0
ABOUT_THE_FALL = f"asked {question(AnomalyClass.FALL, {})}"


class Model(Child):
    """The model's server, which a test kills or stops."""

    def __init__(self, port: int, log: Path) -> None:
        program = Path(__file__).with_name("model_process.py")
        super().__init__("the model", [sys.executable, str(program), str(port), str(ANSWER_S)], log)

    def asked_about_the_fall(self) -> bool:
        return ABOUT_THE_FALL in self.tail(100)

    def unanswered(self) -> int:
        said = [line.split()[0] for line in self.tail(100).splitlines()]
        return said.count("asked") - said.count("answered")


@asynccontextmanager
async def _model(port: int, log: Path) -> AsyncIterator[Model]:
    model = Model(port, log)
    await model.start()
    try:
        await wait_for_port(port, 20)
        yield model
    finally:
        await model.stop(kill=True)


@pytest.fixture
async def server(fall: Footage) -> AsyncIterator[RtspServer]:
    marks = {camera: [fall.onset_s] for camera in CAMERAS}
    async with RtspServer(dict.fromkeys(CAMERAS, fall.file), marks) as started:
        yield started


async def test_the_fall_arrives_in_time_when_the_model_dies_or_hangs_in_mid_event(
    tmp_path: Path, fall: Footage, server: RtspServer
):
    port = free_port()
    settings = {
        "model": {
            "url": f"http://127.0.0.1:{port}/v1",
            "name": "omni",
            "deadline_s": DEADLINE_S,
            "audits_per_hour": 0,
        }
    }
    cameras = {camera: {"url": server.url(camera), "enabled": False} for camera in CAMERAS}
    async with open_house(tmp_path, cameras, settings=settings) as house:
        for camera, end, state in (
            ("bedroom", signal.SIGKILL, "away"),
            ("hall", signal.SIGSTOP, "slow"),
        ):
            async with _model(port, tmp_path / f"{camera}.log") as model:
                await _falls(house, server, fall, camera, model, end)
                await _is_told(house, state)
            await house.switch(camera, on=False)


async def _falls(
    house: House,
    server: RtspServer,
    fall: Footage,
    camera: str,
    model: Model,
    end: signal.Signals,
) -> None:
    async with States(house.home_assistant) as states:
        await house.switch(camera, on=True)
        mark = await server.mark(camera, fall.onset_s, 60)

        async with asyncio.timeout(10):
            while not model.asked_about_the_fall():
                await asyncio.sleep(0.01)
        os.kill(model.pid, end)
        assert model.unanswered() > 0
        on = await states.reaches(f"binary_sensor.{camera}_fall", "on", 30)
        assert 0 < on.time - mark.wall < PROMISED_S
        assert on.attributes["level"] == "high"


async def _is_told(house: House, state: str) -> None:
    """Whoever looks at the node's diagnostics reads how the model fares."""
    async with Listener(house.broker, MODEL) as listener:
        told = await listener.log.find(lambda said: said.json["state"] == state, 20, state)
    assert told.json["reason"]
    health = await house.node.get("/api/health")
    assert health["model"]["state"] == state
