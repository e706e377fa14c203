"""Frigate's own motion detector, from a checkout that the user names.

Nothing of Frigate is part of this project. Its `improved_motion.py` is run as it stands; what it
imports beside NumPy, OpenCV and SciPy (the settings of a whole node, cameras that turn) is stood in
for here by the little that it uses, with the defaults read from Frigate's own settings file.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Protocol

import numpy as np

from omnicam.media import Pixels

_DETECTOR = Path("frigate/motion/improved_motion.py")
_SETTINGS = Path("frigate/config/camera/motion.py")

type Box = tuple[int, int, int, int]


class FrigateError(RuntimeError):
    """The checkout cannot be used; the message says what is missing."""


class Detector(Protocol):
    """What is used of `ImprovedMotionDetector`."""

    def detect(self, frame: Pixels) -> list[Box]:
        """Take the next picture, brightness first, and give the boxes of what moves."""

    def is_calibrating(self) -> bool:
        """Whether it learns the view; Frigate looks at no boxes meanwhile."""


class Frigate:
    """Makes detectors of a checkout.

    Raises:
        FrigateError: it is no checkout of Frigate that is understood, or SciPy is missing.
    """

    def __init__(self, checkout: Path) -> None:
        for file in (_DETECTOR, _SETTINGS):
            if not (checkout / file).is_file():
                msg = f"{checkout} is no checkout of Frigate: {file} is missing"
                raise FrigateError(msg)
        self.defaults = defaults((checkout / _SETTINGS).read_text(encoding="utf-8"))
        with _stand_ins():
            spec = importlib.util.spec_from_file_location("improved_motion", checkout / _DETECTOR)
            if spec is None or spec.loader is None:
                msg = f"{checkout / _DETECTOR} cannot be loaded"
                raise FrigateError(msg)
            module = importlib.util.module_from_spec(spec)
            try:
                spec.loader.exec_module(module)
            except ImportError as error:
                msg = f"Frigate's motion detector needs what is not here: {error}"
                raise FrigateError(msg) from error
        self._make: Any = module.ImprovedMotionDetector

    def detector(self, height: int, width: int, rate: float) -> Detector:
        """Make a detector for pictures of a size, nothing masked, all settings at their default."""
        config = SimpleNamespace(
            **self.defaults, rasterized_mask=np.full((height, width), 255, np.uint8)
        )
        detector: Detector = self._make((height, width), config, round(rate))
        return detector


def defaults(settings: str) -> Mapping[str, object]:
    """Read the defaults out of the source of Frigate's `MotionConfig`, without running it.

    Raises:
        FrigateError: the class is not there.
    """
    for node in ast.parse(settings).body:
        if isinstance(node, ast.ClassDef) and node.name == "MotionConfig":
            return dict(_constants(node))
    raise FrigateError("there is no class MotionConfig in Frigate's settings of motion")


def _constants(node: ast.ClassDef) -> Iterator[tuple[str, object]]:
    for field in node.body:
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            for word in field.value.keywords if isinstance(field.value, ast.Call) else ():
                if word.arg == "default" and isinstance(word.value, ast.Constant):
                    yield field.target.id, word.value.value


@contextmanager
def _stand_ins() -> Iterator[None]:
    """Let the detector's imports succeed while it is loaded, and only then."""
    contents: dict[str, dict[str, object]] = {
        "frigate": {},
        "frigate.camera": {"PTZMetrics": object},
        "frigate.config": {},
        "frigate.config.config": {"RuntimeMotionConfig": object},
        "frigate.motion": {"MotionDetector": object},
        "frigate.util": {},
        # OpenCV gives (contours, hierarchy); version 3 gave the picture before them.
        "frigate.util.image": {"grab_cv2_contours": lambda found: found[-2]},
    }
    for name, content in contents.items():
        module = ModuleType(name)
        vars(module).update(content)
        sys.modules[name] = module
    try:
        yield
    finally:
        for name in contents:
            del sys.modules[name]
