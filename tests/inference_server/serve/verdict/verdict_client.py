"""Looks at a window with the edge node's own client, in the node's environment; prints JSON.

Usage: verdict_client.py URL
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
import time
import wave

import cv2
import numpy as np

from omnicam.config.model import Language, ModelSettings
from omnicam.evidence import Region
from omnicam.taxonomy import AnomalyClass
from omnicam.verify.client import ModelClient, session
from omnicam.verify.window import Window


def jpeg(seed: int, side: int) -> bytes:
    picture = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    return bytes(cv2.imencode(".jpg", picture)[1])


def wav() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        samples = np.random.default_rng(1).integers(-500, 500, 16_000, dtype=np.int16)
        sound.writeframes(samples.tobytes())
    return file.getvalue()


async def main(url: str) -> None:
    settings = ModelSettings(
        url=url, name="omni", language=Language.ENGLISH, deadline_s=120.0, sentence_s=60.0
    )
    window = Window(
        start=100.0,
        end=104.0,
        region=Region(x=0.1, y=0.2, width=0.5, height=0.6),
        whole=jpeg(21, 64),
        pictures=(jpeg(22, 96),),
        sound=wav(),
        people=1,
    )
    async with session() as way:
        client = ModelClient(settings, way)
        await client.greet()
        began = time.monotonic()
        z = await client.look(window, "Camera: Hall.", list(AnomalyClass), "home/hall")
    json.dump({"z": z, "seconds": time.monotonic() - began}, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
