"""The command line of `bench/words`: the spoken trigger on recordings and on running speech."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hearing.clips import Clip, NoSoundError, read_manifest, sound_of
from hearing.events import judged
from hearing.listening import AFTER_S, ZONE, listen, only_sound
from hearing.running import LANGUAGES, SpeechMissingError, running_speech
from omnicam.capture import RUN_ON_S, CaptureError
from omnicam.config.model import DEFAULT_WORDS
from omnicam.detect.protocol import ScorerContext
from omnicam.detect.sound.help_word import HelpWordScorer, make_spot
from omnicam.detect.sound.second_stage import SecondStage
from omnicam.detect.sound.spotter import WordHit
from omnicam.evaluate.entries import Entry
from omnicam.evaluate.judged import Judged, Role
from omnicam.evaluate.labels import CALL, WORD
from omnicam.evaluate.sections import Section, plain
from omnicam.evaluate.statistics import poisson_upper
from omnicam.media import SAMPLE_RATE, AudioChunk, Samples

SHIPPED = "both stages"
ALONE = "first stage alone"
STAGES = (SHIPPED, ALONE)
AGAIN_S = 10.0
"""A repeat rule would ask for a word twice within so many seconds."""

_CHUNK = SAMPLE_RATE // 10  # samples of a piece of synthetic speech, as capture would cut it

type Heard = Mapping[str, tuple[Entry, ...]]
"""What each arrangement of stages heard in one recording."""
type Row = dict[str, Any]


class Ears:
    """The node's ear for words, with both stages and with the first alone."""

    def __init__(self) -> None:
        self._spot = make_spot(DEFAULT_WORDS)
        self._found: dict[bytes, list[WordHit]] = {}
        self._camera = only_sound()

    def hear(self, sound: Sequence[AudioChunk]) -> Heard:
        """Listen to one recording, with ears that have heard nothing yet."""
        context = ScorerContext(camera=self._camera, time_zone=ZONE, words=DEFAULT_WORDS)
        self._found.clear()
        heard: dict[str, tuple[Entry, ...]] = {}
        for stage in STAGES:
            second = SecondStage(DEFAULT_WORDS if stage == SHIPPED else ())
            scorer = HelpWordScorer(context, self._once, second)
            heard[stage] = tuple(listen(self._camera, [scorer], sound).entries)
        return heard

    def _once(self, samples: Samples) -> list[WordHit]:
        """Ask the first stage about each piece once, for both arrangements."""
        key = samples.tobytes()
        if key not in self._found:
            self._found[key] = self._spot(samples)
        return self._found[key]


