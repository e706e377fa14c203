"""Makes the media that the capture tests play: a moving pattern with a tone, by PyAV."""

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from omnicam.config.model import CameraSettings, Pace, Secret

STARTS_AT = 1_700_000_000.0
TONE_HZ = 440.0


@dataclass(frozen=True)
class Scene:
    seconds: float = 6.0
    width: int = 320
    height: int = 240
    rate: int = 25
    video: str | None = "libx264"
    bframes: int = 0
    audio: str | None = "aac"
    audio_rate: int = 48_000

    def write(self, path: Path) -> Path:
        with av.open(path, "w") as output:
            video, audio = self._video(output), self._audio(output)
            sung = 0
            for number in range(round(self.seconds * self.rate)):
                if video is not None:
                    frame = av.VideoFrame.from_ndarray(self.picture(number), format="rgb24")
                    frame.pts, frame.time_base = number, Fraction(1, self.rate)
                    output.mux(video.encode(frame))
                if audio is not None:
                    sung = self._sing(output, audio, sung, (number + 1) / self.rate)
            for stream in (video, audio):
                if stream is not None:
                    output.mux(stream.encode(None))
        return path

    def picture(self, number):
        rows = np.arange(self.height)[:, None]
        columns = np.arange(self.width)[None, :]
        picture = np.empty((self.height, self.width, 3), np.uint8)
        # Modulo 256 before they meet: bytes add up many times faster than whole numbers.
        picture[..., 0] = (columns + 3 * number) % 256
        picture[..., 1] = (2 * rows + number) % 256
        picture[..., 2] = (rows % 256).astype(np.uint8) + (columns % 256).astype(np.uint8)
        return picture

    def _video(self, output):
        if self.video is None:
            return None
        options = {"bf": str(self.bframes), "g": str(self.rate), "sc_threshold": "0"}
        options |= {"preset": "ultrafast", "refs": "2"} if self.video == "libx264" else {}
        stream = output.add_stream(
            self.video, rate=self.rate, options=options if self.video == "libx264" else {}
        )
        stream.width, stream.height = self.width, self.height
        odd = self.width % 2 or self.height % 2
        pictures = {"mjpeg": "yuvj420p"}.get(self.video, "yuv420p")
        stream.pix_fmt = "yuv444p" if odd else pictures
        stream.codec_context.thread_count = 1
        return stream

    def _audio(self, output):
        if self.audio is None:
            return None
        stream = output.add_stream(self.audio, rate=self.audio_rate)
        stream.layout = "mono"
        return stream

    def _sing(self, output, stream, sung, until):
        while sung < until * self.audio_rate:
            count = 1024 if self.audio == "aac" else self.audio_rate // 50
            phase = 2 * np.pi * TONE_HZ * (sung + np.arange(count)) / self.audio_rate
            sound = (0.5 * np.sin(phase)).astype(np.float32)[None]
            frame = av.AudioFrame.from_ndarray(sound, format="flt", layout="mono")
            frame.sample_rate, frame.pts = self.audio_rate, sung
            frame.time_base = Fraction(1, self.audio_rate)
            output.mux(stream.encode(frame))
            sung += count
        return sung


def camera(url, *, analysis_url=None, **changes) -> CameraSettings:
    """Settings of a camera; a file plays fast from `STARTS_AT` unless told otherwise."""
    settings = CameraSettings(
        id="hall",
        name="Hall",
        url=Secret(str(url)),
        analysis_url=None if analysis_url is None else Secret(str(analysis_url)),
        pace=Pace.FAST,
        starts_at=STARTS_AT,
    )
    return replace(settings, **changes)


def pitch(samples) -> float:
    """The strongest frequency of 16 kHz sound, Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * 16_000 / len(samples)
