"""What a recording looked or sounded like around a moment: a strip of frames, or a log-mel."""

from __future__ import annotations

import base64
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from omnicam.capture import CameraStream, CaptureError
from omnicam.evaluate.manifest import Recording
from omnicam.judge import recording
from omnicam.media import SAMPLE_RATE, AudioChunk, Frame, Pixels, Samples

BEFORE_S, AFTER_S = 3.0, 2.0
"""Of this span around a moment a picture is made; of a whole recording where there is none."""

_FRAMES, _FRAME_HEIGHT = 6, 96
_FFT, _STEP, _BANDS = 512, 160, 48
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 7600.0
_RANGE_DB = 70.0
_MEL_WIDTH, _MEL_HEIGHT = 480, 96


def pictures(root: Path, row: Recording, moment_s: float | None) -> list[str]:
    """Give images as data addresses; none where the recording cannot be read.

    Args:
        root: folder that the paths start from.
        row: the recording.
        moment_s: what to show, None for all of it.
    """
    span = (0.0, float("inf"))
    if moment_s is not None and not row.still:
        span = (moment_s - BEFORE_S, moment_s + AFTER_S)
    frames: list[Frame] = []
    sounds: list[AudioChunk] = []
    try:
        with CameraStream(recording((root / row.path).resolve())) as stream:
            for item in stream:
                if isinstance(item, Frame) and span[0] <= item.time <= span[1]:
                    frames.append(_small(item))
                elif isinstance(item, AudioChunk) and span[0] <= item.time <= span[1]:
                    sounds.append(item)
    except CaptureError:
        return []
    images = [_jpeg(_strip(frames))] if frames else []
    if sounds and not frames:
        samples = np.concatenate([chunk.samples for chunk in sounds])
        # Without the silence in which time runs on after the end.
        images.append(_jpeg(_log_mel(np.trim_zeros(samples, "b"))))
    return images


def _small(frame: Frame) -> Frame:
    """Keep a picture at the size at which it is shown: a long recording has many."""
    height, width = frame.image.shape[:2]
    size = (max(1, round(width * _FRAME_HEIGHT / height)), _FRAME_HEIGHT)
    image = np.asarray(cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Frame(camera=frame.camera, time=frame.time, image=image, sequence=frame.sequence)


def _strip(frames: list[Frame]) -> Pixels:
    chosen = np.unique(np.linspace(0, len(frames) - 1, _FRAMES).round().astype(int))
    parts = []
    for index in chosen:
        image = frames[index].image.copy()
        for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            text = f"{frames[index].time:.1f} s"
            cv2.putText(image, text, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, width)
        parts.append(image)
    return np.hstack(parts)


def _log_mel(samples: Samples) -> Pixels:
    """Draw level over time and frequency, the lowest frequency at the bottom."""
    padded = np.pad(samples, (0, max(0, _FFT - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_STEP]
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(_FFT), axis=1)))
    level = 10.0 * np.log10(power @ _bands().T + 1e-10)
    grey = np.clip((level - level.max()) / _RANGE_DB + 1.0, 0.0, 1.0) * 255.0
    image = cv2.resize(
        grey.T[::-1].astype(np.uint8), (_MEL_WIDTH, _MEL_HEIGHT), interpolation=cv2.INTER_AREA
    )
    coloured = cv2.applyColorMap(image, cv2.COLORMAP_VIRIDIS)
    return np.asarray(cv2.cvtColor(coloured, cv2.COLOR_BGR2RGB), np.uint8)


def _bands() -> npt.NDArray[np.float64]:
    """Make triangles on the mel scale (O'Shaughnessy 1987), shape (bands, bins)."""
    mel = np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), _BANDS + 2)
    edges = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    hertz = np.fft.rfftfreq(_FFT, 1.0 / SAMPLE_RATE)
    rising = (hertz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - hertz) / (edges[2:] - edges[1:-1])[:, None]
    return np.clip(np.minimum(rising, falling), 0.0, None)


def _mel(hertz: float) -> float:
    return float(2595.0 * np.log10(1.0 + hertz / 700.0))


def _jpeg(image: Pixels) -> str:
    options = [cv2.IMWRITE_JPEG_QUALITY, 80]
    good, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    if not good:
        raise ValueError(f"a picture of shape {image.shape} could not be written")
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}"
