"""Our gate against Frigate's motion stage over recordings and staged views, summed up."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from omnicam.capture import CaptureError
from speed.clips import film
from speed.frigate import Frigate
from speed.people import moving
from speed.views import VIEWS
from speed.waking import Watched, held, watch

FOLDERS = ("urfd", "gmdcsa24", "upfall_s1", "surveillance", "people_walk", "tamper")
NOBODY = frozenset({"no_person"})
"""Labels of recordings without people: what the pose model takes for one there is none."""

VIEW_S, VIEW_FPS = 60.0, 15
STAGES = ("grey", "motion", "gate", "ours", "frigate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One recording; `people` where somebody may be in it."""

    kind: str
    file: Path
    people: bool


def staged() -> Iterator[Scene]:
    """Give the staged views, filmed on the first run."""
    for view in VIEWS:
        yield Scene(kind=f"staged: {view}", file=film(view, VIEW_S, VIEW_FPS), people=False)


def recorded(manifest: Path, root: Path) -> Iterator[Scene]:
    """Give the manifest's recordings of the folders that are compared.

    Raises:
        OSError: it cannot be read.
    """
    with manifest.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            folder = row["path"].split("/", 1)[0]
            if folder in FOLDERS:
                people = row["label"] not in NOBODY
                kind = folder if people else f"{folder}, nobody"
                yield Scene(kind=kind, file=root / row["path"], people=people)


def contest(scenes: Sequence[Scene], frigate: Frigate) -> tuple[dict[str, Any], dict[str, str]]:
    """Play every scene; give the figures and what could not be read."""
    played: dict[Scene, Watched] = {}
    moves: dict[Scene, list[bool]] = {}
    unread: dict[str, str] = {}
    for scene in scenes:
        try:
            played[scene] = watch(scene.file, frigate)
            if scene.people:
                moves[scene] = moving(scene.file)
        except CaptureError as error:
            unread[scene.file.name] = str(error)
            played.pop(scene, None)
    kinds = {scene.kind: [one for one in played if one.kind == scene.kind] for scene in played}
    woken = {kind: _woken(of, played, moves) for kind, of in kinds.items()}
    return {"cost": _costs(played.values()), "woken": woken}, unread


def _costs(played: Iterable[Watched]) -> dict[str, dict[str, float]]:
    """Give milliseconds a picture, the median, by size of the pictures and stage."""
    by_size: dict[str, dict[str, list[float]]] = {}
    for watched in played:
        width, height = watched.size
        for size, stages in watched.seconds.items():
            name = f"{width}x{height}" if size == "own" else size
            for stage in STAGES:
                by_size.setdefault(name, {}).setdefault(stage, []).extend(stages[stage])
    return {
        size: {
            "pictures": float(len(stages["ours"])),
            **{stage: round(float(np.median(times)) * 1e3, 4) for stage, times in stages.items()},
        }
        for size, stages in sorted(by_size.items(), key=lambda entry: _pixels(entry[0]))
    }


def _pixels(size: str) -> int:
    width, height = size.split("x")
    return int(width) * int(height)


def _woken(
    scenes: Sequence[Scene],
    played: Mapping[Scene, Watched],
    moves: Mapping[Scene, Sequence[bool]],
) -> dict[str, Any]:
    """Count pictures: awake, and awake or asleep while somebody moves."""
    counts = {
        "clips": len(scenes),
        "pictures": 0,
        "seconds": 0.0,
        "ours_moves": 0,
        "ours_looks": 0,
        "frigate_moves": 0,
        "frigate_held": 0,
        "somebody_moves": 0,
        "ours_missed": 0,
        "frigate_missed": 0,
        "frigate_held_missed": 0,
    }
    for scene in scenes:
        watched = played[scene]
        frigate_held = held(watched.times, watched.frigate)
        counts["pictures"] += len(watched.times)
        counts["seconds"] += watched.times[-1] - watched.times[0]
        for name, states in (
            ("ours_moves", watched.ours),
            ("ours_looks", watched.looks),
            ("frigate_moves", watched.frigate),
            ("frigate_held", frigate_held),
        ):
            counts[name] += sum(states)
        somebody = moves.get(scene, ())
        counts["somebody_moves"] += sum(somebody)
        for name, states in (
            ("ours_missed", watched.looks),
            ("frigate_missed", watched.frigate),
            ("frigate_held_missed", frigate_held),
        ):
            # The two decodings give the same pictures: stream time alone chooses them.
            pairs = zip(somebody, states, strict=bool(somebody))
            counts[name] += sum(moving and not awake for moving, awake in pairs)
    return counts


def print_contest(figures: Mapping[str, Any]) -> None:
    """Print what each costs, then what each wakes up for."""
    print("\nprocessor time a picture, ms, median")
    heads = "".join(f"{stage:>9}" for stage in STAGES)
    print(f"{'size':<12}{'pictures':>9}{heads}{'ratio':>8}")
    for size, each in figures["cost"].items():
        stages = "".join(f"{each[stage]:>9.3f}" for stage in STAGES)
        ratio = each["ours"] / each["frigate"]
        print(f"{size:<12}{each['pictures']:>9.0f}{stages}{ratio:>8.2f}")
    print("\nshare of pictures with movement, and awake; where somebody moves, slept through")
    print(f"{'':<36}{'movement':>18}{'awake':>18}{'somebody':>9}{'slept through':>27}")
    names = ("pictures", "ours", "Frigate", "ours", "+1.5 s", "moves", "ours", "Frigate", "+1.5 s")
    print(f"{'':<27}" + "".join(f"{name:>9}" for name in names))
    for kind, of in figures["woken"].items():
        shares = "".join(
            f"{of[name] / of['pictures']:>9.1%}"
            for name in ("ours_moves", "frigate_moves", "ours_looks", "frigate_held")
        )
        missed = "".join(
            f"{of[name]:>9}" for name in ("ours_missed", "frigate_missed", "frigate_held_missed")
        )
        somebody = of["somebody_moves"]
        print(f"{kind:<27}{of['pictures']:>9}{shares}{somebody:>9}{missed if somebody else ''}")
