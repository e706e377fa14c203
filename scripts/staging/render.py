"""Renders a staged scene to an MP4 file such as a camera sends: H.264 and AAC."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from staging.camera import Camera
from staging.effects import freezes
from staging.figure import Image, draw_person, draw_shadow
from staging.room import FENCE_DEPTH
from staging.scenes import SCENES, Scene
from staging.skeleton import skeleton
from staging.sound import Cue, soundtrack

FRAME_RATE = 15
SAMPLE_RATE = 16_000
NOISE_LEVEL = 2.2
NOISE_PICTURES = 8
PRE_ROLL_S = 8.0
MAX_PRE_ROLL_S = 3600.0
MIN_PIXELS, MAX_PIXELS = 64, 4096
KEPT_BYTES = 256 * 2**20
_AAC_FRAME = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """How a scene is filmed.

    Attributes:
        scene: its name in the table.
        seed: of sensor noise and sound; the same seed gives the same film.
        width: pixels, made even.
        height: pixels, made even.
        pre_roll_s: seconds of ordinary life before the event.
    """

    scene: str
    seed: int = 1
    width: int = 640
    height: int = 480
    pre_roll_s: float = PRE_ROLL_S

    def __post_init__(self) -> None:
        sizes = {"width": self.width, "height": self.height}
        for field, pixels in sizes.items():
            if not MIN_PIXELS <= pixels <= MAX_PIXELS:
                raise ValueError(f"{field} {pixels}: give {MIN_PIXELS} to {MAX_PIXELS} pixels")
        if not 0 <= self.pre_roll_s <= MAX_PRE_ROLL_S:
            raise ValueError(f"pre-roll {self.pre_roll_s}: give 0 to {MAX_PRE_ROLL_S:.0f} seconds")
        if self.seed < 0:
            raise ValueError(f"seed {self.seed}: give 0 or more")

    @property
    def staged(self) -> Scene:
        """The scene itself; KeyError where there is none of this name."""
        return SCENES[self.scene]

    @property
    def duration_s(self) -> float:
        """Seconds of the film."""
        return self.pre_roll_s + self.staged.tail_s


def pictures(take: Take, step: int = 1) -> Iterator[Image]:
    """Give every `step`-th picture of the film, RGB of shape (height, width, 3), before coding."""
    scene = take.staged
    camera = Camera(width=take.width // 2 * 2, height=take.height // 2 * 2)
    background = scene.place(camera)
    random = np.random.default_rng(take.seed)
    shape = (NOISE_PICTURES, camera.height, camera.width)
    # Of brightness, as after a camera's own noise reduction: the same in the three colours.
    grey = np.rint(random.normal(0, NOISE_LEVEL, shape)).astype(np.int16)
    noise = [np.repeat(one[..., None], 3, axis=2) for one in grey]
    still: Image | None = None
    drawn: dict[int, Image] = {}
    # What repeats for minutes is drawn once; only the noise on it is always new.
    loop = round(scene.loop_s * FRAME_RATE)
    for index in range(0, round(take.duration_s * FRAME_RATE), step):
        time = index / FRAME_RATE - take.pre_roll_s
        if still is not None and time >= 0 and any(freezes(effect) for effect in scene.effects):
            yield still
            continue
        moment = index % loop if loop else index
        picture = drawn.get(moment)
        if picture is None:
            picture = _clean(scene, background, camera, moment / FRAME_RATE - take.pre_roll_s)
            if len(drawn) < loop and loop * picture.nbytes <= KEPT_BYTES:
                drawn[moment] = picture
        grain = noise[int(random.integers(NOISE_PICTURES))]
        still = np.asarray(cv2.add(picture, grain, dtype=cv2.CV_8U), np.uint8)
        yield still


def _clean(scene: Scene, background: Image, camera: Camera, time: float) -> Image:
    """Draw the picture of one moment, without noise."""
    picture = background.copy()
    bodies = [
        (skeleton(actor.motion(time)), actor.looks)
        for actor in scene.actors
        if actor.enters <= time < actor.leaves
    ]
    # Painter's order: who is further away comes first.
    for body, looks in sorted(bodies, key=lambda each: each[0].joints["pelvis"][2]):
        # Whoever hangs on the barrier throws no shadow at its own height.
        if scene.barrier is None or body.support < 0.05:
            draw_shadow(picture, body, camera)
        draw_person(picture, body, camera, looks, scene.light)
        if scene.barrier is not None and -body.joints["pelvis"][2] > FENCE_DEPTH:
            hidden = scene.barrier(camera)
            picture[hidden] = background[hidden]
    for effect in scene.effects:
        effect(time, picture, camera)
    return picture


def sound(take: Take) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Give the film's sound: shape (n,), float32 mono at 16 kHz in -1..1."""
    cues = [
        Cue(cue.kind, cue.start_s + take.pre_roll_s, cue.gain_db, cue.text, cue.language)
        for cue in take.staged.cues
        if cue.start_s + take.pre_roll_s >= 0
    ]
    return soundtrack(cues, take.duration_s, take.seed, SAMPLE_RATE)


