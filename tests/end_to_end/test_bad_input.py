"""What is wrong is named with its remedy, and what is right goes on beside it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.demo import SCENES
from harness.footage import quiet_room
from harness.house import open_house
from harness.node import ROOT
from harness.ports import free_port
from harness.rtsp import RtspServer
from harness.watching import Listener, until

pytestmark = pytest.mark.timeout(240)

PASSWORD = "wr0ng-but-secret"
SOUND = {"abnormal_sound"}
PICTURE = {"fall", "smoke", "violent_conflict", "night_loitering"}

FAULTS: dict[str, tuple[str, ...]] = {
    "wrong_path": ("does not exist", "Check the path"),
    "refused": ("refused the connection", "Check the port"),
    "wrong_password": ("did not accept the user name or password", "Correct them"),
    "unknown_host": ("host name", "Check its spelling"),
    "corrupt": ("no readable video", "Check that it plays"),
    "missing": ("does not exist", "Check"),
}
GOOD = ("good", "silent", "deaf_to_pictures", "odd_size")

type Json = dict[str, Any]


async def test_every_bad_camera_is_told_and_every_good_one_is_watched(tmp_path: Path, quiet: Path):
    corrupt = tmp_path / "corrupt.mp4"
    corrupt.write_bytes(os.urandom(100_000))
    silent = await quiet_room(SCENES, sound=False)
    only_sound = await quiet_room(SCENES, video=False)
    odd = await quiet_room(SCENES, size="322x242")
    server = RtspServer({"good": quiet})
    locked = RtspServer({"bedroom": quiet}, user="viewer", password="the right one")
    async with server, locked:
        urls = {
            "good": server.url("good"),
            "wrong_path": server.url("nowhere"),
            "refused": f"rtsp://127.0.0.1:{free_port()}/bedroom",
            "wrong_password": f"rtsp://viewer:{PASSWORD}@127.0.0.1:{locked.port}/bedroom",
            "unknown_host": f"rtsp://viewer:{PASSWORD}@camera.invalid/stream",
            "corrupt": str(corrupt),
            "missing": str(tmp_path / "missing.mp4"),
            "silent": str(silent),
            "deaf_to_pictures": str(only_sound),
            "odd_size": str(odd),
        }
        cameras = {name: {"url": url} for name, url in urls.items()}
        async with (
            open_house(tmp_path, cameras, home_assistant=False) as house,
            Listener(house.broker, "#") as heard,
        ):
            seen: dict[str, Json] = {}

            async def told() -> bool:
                listed = (await house.node.get("/api/cameras"))["cameras"]
                seen.update({camera["id"]: camera for camera in listed})
                bad = all(seen[name]["error"] for name in FAULTS)
                understood = all(seen[name]["audio"] is not None for name in GOOD)
                return bad and understood and all(seen[name]["status"] == "online" for name in GOOD)

            try:
                await until(told, 90, "every camera online or told")
            except TimeoutError:
                shown = {name: (each["status"], each["error"]) for name, each in seen.items()}
                raise AssertionError(f"{shown}\n{house.node.log()}") from None

            for name, parts in FAULTS.items():
                assert seen[name]["status"] == "offline", name
                for part in parts:
                    assert part in seen[name]["error"], name
            for name in GOOD:
                assert seen[name]["error"] == "", name
            assert (seen["odd_size"]["width"], seen["odd_size"]["height"]) == (322, 242)
            assert [seen[name]["audio"] for name in GOOD] == [True, False, True, True]

            before = await house.node.get("/api/health")

            async def goes_on() -> bool:
                now = await house.node.get("/api/health")
                return all(
                    now["cameras"][name]["frames_analysed"]
                    > before["cameras"][name]["frames_analysed"] + 10
                    for name in GOOD
                    if name != "deaf_to_pictures"
                )

            await until(goes_on, 40, "the good cameras' pictures")
            health = await house.node.get("/api/health")
            assert {name: health["cameras"][name]["restarts"] for name in urls} == dict.fromkeys(
                urls, 0
            )

            assert _unknown(seen["silent"]) >= SOUND
            assert not _unknown(seen["silent"]) & PICTURE
            assert _unknown(seen["deaf_to_pictures"]) >= PICTURE
            assert not _unknown(seen["deaf_to_pictures"]) & SOUND
            assert not _unknown(seen["good"]) & (SOUND | PICTURE)
            for name, camera in seen.items():
                said = heard.newest(f"omnicam/home/{name}/abnormal_sound").json["state"]
                assert said == camera["states"]["abnormal_sound"]["state"], name

            everything = [house.node.log(100_000), json.dumps(seen), json.dumps(health)]
            everything += [message.text for message in heard.log.items]
            everything += [json.dumps(await house.node.get("/api/info"))]
            assert not [text for text in everything if PASSWORD in text]


def _unknown(camera: Json) -> set[str]:
    return {name for name, state in camera["states"].items() if state["state"] is None}


async def _run(configuration: object, folder: Path) -> tuple[int, str]:
    """Run a node that is expected to refuse, and give its exit status and its words."""
    file = folder / "omnicam.json"
    text = configuration if isinstance(configuration, str) else json.dumps(configuration)
    file.write_text(text, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "omnicam.cli", "run", "--config", str(file)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT / "addon")},
    )
    try:
        _, errors = await asyncio.wait_for(process.communicate(), 40)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode is not None
    return process.returncode, errors.decode()


CAMERA: Json = {"url": f"rtsp://viewer:{PASSWORD}@camera.example/stream"}


@pytest.mark.parametrize(
    ("configuration", "named"),
    [
        ({"node": "home", "cameras": "hall"}, ["cameras"]),
        ({"node": "No Such Id!", "cameras": {"hall": CAMERA}}, ["node", "No Such Id!"]),
        (
            {"node": "home", "cameras": {"hall": CAMERA | {"frame_rat": 6}}},
            ["cameras.hall.frame_rat", "did you mean frame_rate?"],
        ),
        (
            {
                "node": "home",
                "cameras": {"hall": CAMERA | {"classes": {"fall": {"zones": ["bed"]}}}},
            },
            ["cameras.hall.classes.fall.zones", "bed"],
        ),
        ({"node": "home", "cameras": {"hall": {"url": 7}}}, ["cameras.hall.url"]),
        ("node: home\n  cameras: [", ["not valid YAML"]),
    ],
    ids=["no mapping", "bad id", "misspelt", "unknown zone", "bad address", "no YAML"],
)
async def test_a_wrong_configuration_names_the_field(
    tmp_path: Path, configuration: object, named: list[str]
):
    status, errors = await _run(configuration, tmp_path)
    assert status == 2
    for part in named:
        assert part in errors
    assert "Traceback" not in errors
    assert PASSWORD not in errors


async def test_a_port_in_use_is_told_with_the_remedy(tmp_path: Path, quiet: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        configuration = {
            "node": "home",
            "data": str(tmp_path / "data"),
            "api": {"host": "127.0.0.1", "port": port},
            "cameras": {"hall": {"url": str(quiet)}},
        }
        status, errors = await _run(configuration, tmp_path)
    assert status == 1
    assert f"127.0.0.1:{port}" in errors
    assert "choose another api.port" in errors
    assert "Traceback" not in errors
