"""The small network that listens: what a second of sound is, in log-odds.

Made by `train/sound` from synthesised sounds and freely licensed recordings; its card stands there.
What it says about a label is a raw opinion: `cues` weighs it together with the measured numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime

from omnicam.detect.sound.mel import log_mel
from omnicam.media import Samples

SHIPPED = Path(__file__).with_name("sounds.onnx")
"""The network that the edge package brings."""


class SoundNetwork:
    """The network, loaded; it remembers nothing from one window to the next."""

    def __init__(self, file: Path = SHIPPED) -> None:
        """Load the network that ships, or for measuring another one of the same kind."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a camera has its share of a core, not all of them
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            file, options, providers=["CPUExecutionProvider"]
        )
        self._labels: list[str] = json.loads(
            self._session.get_modelmeta().custom_metadata_map["labels"]
        )

    def listen(self, samples: Samples) -> Mapping[str, float]:
        """Give the log-odds of every label the network knows, such as `scream` or `glass`.

        Args:
            samples: shape (n,), 16 kHz mono in -1..1; the last second counts, and what a shorter
                one lacks is silence before it.
        """
        (said,) = self._session.run(None, {"pictures": log_mel(samples)[np.newaxis]})
        return {label: float(value) for label, value in zip(self._labels, said[0], strict=True)}
