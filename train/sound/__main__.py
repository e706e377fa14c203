"""Makes the sound network: `python -m train.sound --data DIR`."""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from train.sound import talk
from train.sound.clips import FOLDS, Clip, fold_file, fold_of, free_clips, read
from train.sound.scenes import Windows, real, synthesised
from train.sound.voices import Wave, normal

_OUT = Path("addon/omnicam/detect/sound/sounds.onnx")
_CHUNK = 100
_SPEECH = 160
_REAL = {"scream": 220, "glass": 320, "crying": 60, "animal": 50, "voice": 60, "sneeze": 30}
"""Scenes made of each recording, by its kind; of every other one `_REAL_ELSE`."""
_REAL_ELSE = 22

Job = tuple[int, int, Clip | None, Wave | None, int]


def main() -> None:
    """Synthesise, learn and write."""
    arguments = _arguments()
    said, clips = _material(arguments)
    windows = _windows(arguments, said, clips)
    print(f"{len(windows.groups)} windows", flush=True)
    from train.sound.fit import fit, without, write

    write(fit(windows, arguments.epochs, arguments.seed), arguments.out)
    for fold in range(FOLDS if arguments.folds else 0):
        groups = {clip.group for clip, _ in clips if fold_of(clip.group) == fold}
        fitted = fit(without(windows, groups), arguments.epochs, arguments.seed)
        write(fitted, fold_file(arguments.out, fold))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m train.sound", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of recordings with its manifest.csv")
    parser.add_argument("--material", type=Path, help="keep speech and recordings here, as .npz")
    parser.add_argument("--out", type=Path, default=_OUT)
    parser.add_argument("--scenes", type=int, default=36_000, help="scenes to synthesise")
    parser.add_argument("--recordings", type=float, default=1.0, help="scenes of them, relative")
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--folds", action="store_true", help="also the networks of the folds")
    return parser.parse_args()


def _material(arguments: argparse.Namespace) -> tuple[list[Wave], list[tuple[Clip, Wave]]]:
    """Give synthesised speech and free recordings, made once and then read from a file."""
    kept: Path | None = arguments.material
    if kept is not None and kept.exists():
        with np.load(kept) as stored:
            rows = [Clip(*row) for row in stored["rows"].tolist()]
            said = [stored[f"said{i}"] / 32767 for i in range(int(stored["said"]))]
            return said, [(clip, stored[f"clip{i}"] / 32767) for i, clip in enumerate(rows)]
    said = [normal(wave) for wave in talk.speech(np.random.default_rng(arguments.seed), _SPEECH)]
    clips = [
        (clip, normal(read(arguments.data / clip.path)))
        for clip in free_clips(arguments.data / "manifest.csv")
    ]
    clips = [(clip, wave) for clip, wave in clips if len(wave) > 800 and np.abs(wave).max() > 0]
    if kept is not None:
        np.savez_compressed(
            kept,
            rows=np.array([list(vars(clip).values()) for clip, _ in clips]),
            said=len(said),
            **{f"said{i}": np.round(wave * 32767).astype(np.int16) for i, wave in enumerate(said)},
            **{f"clip{i}": np.round(w * 32767).astype(np.int16) for i, (_, w) in enumerate(clips)},
        )
    return said, clips


def _windows(
    arguments: argparse.Namespace, said: list[Wave], clips: list[tuple[Clip, Wave]]
) -> Windows:
    """Make all windows; the same whatever the number of workers."""
    jobs: list[Job] = [
        (arguments.seed, index, None, None, _CHUNK) for index in range(arguments.scenes // _CHUNK)
    ]
    jobs += [
        (
            arguments.seed,
            1_000_000 + index,
            clip,
            wave,
            max(1, round(arguments.recordings * _REAL.get(clip.kind, _REAL_ELSE))),
        )
        for index, (clip, wave) in enumerate(clips)
    ]
    parts: list[Windows] = []
    with ProcessPoolExecutor(arguments.workers, initializer=_begin, initargs=(said,)) as pool:
        for done, part in enumerate(pool.map(_work, jobs), start=1):
            parts.append(part)
            if done % 50 == 0:
                print(f"{done} of {len(jobs)} parts", flush=True)
    return Windows(
        np.concatenate([part.pictures for part in parts]),
        np.concatenate([part.targets for part in parts]),
        [group for part in parts for group in part.groups],
    )


_said: list[Wave] = []


def _begin(said: list[Wave]) -> None:
    _said[:] = said


def _work(job: Job) -> Windows:
    seed, index, clip, wave, scenes = job
    rng = np.random.default_rng((seed, index))
    if clip is None or wave is None:
        return synthesised(rng, scenes, _said)
    return real(rng, wave, clip, scenes, _said)


if __name__ == "__main__":
    main()
