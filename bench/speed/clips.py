"""The films that are played: an empty room, somebody who walks to and fro in it, and the views.

All have sensor noise in every picture and a quiet room's sound. They are staged, so that the
benchmark needs no recording; real pictures can be played with `--person FILE` and `--empty FILE`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from speed.views import VIEWS, still
from staging.camera import Camera
from staging.figure import Image, draw_person, draw_shadow
from staging.scenes import SCENES
from staging.skeleton import skeleton

WIDTH, HEIGHT = 640, 480
_STAGING = Path(__file__).resolve().parents[2] / "scripts" / "staging"
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "bench"

_RATE = 16_000
_AAC_FRAME = 1024
_NOISE_LEVEL = 2.2  # grey levels, standard deviation: an indoor camera by day
_NOISE_PICTURES = 8
_HISS = 0.002  # -54 dB relative to full scale
_SCENES = {"person": "walking"}
_SOURCES = (Path(__file__), Path(__file__).with_name("views.py"), *sorted(_STAGING.glob("*.py")))


def film(kind: str, seconds: float, fps: int) -> Path:
    """Give the film of a kind ("person", "empty" or one of `VIEWS`), made once and kept."""
    digest = hashlib.sha256()
    for source in _SOURCES:
        digest.update(source.read_bytes())
    code = digest.hexdigest()[:8]
    file = CACHE / f"{kind.replace(' ', '_')}-{fps}fps-{seconds:.0f}s-{code}.mp4"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".part")
        with av.open(str(draft), "w", format="mp4", options={"movflags": "+faststart"}) as output:
            _write(_pictures(kind, seconds, fps), seconds, fps, output)
        draft.replace(file)
    return file


def _pictures(kind: str, seconds: float, fps: int) -> Iterator[Image]:
    """Draw a scene at any rate: `staging` itself films at one rate only."""
    scene, camera = SCENES[_SCENES.get(kind, "empty_room")], Camera(width=WIDTH, height=HEIGHT)
    stir = VIEWS.get(kind, still)
    background = scene.place(camera)
    random = np.random.default_rng(1)
    shape = (_NOISE_PICTURES, HEIGHT, WIDTH, 1)
    noise = np.rint(random.normal(0, _NOISE_LEVEL, shape)).astype(np.int16)
    for index in range(round(seconds * fps)):
        picture = background.copy()
        for actor in scene.actors:
            body = skeleton(actor.motion(index / fps))
            draw_shadow(picture, body, camera)
            draw_person(picture, body, camera, actor.looks, scene.light)
        stir(index / fps, picture, random)
        shift = tuple(int(random.integers(size)) for size in (HEIGHT, WIDTH))
        grain = np.roll(noise[int(random.integers(_NOISE_PICTURES))], shift, axis=(0, 1))
        yield np.clip(picture.astype(np.int16) + grain, 0, 255).astype(np.uint8)


def _write(pictures: Iterator[Image], seconds: float, fps: int, output: OutputContainer) -> None:
    # What simple cameras send: one slice a picture, no B-frames, a key frame every two seconds.
    options = {"preset": "veryfast", "tune": "zerolatency", "crf": "25", "slices": "1"}
    video: VideoStream = output.add_stream("libx264", rate=fps, options=options)
    video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    video.codec_context.gop_size = 2 * fps
    video.codec_context.thread_count = 1
    audio: AudioStream = output.add_stream("aac", rate=_RATE, layout="mono")
    audio.bit_rate = 64_000
    random = np.random.default_rng(2)
    heard = 0
    for index, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = index
        output.mux(video.encode(frame))
        while heard / _RATE <= min((index + 1) / fps, seconds):
            samples = random.normal(0, _HISS, _AAC_FRAME).astype(np.float32)
            sound = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
            sound.sample_rate, sound.pts = _RATE, heard
            output.mux(audio.encode(sound))
            heard += _AAC_FRAME
    output.mux(video.encode(None))
    output.mux(audio.encode(None))
