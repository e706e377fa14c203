"""The films that are played: an empty room, somebody who walks to and fro in it, and the views.

All have sensor noise in every picture and a quiet room's sound. Two have sound alone: silence, and
somebody (espeak-ng) who talks without end, the dearest for the word spotter. They are staged, so
that the benchmark needs no recording; real ones can be played with `--person FILE` and the like.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from omnicam.media import Samples
from speed.views import VIEWS, still
from staging.camera import Camera
from staging.figure import Image, draw_person, draw_shadow
from staging.scenes import SCENES
from staging.skeleton import skeleton
from staging.voices import speech

WIDTH, HEIGHT = 640, 480
_STAGING = Path(__file__).resolve().parents[2] / "scripts" / "staging"
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "bench"

_RATE = 16_000
_AAC_FRAME = 1024
_NOISE_LEVEL = 2.2  # grey levels, standard deviation: an indoor camera by day
_NOISE_PICTURES = 8
_HISS = 0.002  # -54 dB relative to full scale
_VOICE = 0.2  # peak of somebody who talks in the room
_SENTENCES = (
    "The weather will stay fine until the weekend, and then it is going to rain.",
    "Have you seen my glasses? I thought that I had put them on the kitchen table.",
    "She called yesterday and said that the children are coming on Sunday.",
    "Please remind me to water the plants before we leave for the station.",
)
_SCENES = {"person": "walking"}
_SOURCES = (Path(__file__), Path(__file__).with_name("views.py"), *sorted(_STAGING.glob("*.py")))


def film(kind: str, seconds: float, fps: int) -> Path:
    """Give the film of a kind, made once and kept.

    A kind is "person", "empty", "silence", "speech" or one of `VIEWS`.

    Raises:
        RuntimeError: espeak-ng, which speaks, is missing or fails.
    """
    digest = hashlib.sha256()
    for source in _SOURCES:
        digest.update(source.read_bytes())
    code = digest.hexdigest()[:8]
    file = CACHE / f"{kind.replace(' ', '_')}-{fps}fps-{seconds:.0f}s-{code}.mp4"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".part")
        with av.open(str(draft), "w", format="mp4", options={"movflags": "+faststart"}) as output:
            if kind in _HEARD:
                _Sound(output, _HEARD[kind](seconds)).end()
            else:
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
    sound = _Sound(output, hiss(seconds))
    for index, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = index
        output.mux(video.encode(frame))
        sound.write_until((index + 1) / fps)
    output.mux(video.encode(None))
    sound.end()


class _Sound:
    """The sound of a film, written beside its pictures."""

    def __init__(self, output: OutputContainer, samples: Samples) -> None:
        self._output, self._samples, self._written = output, samples, 0
        self._stream: AudioStream = output.add_stream("aac", rate=_RATE, layout="mono")
        self._stream.bit_rate = 64_000

    def write_until(self, seconds: float) -> None:
        """Write whole pieces up to a time of the film."""
        while self._written / _RATE <= seconds and self._written < len(self._samples):
            piece = self._samples[self._written : self._written + _AAC_FRAME]
            frame = av.AudioFrame.from_ndarray(piece[None], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = _RATE, self._written
            self._output.mux(self._stream.encode(frame))
            self._written += len(piece)

    def end(self) -> None:
        """Write what is left."""
        self.write_until(len(self._samples) / _RATE)
        self._output.mux(self._stream.encode(None))


def hiss(seconds: float) -> Samples:
    """Give the sound of a quiet room."""
    noise = np.random.default_rng(2).normal(0, _HISS, round(seconds * _RATE))
    return noise.astype(np.float32)


def talk(seconds: float) -> Samples:
    """Give somebody's sentences, one after the other, in the same room.

    Raises:
        RuntimeError: espeak-ng is missing or fails.
    """
    said = [speech(sentence, "en", _RATE) for sentence in _SENTENCES]
    once = np.concatenate([np.concatenate((one, np.zeros(_RATE // 4))) for one in said])
    voice = np.tile(once / np.abs(once).max(), int(seconds * _RATE / len(once)) + 1)
    return hiss(seconds) + (_VOICE * voice[: round(seconds * _RATE)]).astype(np.float32)


_HEARD: Mapping[str, Callable[[float], Samples]] = {"silence": hiss, "speech": talk}
"""The films without pictures."""
