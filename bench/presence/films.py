"""Staged films of people who cross, hide, meet and stay, drawn in a bare yard with known places.

Everything lies on the ground in metres, so that the moment at which somebody crosses a line is
known and not marked. The figures and the infrared are those of `staging`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from omnicam.config.model import Point
from presence.watch import Question
from staging.camera import Camera
from staging.effects import infrared
from staging.figure import Image, Looks, draw_person, draw_shadow
from staging.motion import Motion
from staging.skeleton import skeleton

CAMERA = Camera(width=640, height=480)
FPS = 12
_CACHE = Path(__file__).resolve().parents[2] / ".cache" / "bench"
_STAGING = Path(__file__).resolve().parents[2] / "scripts" / "staging"
_SOURCES = (Path(__file__), *sorted(_STAGING.glob("*.py")))
_NOISE_BY_DAY, _NOISE_INFRARED = 2.2, 5.0  # grey levels, standard deviation
_LIGHT_INFRARED = 0.72  # of people, before the infrared dims everything
_DIMMED, _LIFTED = 0.5, 18.0  # of the infrared picture: half the contrast, no black


@dataclass(frozen=True, slots=True, kw_only=True)
class Walker:
    """Somebody, and from when to when they are there (seconds of the film)."""

    motion: Motion
    looks: Looks
    enters: float = 0.0
    leaves: float = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pillar:
    """Hides what is behind: its middle, half its width and its depth, in metres."""

    x: float
    half: float
    depth: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Same:
    """Somebody (by number) is to be the same in a span of time as in one before; seconds."""

    walker: int
    before: tuple[float, float]
    after: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """One staged film.

    Attributes:
        name: also of its file.
        seconds: how long it lasts.
        walkers: people.
        questions: what it is asked.
        dark: whether it is seen in infrared by night.
        pillars: what hides people.
        same: who is to stay who they are.
        fps: pictures a second.
    """

    name: str
    seconds: float
    walkers: tuple[Walker, ...]
    questions: tuple[Question, ...] = ()
    dark: bool = False
    pillars: tuple[Pillar, ...] = ()
    same: tuple[Same, ...] = ()
    fps: int = FPS


def ground(x: float, depth: float, height: float = 0.0) -> Point:
    """Give where a place in metres is in the picture, in fractions, inside the picture."""
    pixels, _ = CAMERA.project(np.array([[x, height, -depth]]))
    across, down = pixels[0] / (CAMERA.width, CAMERA.height)
    return float(np.clip(across, 0.0, 1.0)), float(np.clip(down, 0.0, 1.0))


def hips(walker: Walker, time: float) -> Point:
    """Give where somebody's hips are in the picture at a time."""
    body = skeleton(walker.motion(time))
    pixels, _ = CAMERA.project(body.joints["pelvis"][None])
    across, down = pixels[0] / (CAMERA.width, CAMERA.height)
    return float(across), float(down)


def written(film: Film) -> Path:
    """Give the film as a file, made once and kept."""
    digest = hashlib.sha256()
    for source in (*_SOURCES, Path(__file__).with_name("staged.py")):
        digest.update(source.read_bytes())
    name = film.name.replace(" ", "_").replace(",", "")
    file = _CACHE / f"presence-{name}-{digest.hexdigest()[:8]}.mp4"
    if file.exists():
        return file
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".part")
    with av.open(str(draft), "w", format="mp4", options={"movflags": "+faststart"}) as output:
        options = {"preset": "superfast", "tune": "zerolatency", "crf": "25", "slices": "1"}
        video: VideoStream = output.add_stream("libx264", rate=film.fps, options=options)
        video.width, video.height, video.pix_fmt = CAMERA.width, CAMERA.height, "yuv420p"
        video.codec_context.gop_size = 2 * film.fps
        video.codec_context.thread_count = 1
        for index, picture in enumerate(pictures(film)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = index
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    draft.replace(file)
    return file


def pictures(film: Film) -> Iterator[Image]:
    """Draw the film: RGB of shape (480, 640, 3)."""
    random = np.random.default_rng(3)
    noise = _NOISE_INFRARED if film.dark else _NOISE_BY_DAY
    grain = np.rint(random.normal(0, noise, (8, CAMERA.height, CAMERA.width, 1))).astype(np.int16)
    for index in range(round(film.seconds * film.fps)):
        picture = _drawn(film, index / film.fps)
        if film.dark:
            infrared()(index / film.fps, picture, CAMERA)
            picture[:] = (picture * _DIMMED + _LIFTED).astype(np.uint8)
        shift = tuple(int(random.integers(size)) for size in picture.shape[:2])
        moved = np.roll(grain[int(random.integers(8))], shift, axis=(0, 1))
        yield np.clip(picture.astype(np.int16) + moved, 0, 255).astype(np.uint8)


def _drawn(film: Film, time: float) -> Image:
    background = yard(film.pillars)
    picture = background.copy()
    here = [each for each in film.walkers if each.enters <= time < each.leaves]
    bodies = [(skeleton(each.motion(time)), each.looks) for each in here]
    light = _LIGHT_INFRARED if film.dark else 1.0
    for body, looks in sorted(bodies, key=lambda each: each[0].joints["pelvis"][2]):
        draw_shadow(picture, body, CAMERA)
        draw_person(picture, body, CAMERA, looks, light)
        for pillar in film.pillars:
            if -body.joints["pelvis"][2] > pillar.depth:
                left, top, right, bottom = _place(pillar)
                picture[top:bottom, left:right] = background[top:bottom, left:right]
    return picture


@cache
def yard(pillars: Sequence[Pillar] = ()) -> Image:
    """Draw the yard: a wall far off, ground with some texture, and the pillars."""
    height, width = CAMERA.height, CAMERA.width
    horizon = int(ground(0.0, 16.0)[1] * height)
    picture = np.empty((height, width, 3), np.float32)
    picture[:horizon] = (150, 150, 146)
    picture[horizon:] = (112, 112, 104)
    rough = np.random.default_rng(5).normal(0, 9, (height // 4, width // 4, 1)).astype(np.float32)
    picture += cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
    for pillar in pillars:
        left, top, right, bottom = _place(pillar)
        picture[top:bottom, left:right] *= 0.8
    return np.clip(picture, 0, 255).astype(np.uint8)


def _place(pillar: Pillar) -> tuple[int, int, int, int]:
    """Give left, top, right and bottom of a pillar of 2.6 m in pixels."""
    left, bottom = ground(pillar.x - pillar.half, pillar.depth)
    right, top = ground(pillar.x + pillar.half, pillar.depth, 2.6)
    width, height = CAMERA.width, CAMERA.height
    return int(left * width), int(top * height), int(right * width), int(bottom * height)
