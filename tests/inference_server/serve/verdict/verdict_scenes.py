"""A window as a client sends it, and the same as transformers' processor takes it."""

from __future__ import annotations

import base64
import io
import wave
from typing import Any

import numpy as np
from PIL import Image

RATE = 16_000
QUESTIONS = {
    "climbing": "Is somebody climbing over a fence or a wall? Answer with Yes or No only.",
    "closed": "Is somebody in a place that is closed? Answer with Yes or No only.",
    "night": "Does somebody linger at night? Answer with Yes or No only.",
    "fall": "Has a person fallen to the floor? Answer with Yes or No only.",
    "fight": "Do people fight? Answer with Yes or No only.",
    "knife": "Does somebody hold a weapon or a knife? Answer with Yes or No only.",
    "smoke": "Is there smoke or fire? Answer with Yes or No only.",
    "sound": "Does somebody scream or does glass break? Answer with Yes or No only.",
    "camera": "Is the camera covered or turned away? Answer with Yes or No only.",
}
SYSTEM = "You watch over a home. Look at the video and listen to the sound. " * 3
SCENE = "Local place: a home at night. "


def picture(seed: int, width: int, height: int, kind: str = "PNG") -> bytes:
    """A made-up picture as a file."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=90)
    return file.getvalue()


def wav(seconds: float, *, rate: int = RATE, channels: int = 1, width: int = 2) -> bytes:
    """A made-up sound as a file."""
    noise = np.random.default_rng(5).integers(-3000, 3000, int(seconds * rate) * channels)
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(rate)
        sound.writeframes(noise.astype("<i2").tobytes())
    return file.getvalue()


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def request(
    pictures: list[bytes], film: list[bytes], sound: bytes, **changes: Any
) -> dict[str, Any]:
    """The body of a request: pictures, a film of JPEGs, sound, and what is told of the scene."""
    content: list[dict[str, Any]] = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{text(each)}"}}
        for each in pictures
    ]
    if film:
        url = "data:video/jpeg;base64," + ",".join(text(each) for each in film)
        content.append({"type": "video_url", "video_url": {"url": url}})
    if sound:
        heard = {"data": text(sound), "format": "wav"}
        content.append({"type": "input_audio", "input_audio": heard})
    content.append({"type": "text", "text": SCENE})
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": content}]
    return {"messages": messages, "questions": QUESTIONS} | changes
