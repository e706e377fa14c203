"""The main job: somebody falls in front of a camera, and Home Assistant knows within seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from harness.footage import Footage
from harness.house import House, open_house
from harness.node import NodeError
from harness.rtsp import RtspServer
from harness.watching import States, until

from .packets import decoded, pictures

pytestmark = pytest.mark.timeout(240)

PROMISED_S = 5.0
JPEG = b"\xff\xd8\xff"


async def test_a_fall_before_the_camera_turns_the_sensor_on(tmp_path: Path, fall: Footage):
    server = RtspServer({"bedroom": fall.file}, {"bedroom": [fall.onset_s]})
    async with server:
        cameras = {"bedroom": {"url": server.url("bedroom"), "enabled": False}}
        async with open_house(tmp_path, cameras) as house, States(house.home_assistant) as states:
            await house.switch("bedroom", on=True)
            mark = await server.mark("bedroom", fall.onset_s, 60)
            on = await states.reaches("binary_sensor.bedroom_fall", "on", 30)

            assert 0 < on.time - mark.wall < PROMISED_S
            assert on.attributes["level"] == "high"
            assert on.attributes["confidence"] > 0.92
            assert on.attributes["reason"]
            event = on.attributes["event_id"]

            await _anomaly_fired(states, event)
            await _camera_gives_a_still(house)
            await _is_found(house, event)
            await _has_pictures(house, event, fall)
            now = await house.home_assistant.states()
            assert now["binary_sensor.bedroom_dangerous_tool"]["state"] == "unavailable"
            assert now["binary_sensor.bedroom_smoke"]["state"] == "off"

            await house.switch("bedroom", on=False)
            await _is_in_the_journal(house, event)
            turned_on = {
                seen.entity
                for seen in states.log.items
                if seen.state == "on" and seen.entity.startswith("binary_sensor.")
            }
            assert turned_on == {"binary_sensor.bedroom_fall"}


async def _anomaly_fired(states: States, event: str) -> None:
    def fired(seen: Any) -> bool:
        return seen.entity == "event.bedroom_anomaly" and seen.attributes.get("event_id") == event

    first = await states.log.find(fired, 20, "event.bedroom_anomaly")
    assert first.attributes["event_type"] == "suspected"
    assert first.attributes["anomaly"] == "fall"


async def _camera_gives_a_still(house: House) -> None:
    kind, picture = await house.home_assistant.download("/api/camera_proxy/camera.bedroom")
    assert kind == "image/jpeg"
    assert picture.startswith(JPEG)


async def _is_found(house: House, event: str) -> None:
    for words in ("fall", "跌倒", "bedroom 跌倒"):
        page = await house.node.get(f"/api/events?text={quote(words)}")
        assert [found["event"] for found in page["events"]] == [event], words
    assert (await house.node.get("/api/events?text=smoke"))["events"] == []


async def _has_pictures(house: House, event: str, fall: Footage) -> None:
    snapshot = await house.node.get(f"/api/events/{event}/snapshot")
    assert snapshot.startswith(JPEG)

    async def clip() -> bytes | None:
        try:
            return await house.node.get(f"/api/events/{event}/clip")
        except NodeError as error:
            if " 404 " not in str(error):
                raise
            return None  # not cut yet

    got = house.node.data / "got.mp4"
    got.write_bytes(await until(clip, 40, "the clip"))
    frames, sounds = decoded(got)
    shown = pictures(got)
    assert frames == len(shown)
    assert sounds > 0
    # The camera's own coded pictures, found again in the file that it played, by their bytes.
    source = {digest: time for time, digest in pictures(fall.file)}
    foreign = [time for time, digest in shown if digest not in source]
    assert foreign == []
    times = [source[digest] for _, digest in shown]
    assert times[0] <= fall.onset_s - 4.5
    assert times[-1] >= fall.onset_s + 9.5
    assert len(set(times)) == len(times)
    assert times == sorted(times)


async def _is_in_the_journal(house: House, event: str) -> None:
    journal = house.node.data / "events.jsonl"

    async def lines() -> list[dict[str, Any]]:
        if not journal.exists():
            return []
        return [json.loads(line) for line in journal.read_text("utf-8").splitlines()]

    (line,) = await until(lines, 20, "the line in events.jsonl")
    assert (line["event"], line["class"], line["camera"]) == (event, "fall", "bedroom")
    assert line["steps"][0] == "suspected"
    assert line["steps"][-1] == "resolved"
    assert (house.node.data / line["snapshot"]).read_bytes().startswith(JPEG)
    assert (house.node.data / line["clip"]).stat().st_size > 0
