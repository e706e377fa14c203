"""YAMNet, where the household has downloaded it: a second opinion on screams, glass and coughs.

YAMNet (Plakal and Ellis, 2019; weights under Apache-2.0) tells 521 classes of AudioSet apart in
0.975 s of sound. The project neither ships it nor needs it: the configuration names its file
(`sound: {yamnet: FILE}`), and the extra `yamnet` brings the runtime, LiteRT. The classes of one
matter are put together as if they were independent, and a line in log-odds turns the score into a
weight of evidence. The lines were fitted on recordings (Platt, both sides weighing the same,
cross-validated by person or source; `bench/sounds` measures what comes of it) save that of the
smoke alarm, of which no recording was at hand: its line is that of the weakest other one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from omnicam.detect.protocol import Need, Observation, ScorerContext
from omnicam.detect.sound.cues import audible
from omnicam.evidence import Evidence
from omnicam.media import Samples
from omnicam.taxonomy import AnomalyClass, SoundLabel

NAME = "yamnet"
WINDOW = 15_600
"""Samples at 16 kHz that the model looks at: 0.975 s."""

HOP_S = 0.5
"""Stream time between two looks, about that of the model's authors (0.48 s)."""

SPAN_S = 1.0
LEAST, MOST = -2.0, 5.5
"""Bounds of one look's weight: some 700 recordings can show no more than one error in 250."""

CLASSES = 521

_LEAST_SCORE = 1e-6

type Scores = npt.NDArray[np.float32]


class YamnetError(ValueError):
    """YAMNet cannot be used; the message names the file or the package, and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How one kind of sound is read from AudioSet's classes.

    Attributes:
        classes: AudioSet's names by their index among the model's outputs.
        offset, slope: weight of evidence = offset + slope * log-odds of the score.
        why: the reason in plain words.
    """

    classes: Mapping[int, str]
    offset: float
    slope: float
    why: str

    def score(self, scores: Scores) -> float:
        """Give the probability in 0..1 that any of the classes is heard, taken as independent."""
        return 1.0 - math.prod(1.0 - float(scores[index]) for index in self.classes)

    def log_odds(self, score: float) -> float:
        """Give the weight of evidence of a score in 0..1, within LEAST..MOST."""
        sure = min(max(score, _LEAST_SCORE), 1.0 - _LEAST_SCORE)
        weight = self.offset + self.slope * math.log(sure / (1.0 - sure))
        return min(max(weight, LEAST), MOST)


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "scream": Kind(
            classes={6: "Shout", 9: "Yell", 11: "Screaming"},
            offset=3.7,
            slope=0.74,
            why="sounds like a scream",
        ),
        "glass_breaking": Kind(
            classes={435: "Glass", 437: "Shatter"},
            offset=2.8,
            slope=0.68,
            why="sounds like breaking glass",
        ),
        "cough": Kind(
            classes={42: "Cough"},
            offset=1.5,
            slope=0.79,
            why="sounds like a cough",
        ),
        "crying": Kind(
            classes={19: "Crying, sobbing", 20: "Baby cry, infant cry"},
            offset=2.1,
            slope=0.57,
            why="sounds like crying",
        ),
        "smoke_alarm": Kind(
            classes={393: "Smoke detector, smoke alarm", 394: "Fire alarm"},
            offset=1.5,
            slope=0.57,
            why="sounds like a smoke alarm",
        ),
    }
)
"""By label; a label that the taxonomy does not have is not spoken of."""

_SPOKEN = {SoundLabel(label): kind for label, kind in KINDS.items() if label in SoundLabel}


class Yamnet:
    """The model, loaded.

    Raises:
        YamnetError: the runtime is not installed, or the file is missing or another model's.
    """

    def __init__(self, file: Path) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter  # an extra: most do without
        except ImportError:
            raise YamnetError(
                "the runtime is not installed; install the package with its extra, "
                "omnicam[yamnet], or take the setting out"
            ) from None
        if not file.is_file():
            raise YamnetError(
                f"there is no file {file}; download YAMNet as TensorFlow Lite (Kaggle Models, "
                f"google/yamnet, variation tfLite), or take the setting out"
            )
        try:
            # One thread: a camera's process has one core's work to do, and threads spin.
            self._interpreter: Any = Interpreter(model_path=str(file), num_threads=1)
            self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            raise _wrong(file, str(error).splitlines()[0]) from None
        inputs = self._interpreter.get_input_details()
        outputs = self._interpreter.get_output_details()
        self._shape = tuple(int(size) for size in inputs[0]["shape"])
        self._input, self._output = inputs[0]["index"], outputs[0]["index"]
        if len(inputs) != 1 or math.prod(self._shape) != WINDOW or inputs[0]["dtype"] != np.float32:
            raise _wrong(file, f"it does not take {WINDOW} samples as float32")
        if int(outputs[0]["shape"][-1]) != CLASSES:
            raise _wrong(file, f"its first output is not {CLASSES} scores")

    def scores(self, window: Samples) -> Scores:
        """Give the score in 0..1 of every class, shape (521,).

        Args:
            window: shape (n,), mono 16 kHz in -1..1; the last 15600 samples count, and what a
                shorter one lacks is silence before it.
        """
        window = window[-WINDOW:]
        padded = np.pad(window, (WINDOW - len(window), 0)).astype(np.float32, copy=False)
        self._interpreter.set_tensor(self._input, padded.reshape(self._shape))
        self._interpreter.invoke()
        scores: Scores = self._interpreter.get_tensor(self._output)
        return scores.reshape(-1, CLASSES).mean(axis=0)


def check_yamnet(file: Path) -> None:
    """Make sure that the model can be used.

    Raises:
        YamnetError: it cannot; the message says what to do.
    """
    Yamnet(file)


class YamnetScorer:
    """Evidence of what YAMNet hears on one camera."""

    def __init__(self, context: ScorerContext) -> None:
        """Load the model that the settings name.

        Raises:
            YamnetError: it cannot be used.
        """
        if context.yamnet is None:
            raise YamnetError("sound.yamnet names no file")
        self._camera = context.camera.id
        self._model = Yamnet(context.yamnet)
        self._next = -math.inf

    @property
    def name(self) -> str:
        """The scorer's name as in the taxonomy."""
        return NAME

    @property
    def needs(self) -> frozenset[Need]:
        """Sound alone."""
        return frozenset({Need.SOUND})

    def observe(self, observation: Observation) -> Iterable[Evidence]:
        """Look at the last second twice a second, unless it is as good as silent."""
        sound, time = observation.sound, observation.time
        if sound is None or self._next - HOP_S <= time < self._next or not audible(sound):
            return ()
        self._next = time + HOP_S
        scores = self._model.scores(sound.window)
        return [
            Evidence(
                camera=self._camera,
                anomaly=AnomalyClass.ABNORMAL_SOUND,
                log_odds=kind.log_odds(kind.score(scores)),
                time=time,
                span_s=SPAN_S,
                scorer=NAME,
                why=f"{kind.why} (YAMNet, score {kind.score(scores):.2f})",
                label=label,
            )
            for label, kind in _SPOKEN.items()
        ]


def _wrong(file: Path, why: str) -> YamnetError:
    return YamnetError(
        f"{file} is not YAMNet as TensorFlow Lite ({why}); download it again (Kaggle Models, "
        f"google/yamnet, variation tfLite), or take the setting out"
    )
