"""Asks a model's server as the edge node does: a process of its own, in the node's environment.

Usage: node_asks.py URL FINGERPRINT, with a list of attempts as JSON on standard input: `token`,
`deadline_s`, `padding` (bytes added to each picture's file), `sentence`, `greet`, and `fingerprint`
instead of the server's. Prints for each the outcome, z of all nine classes and the sentence.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
import wave
from typing import Any

import cv2
import numpy as np

from omnicam.config.model import Language, ModelSettings, Secret
from omnicam.evidence import Region
from omnicam.taxonomy import AnomalyClass
from omnicam.verify.client import ModelClient, session
from omnicam.verify.outcomes import AskError, Outcome
from omnicam.verify.window import Window

RATE = 16_000


def jpeg(seed: int, side: int) -> bytes:
    """Code a made-up picture."""
    picture = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    return bytes(cv2.imencode(".jpg", cv2.GaussianBlur(picture, (9, 9), 0))[1])


def wav(seconds: float) -> bytes:
    """Code a made-up sound."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        samples = np.random.default_rng(1).integers(-500, 500, int(seconds * RATE), dtype=np.int16)
        sound.writeframes(samples.tobytes())
    return file.getvalue()


def window(padding: int) -> Window:
    """Give a window of two small pictures; `padding` bytes are added to each file."""
    pictures = [jpeg(seed, side) + bytes(padding) for seed, side in ((1, 64), (2, 96), (3, 96))]
    return Window(
        start=100.0,
        end=104.0,
        region=Region(x=0.1, y=0.2, width=0.5, height=0.6),
        whole=pictures[0],
        pictures=tuple(pictures[1:]),
        sound=wav(1.0),
        people=1,
    )


async def attempt(url: str, fingerprint: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Ask about all nine classes, and for a sentence where one is wanted; or only greet."""
    settings = ModelSettings(
        url=url,
        name="qwen3-omni",
        language=Language.ENGLISH,
        token=Secret(wanted["token"]),
        fingerprint=wanted.get("fingerprint", fingerprint),
        deadline_s=wanted.get("deadline_s", 60.0),
        sentence_s=60.0,
    )
    shown, scene = window(wanted.get("padding", 0)), "Camera: Hall."
    async with session() as way:
        client = ModelClient(settings, way)
        try:
            if wanted.get("greet"):
                await client.greet()
                return {"outcome": str(Outcome.REACHED)}
            z = await client.look(shown, scene, list(AnomalyClass), "home/hall")
            said = ""
            if wanted.get("sentence"):
                said = await client.describe(shown, scene, [AnomalyClass.FALL], 7, "home/hall")
        except AskError as error:
            return {"outcome": str(error.outcome), "detail": str(error)}
    return {"outcome": str(Outcome.ANSWERED), "z": z, "sentence": said}


async def main(url: str, fingerprint: str) -> None:
    """Make all attempts, one after the other."""
    made = [await attempt(url, fingerprint, wanted) for wanted in json.load(sys.stdin)]
    json.dump(made, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
