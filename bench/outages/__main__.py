"""Play all cases in one house and print the table."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from harness.demo import SCENES
from harness.footage import lengthened, quiet_room, staged
from harness.house import open_house
from harness.rtsp import RtspServer
from outages.cases import CASES, Outcome, run

SHOWN_S = 60.0
"""How long somebody who fell in the bedroom is seen lying there."""

QUIET_S = 1800.0
"""Longer than all cases take: in the hall nothing happens but test alarms."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/restarts", description=__doc__)
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--case", type=int, action="append", help="only this one, from 0")
    return parser.parse_args()


async def _play(chosen: list[int], folder: Path, kept: Path | None) -> list[Outcome]:
    fall = await staged("fall", SCENES)
    long, quiet = await lengthened(fall, SHOWN_S), await quiet_room(SCENES, seconds=QUIET_S)
    # The bedroom's fall lives on; the kitchen's film is over soon after and begins anew.
    marks = {name: [fall.onset_s - 4, fall.onset_s] for name in ("bedroom",)}
    server = RtspServer({"bedroom": long.file, "kitchen": fall.file, "hall": quiet}, marks)
    async with server:
        cameras = {
            "bedroom": {"url": server.url("bedroom"), "enabled": False},
            "kitchen": {"url": server.url("kitchen"), "enabled": False},
            "hall": {"url": server.url("hall")},
        }
        async with open_house(folder, cameras) as house:
            await asyncio.sleep(5)
            outcomes = []
            for number in chosen:
                outcome = await run(CASES[number], house, server, fall.onset_s)
                print(_row(outcome), flush=True)
                for kind in ("wrong", "lost", "doubled"):
                    for line in getattr(outcome, kind):
                        print(f"    {kind}: {line}", flush=True)
                outcomes.append(outcome)
                if kept is not None:
                    text = json.dumps([each.json() for each in outcomes], indent=1)
                    await asyncio.to_thread(kept.write_text, f"{text}\n", "utf-8")
            return outcomes


_HEAD = ("case", "right s", "events", "steps", "late", "lost", "doubled", "lines down/up: HA, node")


def _line(*cells: object) -> str:
    widths = (32, 8, 7, 6, 5, 5, 8, 24)
    return " ".join(f"{cell!s:<{width}}" for cell, width in zip(cells, widths, strict=True))


def _row(outcome: Outcome) -> str:
    counts = outcome.lines
    said = ", ".join(
        f"{counts[f'{end} down']}/{counts[f'{end} up']}" for end in ("integration", "node")
    )
    right = "never" if outcome.right_after_s is None else f"{outcome.right_after_s:.1f}"
    return _line(
        outcome.case, right, outcome.events, outcome.steps, outcome.late,
        len(outcome.lost), len(outcome.doubled), said,
    )  # fmt: skip


def main() -> int:
    """Run the command; 1 where something was lost, doubled or never right."""
    arguments = _arguments()
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC; seconds from the last part's being up again")
    print(_line(*_HEAD), flush=True)
    chosen = arguments.case or list(range(len(CASES)))
    with tempfile.TemporaryDirectory(prefix="omnicam-restarts-") as folder:
        outcomes = asyncio.run(_play(chosen, Path(folder), arguments.json))
    bad = [each for each in outcomes if each.lost or each.doubled or each.right_after_s is None]
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
