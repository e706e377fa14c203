"""BlazePose through MediaPipe's `PoseLandmarker`: bodies with 33 landmarks from one picture.

It runs in VIDEO mode, with one landmarker for each camera. The detector behind it was made for
people upright and loses those who lie down; in VIDEO mode it goes on from where the body was before
and keeps most of them (lying, 48 of 48 frames instead of 17 in one measured fall). That costs 64
MB, which a camera takes only while it has somebody: an empty room is looked at by a landmarker
without memory, which all cameras of the process share. When somebody is lost all the same, the
picture is turned by a quarter, so that who lies stands, and looked at once more by that shared one
(34 of 35 frames of another fall, of which VIDEO mode kept none). MediaPipe infers on threads of its
own, but one at a time: the processor time of a call is its duration.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import (
    PoseLandmarker,
    PoseLandmarkerOptions,
    PoseLandmarkerResult,
    RunningMode,
)

from omnicam.detect.body import at_side, region
from omnicam.detect.protocol import Pose
from omnicam.media import Pixels

FRAME_MS = 167
"""Time that the landmarker is told passes between pictures; it only has to grow."""

EMPTY_LOOKS = 60
"""Looks without anybody after which a camera's landmarker is given up: ten seconds of movement by
whatever else moves, or half an hour of stillness."""

TURNED_LOOKS = 18
"""Turned looks in a row after somebody was lost, three seconds: an empty room costs nothing."""


@cache
def _still_landmarker(model_path: Path) -> PoseLandmarker:
    """Make the stateless landmarker for turned pictures and empty rooms, one for the process."""
    return _landmarker(model_path, RunningMode.IMAGE, 1)


def _landmarker(model_path: Path, mode: RunningMode, max_people: int) -> PoseLandmarker:
    options = PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model_path)),
        running_mode=mode,
        num_poses=max_people,
    )
    try:
        return PoseLandmarker.create_from_options(options)
    except RuntimeError as error:
        raise ValueError(
            f"pose_model: {model_path} is not a pose landmarker bundle ({error}); "
            f"run the set-up again"
        ) from error


class LocalPoseEstimator:
    """The model in this process, for the pictures of one camera in their order.

    Args:
        model_path: a `.task` bundle of a pose detector and a landmark model.
        max_people: at most so many bodies a picture.

    Raises:
        FileNotFoundError: there is no file at `model_path`.
        ValueError: the file is no pose bundle.
    """

    def __init__(self, model_path: Path, max_people: int = 4) -> None:
        if not model_path.is_file():
            raise FileNotFoundError(
                f"pose_model: there is no file {model_path}; run the set-up again, or set "
                f"pose_model to a MediaPipe pose landmarker bundle (.task)"
            )
        cv2.setNumThreads(1)  # several cameras share few cores; threads of one would starve others
        self._model_path, self._max_people = model_path, max_people
        self._landmarker: PoseLandmarker | None = None
        self._still = _still_landmarker(model_path)
        self._empty_looks = 0
        self._looks_left = 0
        self._quarters = 1
        self._clock_ms = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def estimate(self, image: Pixels) -> tuple[Pose, ...]:
        """Find the bodies in an RGB image of shape (height, width, 3), uint8."""
        self._clock_ms += FRAME_MS
        picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(image))
        poses = self._upright(picture)
        if not poses and self._looks_left > 0:
            poses = self._turned(image)
        self._empty_looks = 0 if poses else self._empty_looks + 1
        if self._empty_looks >= EMPTY_LOOKS:
            self.close()
        if poses:
            # Who walked out at a side is not lying on the floor.
            stays = any(not at_side(region(pose)) for pose in poses)
            self._looks_left = TURNED_LOOKS if stays else 0
        return poses

    def _upright(self, picture: mp.Image) -> tuple[Pose, ...]:
        """Look at the picture as it is; the camera's own landmarker is made for the first body.

        Where there was nobody before, both find the same.
        """
        if self._landmarker is None:
            if not self._still.detect(picture).pose_landmarks:
                return ()
            self._landmarker = _landmarker(self._model_path, RunningMode.VIDEO, self._max_people)
        return _poses(self._landmarker.detect_for_video(picture, self._clock_ms))

    def _turned(self, image: Pixels) -> tuple[Pose, ...]:
        """Look at the picture turned by a quarter, the other way round after each failure."""
        self._looks_left -= 1
        turned = mp.Image(
            image_format=mp.ImageFormat.SRGB,
            data=np.ascontiguousarray(np.rot90(image, self._quarters)),
        )
        poses = _poses(self._still.detect(turned))
        if not poses:
            self._quarters = -self._quarters
        height, width = image.shape[:2]
        return tuple(turn_back(pose, self._quarters, height / width) for pose in poses)

    def close(self) -> None:
        """Let the model go; a second call does nothing."""
        if self._landmarker is not None:
            self._landmarker.close()
            self._landmarker = None


def turn_back(pose: Pose, quarters: int, height_by_width: float) -> Pose:
    """Give a pose found in `np.rot90(image, quarters)` in the coordinates of `image`.

    Args:
        pose: in fractions of the turned picture.
        quarters: 1 for a quarter counter-clockwise, -1 for clockwise.
        height_by_width: of the picture as it was; z is in the scale of x.
    """
    x, y, z = pose.landmarks.T
    column, row = (1 - y, x) if quarters == 1 else (y, 1 - x)
    across, down, depth = pose.world.T
    return Pose(
        landmarks=np.column_stack((column, row, z * height_by_width)).astype(np.float32),
        world=np.column_stack((-quarters * down, quarters * across, depth)).astype(np.float32),
        visibility=pose.visibility,
    )


def _poses(result: PoseLandmarkerResult) -> tuple[Pose, ...]:
    return tuple(
        Pose(
            landmarks=np.array([(p.x, p.y, p.z) for p in picture], np.float32),
            world=np.array([(p.x, p.y, p.z) for p in world], np.float32),
            visibility=np.array([p.visibility for p in picture], np.float32),
        )
        for picture, world in zip(result.pose_landmarks, result.pose_world_landmarks, strict=True)
    )
