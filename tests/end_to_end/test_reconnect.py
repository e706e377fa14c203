"""A camera that loses its power comes back by itself, and meanwhile the others are watched."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from harness.footage import Footage
from harness.house import House, open_house
from harness.rtsp import RtspServer
from harness.watching import Listener, until

pytestmark = pytest.mark.timeout(240)

AWAY_S = 20.0
BACK_S = 35.0
"""Longest wait between two tries is 30 s; then the stream is looked at."""

BEDROOM = "omnicam/home/bedroom"


async def test_a_lost_camera_comes_back_and_the_other_one_goes_on(
    tmp_path: Path, fall: Footage, quiet: Path
):
    lost = RtspServer({"bedroom": fall.file}, {"bedroom": [1.0, fall.onset_s]})
    other = RtspServer({"hall": quiet})
    async with lost, other:
        cameras = {"bedroom": {"url": lost.url("bedroom")}, "hall": {"url": other.url("hall")}}
        async with (
            open_house(tmp_path, cameras, home_assistant=False) as house,
            Listener(house.broker, "omnicam/#") as heard,
        ):

            async def said(topic: str, wanted: object, timeout_s: float) -> None:
                """Wait until a retained topic says this, whatever it said before."""

                async def look() -> bool:
                    newest = heard.newest(topic)
                    return newest is not None and _state(newest.text) == wanted

                await until(look, timeout_s, f"{topic} = {wanted}\n{house.node.log()}")

            await said(f"{BEDROOM}/status", "online", 40)
            await said("omnicam/home/hall/status", "online", 40)

            await lost.stop(kill=True)
            gone = time.monotonic()
            before = await _frames(house, "hall")
            await said(f"{BEDROOM}/status", "offline", 15)
            await said(f"{BEDROOM}/camera_tampering", "ON", 15)
            assert heard.newest(f"{BEDROOM}/camera_tampering").json["level"] == "high"

            await asyncio.sleep(max(0.0, gone + AWAY_S - time.monotonic()))
            # Nobody mends a cut cable by waiting.
            assert _state(heard.newest(f"{BEDROOM}/camera_tampering").text) == "ON"
            assert _state(heard.newest(f"{BEDROOM}/status").text) == "offline"
            assert house.node.log(10_000).count("camera bedroom is away") == 1
            analysed = await _frames(house, "hall") - before
            assert analysed > AWAY_S * 6 * 0.7
            hall = [message.text for message in heard.of("omnicam/home/hall/status")]
            assert hall[hall.index("online") :] == ["online"]

            await lost.start()
            back = time.monotonic()
            await said(f"{BEDROOM}/status", "online", BACK_S)
            assert time.monotonic() - back < BACK_S
            await said(f"{BEDROOM}/camera_tampering", "OFF", 20)
            await said(f"{BEDROOM}/fall", "ON", 30)
            mark = await lost.mark("bedroom", fall.onset_s, 5)
            on = next(m for m in heard.of(f"{BEDROOM}/fall") if m.json["state"] == "ON")
            assert 0 < on.time - mark.wall < 5
            assert house.node.log(10_000).count("camera bedroom is away") == 1
            # A camera that comes back has pictures, even if its sound comes first.
            assert None not in [message.json["state"] for message in heard.of(f"{BEDROOM}/fall")]


def _state(text: str) -> Any:
    """Give the plain text of a status, the state in the payload of a class."""
    if not text.startswith("{"):
        return text
    return json.loads(text)["state"]


async def _frames(house: House, camera: str) -> float:
    health = await house.node.get("/api/health")
    frames: float = health["cameras"][camera]["frames_analysed"]
    return frames
