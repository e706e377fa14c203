"""What only a model can tell reaches Home Assistant: a tool in a hand, and a question of one's own.

The model is a local server that speaks the protocol; everything else is the real thing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.footage import Footage
from harness.house import House, open_house
from harness.node import NodeError
from harness.rtsp import RtspServer
from harness.watching import States, until
from omnicam.taxonomy import AnomalyClass
from omnicam.verify import store
from omnicam.verify.calibration import Line, Memory
from tests.edge.verify.model_server import SENTENCE, answering, said, serving

pytestmark = pytest.mark.timeout(240)

QUESTION = {
    "question": "Is the lamp on?",
    "english": "Lamp left on",
    "chinese": "灯没关",
    "every_s": 10,
    "alarm_level": "low",
}


def sees(_: str, question: str) -> float:
    return 0.98 if "knife" in question or "lamp" in question else 0.02


async def test_a_tool_and_a_question_of_ones_own_turn_their_sensors_on(
    tmp_path: Path, fall: Footage
) -> None:
    data = tmp_path / "node" / "data"
    data.mkdir(parents=True)
    lines = {AnomalyClass.DANGEROUS_TOOL: Line(slope=1.0, offset=0.0)}
    store.write(data, "omni", Memory(lines=lines))
    streams = RtspServer({"bedroom": fall.file}, {"bedroom": [fall.onset_s]})
    async with serving(answering(sees)) as model, streams as server:
        cameras: dict[str, Any] = {"bedroom": {"url": server.url("bedroom")}}
        asked = {"url": model.url, "name": "omni", "questions": {"lamp_on": QUESTION}}
        settings = {"model": asked}
        async with (
            open_house(tmp_path, cameras, settings=settings) as house,
            States(house.home_assistant) as states,
        ):
            tool = await states.reaches("binary_sensor.bedroom_dangerous_tool", "on", 60)
            lamp = await states.reaches("binary_sensor.bedroom_lamp_left_on", "on", 60)
            assert tool.attributes["confidence"] > 0.92
            assert lamp.attributes["level"] == "low"

            async def told() -> Any:
                event = await _recorded(house, tool.attributes["event_id"])
                return event if event and event["description"] else None

            event = await until(told, 20, "the sentence about the tool")
            assert (event["class"], event["description"]) == ("dangerous_tool", SENTENCE)
            event = await until(
                lambda: _recorded(house, lamp.attributes["event_id"]), 20, "the lamp's record"
            )
            assert event["class"] == "lamp_on"
            page = await house.node.get("/api/events?class=lamp_on")
            assert page["events"]
            page = await house.node.get("/api/events?text=灯没关")
            assert page["events"]
    questions = {said(body)[-1] for body in model.bodies}
    assert any("knife" in question for question in questions)


async def _recorded(house: House, event: str) -> Any:
    """Give an event's record; the sensor does not wait until it is written."""
    try:
        return await house.node.get(f"/api/events/{event}")
    except NodeError:
        return None
