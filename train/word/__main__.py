"""Make the model of the spoken trigger: `OPENBLAS_NUM_THREADS=1 python -m train.word`.

Writes `speech_embedding.onnx` and `word_head.npz` beside the code that reads them, and prints what
the head makes of voices that it was not trained on.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from omnicam.detect.sound.word_head import STEPS
from omnicam.detect.sound.words import TRAINED
from train.word import backbone, corpus
from train.word.fit import Array, Weights, Windows, fit, logits, softmax

_TARGET = Path(__file__).parents[2] / "addon" / "omnicam" / "detect" / "sound"
_SEED, _HELD_OUT_SEED = 1, 2
_CLIPS, _HELD_OUT_CLIPS = 12600, 1800
_HIDDEN, _ROUNDS = 64, 8000
_THRESHOLDS = (0.5, 0.75, 0.9, 0.95)


def main() -> None:
    """Convert, make the clips, fit, write, measure."""
    parser = argparse.ArgumentParser(prog="python -m train.word", description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--clips", type=int, default=_CLIPS, help="fewer for a trial")
    parser.add_argument("--into", type=Path, default=_TARGET, help="folder of the two files")
    options = parser.parse_args()

    backbone.convert(_published(), options.into / "speech_embedding.onnx")
    print(f"{options.clips} clips of training voices")
    windows, _ = _windows(
        corpus.examine(_SEED, options.clips, held_out=False, jobs=options.jobs), rounded=True
    )
    print(f"windows of each class: {np.bincount(windows.classes).tolist()}")
    head = fit(windows, 1 + len(TRAINED), hidden=_HIDDEN, rounds=_ROUNDS)
    np.savez(options.into / "word_head.npz", **head)
    count = min(_HELD_OUT_CLIPS, options.clips)
    print(f"{count} clips of voices that were held out")
    held_out, engines = _windows(
        corpus.examine(_HELD_OUT_SEED, count, held_out=True, jobs=options.jobs), rounded=False
    )
    _measure(head, held_out, engines)


def _published() -> Path:
    package = importlib.util.find_spec("pyopen_wakeword")
    if package is None or package.origin is None:
        raise SystemExit("pyopen-wakeword is missing: install train/word/requirements.txt")
    return Path(package.origin).parent / "models" / "embedding_model.tflite"


def _windows(clips: Iterable[corpus.Examined], *, rounded: bool) -> tuple[Windows, list[str]]:
    kept = list(clips)
    embeddings = np.stack([clip.embeddings for clip in kept])
    classes = np.stack([clip.classes for clip in kept])
    if rounded:
        embeddings = _rounded(embeddings)
    clip, start = np.nonzero(classes >= 0)
    return (
        Windows(
            embeddings=embeddings.astype(np.float32),
            clips=clip,
            starts=start,
            classes=classes[clip, start].astype(np.int64),
            steps=STEPS,
        ),
        [clip.engine for clip in kept],
    )


def _rounded(embeddings: Array) -> Array:
    """Cut off outliers and round to 8 bits, which costs nothing and hides the machine's sums."""
    some = np.abs(embeddings[:3000].astype(np.float32)).reshape(-1, embeddings.shape[-1])
    unit = np.quantile(some, 0.9995, axis=0).astype(np.float32) / 127
    return np.clip(np.round(embeddings.astype(np.float32) / unit), -127, 127) * unit


def _measure(head: Weights, windows: Windows, engines: list[str]) -> None:
    """Print recall by word and engine, and other clips taken for a word, at several thresholds."""
    found = 1.0 - softmax(logits(head, windows.take(np.arange(len(windows.classes)))))[:, 0]
    best: dict[tuple[str, str], list[float]] = {}
    for clip, engine in enumerate(engines):
        of_clip = windows.clips == clip
        number = int(windows.classes[of_clip].max(initial=0))
        part = of_clip & (windows.classes == number)
        name = TRAINED[number - 1] if number else "none"
        best.setdefault((name, engine or "sound"), []).append(float(found[part].max(initial=0.0)))
    print("word, engine, clips, share found at", *_THRESHOLDS)
    for (name, engine), highest in sorted(best.items()):
        shares = [f"{np.mean(np.array(highest) >= t):.3f}" for t in _THRESHOLDS]
        print(f"{name}, {engine}, {len(highest)},", *shares)


if __name__ == "__main__":
    main()