def main() -> int:
    """Listen and print; exit status 1 where a recording or the speech cannot be had."""
    options = _arguments()
    began = time.process_time()
    ears = Ears()
    unread: dict[str, str] = {}
    try:
        clips = read_manifest(options.manifest)
        files = list(_recordings(ears, clips, options.root or options.manifest.parent, unread))
        running = list(_running(ears, options.hours, options.cache))
    except (OSError, ValueError, SpeechMissingError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    recorded = {stage: _recorded([each[stage] for each in files]) for stage in STAGES}
    rows = [
        row
        for stage in STAGES
        for row in (*_false_in([each[stage] for each in files], stage), *_of(running, stage))
    ]
    for stage, found in recorded.items():
        _print_recorded(stage, found)
    print("\n" + plain(_table(rows)) + "\n\nfalse words with both stages, in recordings:")
    for each in files:
        if said := each[SHIPPED].false(WORD):
            words = ", ".join(f"{entry.label} {entry.confidence:.2f}" for entry in said)
            print(f"  {each[SHIPPED].path} ({each[SHIPPED].label}): {words}")
    print(f"\n{time.process_time() - began:.0f} s of processor time")
    if options.json is not None:
        report = {"recorded": recorded, "false": rows, "unread": unread}
        options.json.write_text(
            json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    return 1 if unread else 0


def _recordings(
    ears: Ears, clips: Sequence[Clip], root: Path, unread: dict[str, str]
) -> Iterator[Mapping[str, Judged]]:
    for clip in clips:
        try:
            sound = sound_of(root / clip.path)
        except (CaptureError, NoSoundError) as error:
            unread[clip.path] = str(error)
            print(f"{clip.path}: {error}", file=sys.stderr)
            continue
        seconds = sound[-1].end - sound[0].time - RUN_ON_S
        yield {stage: judged(clip, entries, seconds) for stage, entries in ears.hear(sound).items()}


def _running(ears: Ears, hours: float, cache: Path) -> Iterator[tuple[str, float, Heard]]:
    """Hear synthetic speech, each passage as a stream of its own: language, seconds, heard."""
    for passage in running_speech(hours, cache) if hours > 0 else ():
        yield passage.language, passage.seconds, ears.hear(chunks(passage.samples))


def chunks(samples: Samples) -> list[AudioChunk]:
    """Cut sound into pieces as capture gives them, with silence after its end."""
    whole = np.concatenate((samples, np.zeros(round(AFTER_S * SAMPLE_RATE), np.float32)))
    return [
        AudioChunk(camera="recording", time=at / SAMPLE_RATE, samples=whole[at : at + _CHUNK])
        for at in range(0, len(whole), _CHUNK)
    ]


def _recorded(files: Sequence[Judged]) -> dict[str, list[str]]:
    """Give the words heard in every recording that holds one."""
    return {
        each.path: [str(entry.label) for entry in each.right(WORD)]
        for each in files
        if each.role(WORD) is Role.EXPECTED
    }


def _false_in(files: Sequence[Judged], stage: str) -> Iterator[Row]:
    others = [each for each in files if each.role(WORD) is Role.OTHER]
    for name, speech in (("recorded speech", True), ("all other recordings", False)):
        part = [each for each in others if each.label.startswith("speech") == speech]
        if part:
            hours = sum(each.seconds for each in part) / 3600
            yield row(stage, name, hours, [each.entries for each in part])


def _of(running: Sequence[tuple[str, float, Heard]], stage: str) -> Iterator[Row]:
    for language in LANGUAGES:
        part = [(seconds, heard[stage]) for own, seconds, heard in running if own == language]
        if part:
            hours = sum(seconds for seconds, _ in part) / 3600
            yield row(stage, f"running {language}, synthetic", hours, [said for _, said in part])


def row(stage: str, name: str, hours: float, heard: Sequence[Sequence[Entry]]) -> Row:
    """Count what was heard where nobody said a word of the trigger.

    Args:
        stage: which stages listened.
        name: what was played.
        hours: how long it lasts.
        heard: the entries of each recording.
    """
    times = [[entry.time_s for entry in each if entry.target == WORD] for each in heard]
    counts = {
        "words": sum(map(len, times)),
        "again": sum(
            any(0.0 < time - earlier <= AGAIN_S for earlier in each)
            for each in times
            for time in each
        ),
        "alarms": sum(
            entry.target == CALL and entry.alarm_s is not None for each in heard for entry in each
        ),
    }
    figures: Row = {"stages": stage, "in": name, "hours": round(hours, 4)}
    for what, count in counts.items():
        figures[what] = {
            "count": count,
            "per_hour": round(count / hours, 1),
            "upper_per_hour": round(poisson_upper(count) / hours, 1),
        }
    return figures


def _table(rows: Sequence[Row]) -> Section:
    kinds = ("words", "alarms", "again")
    return Section(
        title="False, where nobody says a word",
        head=(
            *("stages", "in", "hours"),
            *(f"{what}{part}" for what in kinds for part in ("", " an hour", " below")),
        ),
        rows=tuple(
            (
                *(each["stages"], each["in"], f"{each['hours']:.3f}"),
                *(
                    str(each[what][key])
                    for what in kinds
                    for key in ("count", "per_hour", "upper_per_hour")
                ),
            )
            for each in rows
        ),
        notes=(
            "words: the trigger. alarms: calls for help above 0.92. again: words that a rule would",
            f"let through that asks for two within {AGAIN_S:.0f} s. below: upper 95 % bound.",
        ),
    )


def _print_recorded(stage: str, found: Mapping[str, Sequence[str]]) -> None:
    heard = sum(bool(words) for words in found.values())
    print(f"{stage}: heard in {heard} of {len(found)} recordings of a word")
    for path, words in found.items():
        if not words:
            print(f"  missed: {path}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/words", description=__doc__)
    parser.add_argument(
        "manifest", type=Path, help="CSV with the columns path, label, group and has_audio"
    )
    parser.add_argument("--root", type=Path, help="folder of the recordings; else the manifest's")
    parser.add_argument(
        "--hours", type=float, default=1.0, help="of synthetic running speech; 0 for none"
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(__file__).resolve().parents[2] / ".cache" / "bench" / "speech",
        help="keeps the synthetic speech",
    )
    parser.add_argument("--json", type=Path, help="write the figures here")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
