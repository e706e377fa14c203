"""From what a client sends to pixels and samples: data URLs and base64 only, nothing is fetched."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import wave
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from inference_server.serve.verdict.interface import RATE, Picture, Sound, WindowError

MOST_SIDE = 4096
"""Pixels along a side: a small file may unfold to a picture that fills the memory."""

MOST_FRAMES = 64
MOST_SECONDS = 60.0

_PICTURES = ("data:image/jpeg;base64,", "data:image/png;base64,")
_FILM = "data:video/jpeg;base64,"
_FORMATS = ("JPEG", "PNG")


def picture(url: Any, field: str) -> Picture:
    """Read `data:image/jpeg;base64,...` or `data:image/png;base64,...`.

    Raises:
        WindowError: it is no such thing.
    """
    begin = next((each for each in _PICTURES if _starts(url, each)), None)
    if begin is None:
        raise WindowError(field, f"must be a data URL that begins with {' or '.join(_PICTURES)}")
    data = _bytes(url[len(begin) :], field)
    return _picture([data], "image", field)


def film(url: Any, field: str) -> Picture:
    """Read `data:video/jpeg;base64,FRAME,FRAME,...`: JPEG pictures of one size.

    Raises:
        WindowError: it is no such thing.
    """
    if not _starts(url, _FILM):
        raise WindowError(field, f"must be a data URL that begins with {_FILM}, frames by commas")
    frames = url[len(_FILM) :].split(",")
    if len(frames) > MOST_FRAMES:
        raise WindowError(field, f"{len(frames)} frames: at most {MOST_FRAMES}")
    return _picture([_bytes(frame, field) for frame in frames], "video", field)


def sound(data: Any, field: str) -> Sound:
    """Read a WAV in base64: 16 bit, mono, 16 kHz.

    Raises:
        WindowError: it is no such thing.
    """
    if not isinstance(data, str):
        raise WindowError(field, "must be text: a WAV in base64")
    raw = _bytes(data, field)
    try:
        with wave.open(io.BytesIO(raw)) as file:
            form = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            samples = np.frombuffer(file.readframes(int(MOST_SECONDS * RATE) + 1), "u1")
    except (wave.Error, EOFError) as error:
        raise WindowError(field, f"no WAV: {str(error) or 'it ends early'}") from None
    if form != (1, 2, RATE):
        raise WindowError(field, f"the WAV must be mono, 16 bit, {RATE} Hz")
    samples = samples[: len(samples) // 2 * 2].view("<i2")
    if len(samples) > MOST_SECONDS * RATE:
        raise WindowError(field, f"longer than {MOST_SECONDS:g} s")
    if not len(samples):
        raise WindowError(field, "the sound is empty")
    return Sound(samples.astype(np.float32) / 32768.0, _digest("audio", [raw]))


def _picture(parts: Sequence[bytes], kind: Literal["image", "video"], field: str) -> Picture:
    frames = [_decoded(part, field) for part in parts]
    if any(frame.shape != frames[0].shape for frame in frames):
        raise WindowError(field, "all frames must be of one size")
    return Picture(np.stack(frames), kind, _digest(kind, parts))


def _decoded(data: bytes, field: str) -> Any:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            wide, high = opened.size
            fits = max(wide, high) <= MOST_SIDE
            pixels = np.asarray(opened.convert("RGB")) if fits else None
    # Pillow's decoders raise all of these for files that are not what they say.
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        raise WindowError(field, "no JPEG or PNG picture, or a broken one") from None
    if pixels is None:
        raise WindowError(field, f"{wide}x{high} pixels: at most {MOST_SIDE} along a side")
    return pixels


def _bytes(text: str, field: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise WindowError(field, "no base64") from None


def _starts(url: Any, begin: str) -> bool:
    return isinstance(url, str) and url.startswith(begin)


def _digest(kind: str, parts: Sequence[bytes]) -> str:
    made = hashlib.blake2b(kind.encode(), digest_size=16)
    for part in parts:
        made.update(len(part).to_bytes(8, "big"))
        made.update(part)
    return made.hexdigest()