def describe(take: Take) -> dict[str, object]:
    """Give what a test or the demo must know of the film."""
    scene = take.staged
    spans = scene.visible(-take.pre_roll_s)
    return {
        "scene": take.scene,
        "about": scene.about,
        "class": scene.anomaly,
        "label": scene.label,
        "onset_s": take.pre_roll_s,
        "duration_s": take.duration_s,
        "fps": FRAME_RATE,
        "seed": take.seed,
        "person_visible": [[a + take.pre_roll_s, b + take.pre_roll_s] for a, b in spans],
    }


def render(take: Take, file: Path) -> None:
    """Write the film and, beside it, its description (`<file>.json`).

    Both appear whole or not at all.

    Raises:
        RuntimeError: the speech synthesiser is missing or fails.
        OSError: the files cannot be written.
    """
    if not file.parent.is_dir():
        raise FileNotFoundError(f"{file.parent} is no folder: create it, or give another file")
    samples = sound(take)
    draft = file.with_name(f".{file.name}.part")
    notes = file.with_name(f"{file.name}.json")
    draft_notes = notes.with_name(f".{notes.name}.part")
    try:
        with av.open(draft, "w", format="mp4", options={"movflags": "+faststart"}) as output:
            _write(take, samples, output)
        draft_notes.write_text(json.dumps(describe(take), indent=2) + "\n", encoding="utf-8")
        os.replace(draft, file)  # noqa: PTH105 - beside the other, as one step
        os.replace(draft_notes, notes)  # noqa: PTH105
    finally:
        draft.unlink(missing_ok=True)
        draft_notes.unlink(missing_ok=True)


def _write(
    take: Take, samples: np.ndarray[tuple[int, ...], np.dtype[np.float32]], output: OutputContainer
) -> None:
    # One slice a picture and no B-frames: what simple cameras send, and exact in time.
    options = {"preset": "superfast", "tune": "zerolatency", "crf": "26", "slices": "1"}
    video: VideoStream = output.add_stream("libx264", rate=FRAME_RATE, options=options)
    video.width, video.height = take.width // 2 * 2, take.height // 2 * 2
    video.pix_fmt = "yuv420p"
    video.codec_context.gop_size = FRAME_RATE
    video.codec_context.thread_count = 1
    audio: AudioStream = output.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
    audio.bit_rate = 64_000
    heard = 0
    for index, picture in enumerate(pictures(take)):
        # OpenCV's conversion takes a tenth of the time of the one in PyAV.
        planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420), np.uint8)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = index
        output.mux(video.encode(frame))
        # The sound of the same time beside the picture, so that the file plays from its start.
        while heard < len(samples) and heard / SAMPLE_RATE <= (index + 1) / FRAME_RATE:
            output.mux(audio.encode(_piece(samples, heard)))
            heard += _AAC_FRAME
    output.mux(video.encode(None))
    output.mux(audio.encode(None))


def _piece(samples: np.ndarray[tuple[int, ...], np.dtype[np.float32]], start: int) -> av.AudioFrame:
    piece = samples[start : start + _AAC_FRAME]
    frame = av.AudioFrame.from_ndarray(piece[None, :], format="fltp", layout="mono")
    frame.sample_rate, frame.pts = SAMPLE_RATE, start
    return frame
