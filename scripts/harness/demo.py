"""The main job as a user runs it: a camera in, an entity in a real Home Assistant.

`scripts/demo` plays a staged fall, `scripts/demo SOURCE` watches your own camera, and
`scripts/demo --once` plays one scene each of fall, scream, spoken help and covered camera, and
measures by the wall clock from the picture or sound that holds the onset to the entity's change.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from harness import once
from harness.footage import Footage, FootageError, recorded, staged
from harness.home_assistant import HomeAssistantError
from harness.house import NODE, House, mqtt_client, open_house
from harness.node import ROOT, NodeError
from harness.rtsp import RtspServer, RtspServerError

SCENES = ROOT / ".cache" / "scenes"

type Json = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; 0 when all that was asked for was shown."""
    options = _parser().parse_args(arguments)
    try:
        recordings = dict(_recording(text) for text in options.recording)
        with tempfile.TemporaryDirectory(prefix="omnicam-demo-") as folder:
            return asyncio.run(_demo(options, recordings, Path(folder)))
    except (FootageError, HomeAssistantError, NodeError, RtspServerError, RuntimeError) as error:
        print(f"demo failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/demo", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("source", nargs="?", help="rtsp://…, a file or /dev/video0; else staged")
    parser.add_argument("--once", action="store_true", help="play four scenes, measure, and end")
    parser.add_argument("--json", type=Path, metavar="FILE", help="with --once: write the figures")
    parser.add_argument(
        "--recording",
        action="append",
        default=[],
        metavar="CLASS=FILE@SECONDS",
        help="with --once: a real recording in place of a scene, and when the thing begins in it",
    )
    parser.add_argument("--no-home-assistant", action="store_true", help="stop at MQTT")
    parser.add_argument("--port", type=int, help="port of Home Assistant; else a free one")
    return parser


def _recording(text: str) -> tuple[str, tuple[Path, float]]:
    try:
        act, _, place = text.partition("=")
        file, _, onset = place.rpartition("@")
        once.ACTS[act]  # it must be one of them
        return act, (Path(file), float(onset))
    except KeyError:
        known = ", ".join(once.ACTS)
        raise FootageError(f"--recording {text!r}: choose from {known}") from None
    except ValueError:
        raise FootageError(f"--recording {text!r}: write it as fall=clip.mp4@3.5") from None


async def _demo(
    options: argparse.Namespace, recordings: dict[str, tuple[Path, float]], folder: Path
) -> int:
    if options.once:
        return await _once(options, recordings, folder)
    return await _show(options, folder)


async def _once(
    options: argparse.Namespace, recordings: dict[str, tuple[Path, float]], folder: Path
) -> int:
    footage: dict[str, Footage] = {}
    for name, act in once.ACTS.items():
        if name in recordings:
            footage[name] = await recorded(*recordings[name], SCENES)
        else:
            _say(f"rendering the staged scene {act.scene}")
            footage[name] = await staged(act.scene, SCENES)
    server = RtspServer(
        mounts={once.ACTS[name].camera: shown.file for name, shown in footage.items()},
        marks={once.ACTS[name].camera: [shown.onset_s] for name, shown in footage.items()},
    )
    async with server:
        cameras = {
            act.camera: {"url": server.url(act.camera), "enabled": False}
            | ({} if name in recordings else {"night": hours_far_from(datetime.now().astimezone())})
            for name, act in once.ACTS.items()
        }
        _say("starting broker, node" + ("" if options.no_home_assistant else ", Home Assistant"))
        async with open_house(
            folder, cameras, home_assistant=not options.no_home_assistant, port=options.port
        ) as house:
            _say_where(house)
            results, missing = await once.play(house, server, footage, _say)
            if missing:
                _say(f"the node's last words:\n{house.node.log(12)}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", "utf-8")
    for reason in missing:
        print(f"missing: {reason}", file=sys.stderr)
    return 1 if missing else 0


def hours_far_from(now: datetime) -> str:
    """Give hours of night, as settings have them, that `now` is far from.

    The staged rooms are lit, whatever the hour at which they are shown; by night a picture that
    turns black would be a light that goes off and not a cover.
    """
    return f"{now + timedelta(hours=11):%H:%M}-{now + timedelta(hours=13):%H:%M}"


async def _show(options: argparse.Namespace, folder: Path) -> int:
    """Watch one camera until interrupted and say what happens."""
    async with contextlib.AsyncExitStack() as stack:
        url = options.source
        if url is None:
            _say("rendering the staged scene fall")
            footage = await staged("fall", SCENES)
            server = RtspServer(mounts={"bedroom": footage.file})
            await stack.enter_async_context(server)
            url = server.url("bedroom")
        elif "://" not in url:
            url = str(Path(url).resolve())
        _say("starting broker, node" + ("" if options.no_home_assistant else ", Home Assistant"))
        house = await stack.enter_async_context(
            open_house(
                folder,
                {"bedroom": {"url": url}},
                home_assistant=not options.no_home_assistant,
                port=options.port,
            )
        )
        _say_where(house)
        _say("watching; press Ctrl+C to end")
        told = asyncio.create_task(_tell_events(house))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, told.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await told
    return 0


async def _tell_events(house: House) -> None:
    async with mqtt_client(house.broker) as client:
        for topic in ("event", "help", "status"):
            await client.subscribe(f"omnicam/{NODE}/+/{topic}", qos=1)
        async for message in client.messages:
            _, _, camera, topic = message.topic.value.split("/")
            text = bytes(message.payload).decode() if message.payload else ""
            if topic == "status":
                _say(f"camera {camera} is {text}")
                continue
            said = json.loads(text)
            if topic == "help":
                _say(f"{camera}: somebody called {said['word']!r} ({said['confidence']:.2f})")
            else:
                _say(
                    f"{camera}: {said['class']} {said['step']}, {said['level']} "
                    f"{said['confidence']:.2f}, {once.delay(said):.1f} s after its onset: "
                    f"{said['reason']}"
                )


def _say_where(house: House) -> None:
    if house.home_assistant is not None:
        _say(f"Home Assistant: {house.home_assistant.url} (user demo, password demo)")
    _say(f"the node's API: {house.node.url} (token in {house.node.data / 'api_token'})")


def _say(text: str) -> None:
    print(f"demo: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
