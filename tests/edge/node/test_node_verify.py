"""A whole node with real workers, a film of a fall and a local model, well and badly behaved."""

from __future__ import annotations

import asyncio
import base64
import io
import wave
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from harness.demo import SCENES
from harness.footage import Footage, staged
from omnicam.config.added import CameraBook
from omnicam.config.load import parse
from omnicam.node.run import run
from omnicam.record.query import EventQuery, StoredEvent
from omnicam.record.recorder import Recorder
from omnicam.taxonomy import AnomalyClass
from omnicam.verify import store
from omnicam.verify.calibration import Line, Memory
from tests.edge.verify import model_server
from tests.edge.verify.model_server import said, serving

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]

BEGAN = "2026-11-22T14:32:00+00:00"


@pytest.fixture(scope="module")
def fall() -> Footage:
    return asyncio.run(staged("fall", SCENES))


async def play(
    data: Path, film: Path, url: str, rooms: dict[str, dict[str, Any]]
) -> dict[str, list[StoredEvent]]:
    """Play the film in some rooms at once and give each room's events, oldest first."""
    camera = {"url": str(film), "pace": "fast", "starts_at": BEGAN}
    raw: dict[str, Any] = {
        "node": "home",
        "data": str(data),
        "time_zone": "UTC",
        "api": {"host": "127.0.0.1", "port": 0},
        "learning": {"enabled": False},
        "model": {"url": url, "name": "omni", "deadline_s": 10},
        "cameras": {room: camera | changes for room, changes in rooms.items()},
    }
    settings = parse(raw, base=data)
    assert await run(CameraBook(raw, data, {}, settings), until_finished=True) == []
    recorder = Recorder(data, settings.retention)
    try:
        page = await recorder.search(EventQuery())
        stored = [await recorder.get(found.event.id) for found in reversed(page.events)]
    finally:
        await recorder.close()
    return {
        room: [each for each in stored if each is not None and each.event.camera == room]
        for room in rooms
    }


def life(stored: StoredEvent) -> list[tuple[str, float]]:
    return [(row.step.value, row.time) for row in stored.steps]


async def test_the_model_verifies_denies_or_dies(tmp_path: Path, fall: Footage) -> None:
    def probability(scene: str, question: str) -> float:
        return 0.98 if "Camera: Bedroom." in scene and "fallen" in question else 0.01

    data = tmp_path / "verified"
    data.mkdir()
    lines = {anomaly: Line(slope=1.0, offset=0.0) for anomaly in AnomalyClass}
    store.write(data, "omni", Memory(lines=lines))
    rooms: dict[str, dict[str, Any]] = {"bedroom": {}, "hall": {}, "kitchen": {"verify": False}}
    async with serving(model_server.answering(probability)) as server:
        told = await play(data, fall.file, server.url, rooms)

    async def dies(request: Any, body: Any) -> Any:
        asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(dying.kill()))
        await asyncio.sleep(60)

    async with serving(dies) as dying:
        alone = await play(tmp_path / "alone", fall.file, dying.url, {"kitchen": {}})
        assert dying.bodies

    # Without a model the detectors alarm; where it dies they do so at the same moment.
    (expected,) = told["kitchen"]
    assert expected.event.anomaly is AnomalyClass.FALL
    steps = dict(life(expected))
    assert "escalated" in steps
    assert [life(each) for each in alone["kitchen"]] == [life(expected)]

    # Affirmed: verified with the sentence, and the alarm no later.
    verified = next(each for each in told["bedroom"] if "verified" in dict(life(each)))
    assert verified.event.description == model_server.SENTENCE
    assert dict(life(verified))["escalated"] <= steps["escalated"]

    # Denied: dismissed, and what still lies there asks again.
    assert life(told["hall"][0])[-1][0] == "dismissed"

    # What the model was shown is real: pictures with somebody in them, and sound.
    bodies = [
        body
        for body in server.bodies
        if "Camera: Bedroom." in said(body)[0] and "fallen" in said(body)[-1]
    ]
    assert "Local time: 14:32:" in said(bodies[0])[0]
    for body in bodies:
        _system, user = body["messages"]
        pictures = [part for part in user["content"] if part["type"] == "image_url"]
        assert 3 <= len(pictures) <= 5
        whole, *cuts = [_decoded(part) for part in pictures]
        assert whole.shape[1] == 320
        assert all(max(cut.shape) <= 448 for cut in cuts)
        (sound,) = [part for part in user["content"] if part["type"] == "input_audio"]
        with wave.open(io.BytesIO(base64.b64decode(sound["input_audio"]["data"]))) as file:
            assert file.getnframes() == 40_000


def _decoded(part: Any) -> np.ndarray:
    data = base64.b64decode(part["image_url"]["url"].partition(",")[2])
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture
