"""Where the pose model lies: as configured, or where the set-up or the image put it."""

from __future__ import annotations

import os
from pathlib import Path

MODEL_NAME = "pose_landmarker_lite.task"
ENVIRONMENT = "OMNICAM_MODELS"
"""Folder of the models, set in the container's image."""

_CHECKOUT = Path(__file__).resolve().parents[4] / ".cache" / "models"
"""Where scripts/setup puts the models of a checkout."""


class ModelMissingError(FileNotFoundError):
    """There is no pose model; the message says how to get it."""


def find_model(configured: Path | None) -> Path:
    """Give the path of the pose model.

    Raises:
        ModelMissingError: it is not where it should be.
    """
    folder = os.environ.get(ENVIRONMENT)
    place = configured or (Path(folder) if folder else _CHECKOUT) / MODEL_NAME
    if not place.is_file():
        raise ModelMissingError(
            f"pose_model: there is no file {place}; run scripts/setup/run.sh pose-model, or set "
            f"pose_model to a MediaPipe pose landmarker bundle (.task)"
        )
    return place
