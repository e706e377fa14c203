"""The command line of `bench/words`: the spoken trigger on recordings and on running speech."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
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
from omnicam.detect.sound.help_word import HelpWordScorer
from omnicam.evaluate.entries import Listener
from omnicam.evaluate.judged import Judged
from omnicam.evaluate.labels import CALL, WORD
from omnicam.evaluate.sections import Section, plain
from omnicam.evaluate.statistics import poisson_upper
from omnicam.evaluate.tables import words
from omnicam.media import SAMPLE_RATE, AudioChunk, Samples

_CHUNK = SAMPLE_RATE // 10  # samples of a piece of synthetic speech, as capture would cut it

type Row = dict[str, Any]


def main() -> int:
    """Listen and print; exit status 1 where a recording or the speech cannot be had."""
    options = _arguments()
    began = time.process_time()
    try:
        clips = read_manifest(options.manifest)
        files, unread = _recordings(clips, options.root or options.manifest.parent)
        running = _running(options.hours, options.cache)
    except (OSError, ValueError, SpeechMissingError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    figures = words(files)
    rows = [_of_files(each["in"], each, files) for each in figures["false"]] + running
    heard = [(each["path"], ", ".join(each["words"]) or "-") for each in figures["recorded"]]
    found = sum(each["found"] for each in figures["recorded"])
    calls = Section(
        title=f"Recorded words: {found} of {len(heard)} heard",
        head=("recording", "heard"),
        rows=tuple(heard),
    )
    print(plain(calls) + "\n\n" + plain(_false(rows)))
    for each in files:
        if each.false(WORD):
            print(f"  {each.path} ({each.label}): {_said(each)}")
    print(f"\n{time.process_time() - began:.0f} s of processor time")
    if options.json is not None:
        report = {"recorded": figures["recorded"], "false": rows, "unread": unread}
        options.json.write_text(
            json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    return 1 if unread else 0


def _recordings(clips: Sequence[Clip], root: Path) -> tuple[list[Judged], dict[str, str]]:
    files: list[Judged] = []
    unread: dict[str, str] = {}
    for clip in clips:
        try:
            sound = sound_of(root / clip.path)
        except (CaptureError, NoSoundError) as error:
            unread[clip.path] = str(error)
            print(f"{clip.path}: {error}", file=sys.stderr)
            continue
        seconds = sound[-1].end - sound[0].time - RUN_ON_S
        files.append(judged(clip, _hear(sound), seconds))
    return files, unread


def _running(hours: float, cache: Path) -> list[Row]:
    """Hear synthetic speech, each passage as a stream of its own; one row a language."""
    seconds = dict.fromkeys(LANGUAGES, 0.0)
    heard: dict[str, list[Listener]] = {language: [] for language in LANGUAGES}
    for passage in running_speech(hours, cache) if hours > 0 else ():
        heard[passage.language].append(_hear(_chunks(passage.samples)))
        seconds[passage.language] += passage.seconds
    return [
        _row(
            f"running {language} (synthetic)",
            seconds[language] / 3600,
            sum(entry.target == WORD for each in heard[language] for entry in each.entries),
            sum(
                entry.target == CALL and entry.alarm_s is not None
                for each in heard[language]
                for entry in each.entries
            ),
        )
        for language in LANGUAGES
        if seconds[language]
    ]


def _hear(sound: Sequence[AudioChunk]) -> Listener:
    camera = only_sound()
    context = ScorerContext(camera=camera, time_zone=ZONE, words=DEFAULT_WORDS)
    return listen(camera, [HelpWordScorer(context)], sound)


def _chunks(samples: Samples) -> list[AudioChunk]:
    whole = np.concatenate((samples, np.zeros(round(AFTER_S * SAMPLE_RATE), np.float32)))
    return [
        AudioChunk(camera="recording", time=at / SAMPLE_RATE, samples=whole[at : at + _CHUNK])
        for at in range(0, len(whole), _CHUNK)
    ]


def _of_files(name: str, row: Row, files: Sequence[Judged]) -> Row:
    part = [each for each in files if each.label.startswith("speech") == (name == "speech")]
    alarms = sum(len(each.false(CALL, alarms=True)) for each in part)
    return _row(f"recorded {name}", row["hours"], row["triggers"], alarms)


def _row(name: str, hours: float, triggers: int, alarms: int) -> Row:
    return {
        "in": name,
        "hours": round(hours, 4),
        "triggers": triggers,
        "per_hour": round(triggers / hours, 1),
        "upper_per_hour": round(poisson_upper(triggers) / hours, 1),
        "alarms": alarms,
        "alarms_per_hour": round(alarms / hours, 1),
        "alarms_upper_per_hour": round(poisson_upper(alarms) / hours, 1),
    }


def _false(rows: Sequence[Row]) -> Section:
    head = ("in", "", "hours", "words", "an hour", "below", "alarms", "an hour", "below")
    keys = (
        *("hours", "triggers", "per_hour", "upper_per_hour"),
        *("alarms", "alarms_per_hour", "alarms_upper_per_hour"),
    )
    return Section(
        title="False: words (the trigger), and alarms (a call for help above 0.92)",
        head=head,
        rows=tuple((row["in"], "", *(str(row[key]) for key in keys)) for row in rows),
        notes=("Below: upper 95 % bound (Poisson).",),
    )


def _said(each: Judged) -> str:
    return ", ".join(f"{entry.label} {entry.confidence:.2f}" for entry in each.false(WORD))


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
        default=Path(".cache/bench/speech"),
        help="keeps the synthetic speech",
    )
    parser.add_argument("--json", type=Path, help="write the figures here")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
