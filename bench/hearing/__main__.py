"""The command line of `bench/sounds`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from hearing.clips import KINDS, Clip, NoSoundError, read_manifest, sound_of
from hearing.events import Found, count, print_found
from hearing.held_out import CHANGES, HeldOut, as_it_is, changed
from hearing.systems import Node, Peer, Scores, System, highest
from hearing.tables import print_summary, summary
from omnicam.capture import CaptureError
from omnicam.evaluate.entries import Listener
from omnicam.media import AudioChunk


def main() -> int:
    """Listen and print; exit status 1 where nothing could be compared or a clip is unreadable."""
    options = _arguments()
    try:
        clips = read_manifest(options.manifest)
        systems: list[System] = [Node("OmniCam")]
        if options.yamnet is not None:
            systems += [Node("OmniCam + YAMNet", options.yamnet), Peer(options.yamnet)]
        held_out = HeldOut(options.held_out, options.manifest) if options.held_out else None
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    root = options.root or options.manifest.parent
    began = time.process_time()
    heard: dict[Clip, dict[str, Scores]] = {}
    alone: dict[str, dict[Clip, Listener]] = {name: {} for name in CHANGES if held_out}
    unread: dict[str, str] = {}
    for clip in clips:
        try:
            sound = sound_of(root / clip.path)
            heard[clip] = _listen(systems, sound)
            for name, change in CHANGES.items() if held_out else ():
                alone[name][clip] = held_out.hear(clip, changed(clip, sound, change))
                if change is as_it_is:
                    heard[clip] |= {"OmniCam, held out": highest(alone[name][clip])}
            if held_out and options.yamnet is not None:
                both = held_out.hear(clip, sound, options.yamnet)
                heard[clip] |= {"both, held out": highest(both)}
        except (CaptureError, NoSoundError) as error:
            unread[clip.path] = str(error)
            print(f"{clip.path}: {error}", file=sys.stderr)
    try:
        figures = {label: summary(heard, label) for label in KINDS}
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    events: dict[str, list[Found]] = {name: count(each) for name, each in alone.items()}
    print(f"{len(heard)} clips with sound, {len(unread)} unreadable")
    print("recall where a share of all other clips passes; in brackets 95 % (Clopper-Pearson)")
    for label, each in figures.items():
        print_summary(label, each)
    for name, rows in events.items():
        print_found(f"Held out, {name}", rows)
    print(f"\n{time.process_time() - began:.0f} s of processor time")
    if options.json is not None:
        report = {
            "kinds": figures,
            "held_out": events,
            "unread": unread,
            "clips": [_row(c, s) for c, s in heard.items()],
        }
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 1 if unread else 0


def _listen(systems: list[System], sound: Sequence[AudioChunk]) -> dict[str, Scores]:
    found: dict[str, Scores] = {}
    for system in systems:
        found |= system.scores(sound)
    return found


def _row(clip: Clip, scores: Mapping[str, Scores]) -> dict[str, object]:
    rounded = {
        name: {label.value: round(score, 6) for label, score in each.items()}
        for name, each in scores.items()
    }
    return {"path": clip.path, "label": clip.label, "group": clip.group, "scores": rounded}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/sounds", description=__doc__)
    parser.add_argument(
        "manifest", type=Path, help="CSV with the columns path, label, group and has_audio"
    )
    parser.add_argument("--root", type=Path, help="folder of the recordings; else the manifest's")
    parser.add_argument(
        "--yamnet", type=Path, help="YAMNet as TensorFlow Lite; without it the node stands alone"
    )
    parser.add_argument(
        "--held-out",
        type=Path,
        metavar="FOLDS",
        help="folder with the networks of python -m train.sound --folds: also listen with them",
    )
    parser.add_argument("--json", type=Path, help="write the figures and every clip's scores here")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
