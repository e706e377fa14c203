"""The command line of `bench/pipeline`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from harness.rtsp import RtspServerError
from speed import contest, fleet, single, tables
from speed.clips import film
from speed.frigate import Frigate, FrigateError
from speed.processes import machine

_MARGIN_S = 25.0
"""Film beyond what is measured: connecting, warming up, and a slow machine."""


def main() -> int:
    """Measure and print; exit status 1 where something does not start."""
    options = _arguments()
    report: dict[str, object] = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "fps": options.fps,
        "seconds": options.seconds,
    }
    if options.frigate is not None:
        return _contest(options, report)
    print(f"{report['machine']}\n640x480 H.264 at {options.fps} fps with AAC sound, over RTSP/TCP")
    try:
        films = {
            kind: given or film(kind, options.seconds + _MARGIN_S, options.fps)
            for kind, given in _given(options).items()
        }
        if options.streams:
            result = asyncio.run(
                fleet.measure(films, options.streams, options.people, options.seconds)
            )
            tables.print_fleet(result)
            report["fleet"] = asdict(result)
        else:
            costs = {
                kind: asyncio.run(single.measure(file, options.seconds))
                for kind, file in films.items()
            }
            tables.print_costs(costs)
            report["single"] = {kind: asdict(cost) for kind, cost in costs.items()}
    except (OSError, RuntimeError, RtspServerError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    report["load_after"] = machine()
    if options.json is not None:
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


def _given(options: argparse.Namespace) -> dict[str, Path | None]:
    """Give the films to play, those of a fleet alone where one is asked for."""
    watched = {"empty": options.empty, "person": options.person}
    return watched if options.streams else watched | {"silence": None, "speech": options.speech}


def _contest(options: argparse.Namespace, report: dict[str, object]) -> int:
    print(report["machine"])
    try:
        scenes = list(contest.staged())
        if options.manifest is not None:
            scenes += contest.recorded(options.manifest, options.root or options.manifest.parent)
        figures, unread = contest.contest(scenes, Frigate(options.frigate))
    except (OSError, FrigateError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    contest.print_contest(figures)
    for name, why in unread.items():
        print(f"{name}: {why}", file=sys.stderr)
    if options.json is not None:
        report |= {"contest": figures, "unread": unread, "load_after": machine()}
        report = {key: value for key, value in report.items() if key not in {"fps", "seconds"}}
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 1 if unread else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/pipeline", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="measured, after a warm-up")
    parser.add_argument("--fps", type=int, default=15, help="pictures a second that cameras send")
    parser.add_argument("--streams", type=int, default=0, help="run a node with so many cameras")
    parser.add_argument("--people", type=int, default=1, help="cameras with somebody in view")
    parser.add_argument("--person", type=Path, help="an MP4 instead of the staged person")
    parser.add_argument("--empty", type=Path, help="an MP4 instead of the staged empty room")
    parser.add_argument("--speech", type=Path, help="an MP4 with AAC instead of the staged talk")
    parser.add_argument(
        "--frigate", type=Path, help="a checkout of Frigate: set its motion stage beside our gate"
    )
    parser.add_argument(
        "--manifest", type=Path, help="with --frigate: CSV of recordings to play besides the staged"
    )
    parser.add_argument("--root", type=Path, help="folder of the recordings; else the manifest's")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
