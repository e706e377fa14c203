"""A client process: posts windows as the node does, and times the answers. Prints JSON."""

from __future__ import annotations

import base64
import http.client
import io
import json
import statistics
import sys
import time
import wave
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from asking.measures import AT_A_TIME
from asking.windows import QUESTIONS, SCENE, SYSTEM, Size

_NUMBERS = count(1)


def body(size: Size) -> bytes:
    """Give a request about a new window; pictures are soft noise, as JPEG of 20-60 kB."""
    random = np.random.default_rng(10_000 + next(_NUMBERS))
    frames = []
    for _ in range(size.frames):
        small = random.integers(0, 256, (size.side // 8, size.side // 8, 3), dtype=np.uint8)
        picture = Image.fromarray(small).resize((size.side, size.side), Image.Resampling.BILINEAR)
        coded = io.BytesIO()
        picture.filter(ImageFilter.GaussianBlur(1)).save(coded, "JPEG", quality=85)
        frames.append(base64.b64encode(coded.getvalue()).decode())
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        noise = random.standard_normal(int(size.seconds * 16_000)) * 3000
        file.writeframes(noise.astype("<i2").tobytes())
    shown: dict[str, Any] = {"type": "image_url"}
    if size.kind == "image":
        shown["image_url"] = {"url": "data:image/jpeg;base64," + frames[0]}
    else:
        url = "data:video/jpeg;base64," + ",".join(frames)
        shown = {"type": "video_url", "video_url": {"url": url}}
    heard = {"data": base64.b64encode(sound.getvalue()).decode(), "format": "wav"}
    content = [
        shown,
        {"type": "input_audio", "input_audio": heard},
        {"type": "text", "text": SCENE},
    ]
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": content}]
    return json.dumps({"messages": messages, "questions": QUESTIONS}).encode()


class Client:
    """Posts over one connection that is kept."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def ask(self, request: bytes) -> float:
        """Give ms until the answer is read.

        Raises:
            RuntimeError: it is no verdict.
        """
        began = time.perf_counter()
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", "/v1/verdict", request, headers)
        response = self._connection.getresponse()
        answer = response.read()
        taken = (time.perf_counter() - began) * 1e3
        if response.status != 200 or len(json.loads(answer)["log_odds"]) != len(QUESTIONS):
            raise RuntimeError(f"HTTP status {response.status}: {answer[:300]!r}")
        return taken


def main(wish: dict[str, Any]) -> None:
    """Time windows alone and together."""
    figures: dict[str, Any] = {}
    client = Client(wish["port"])
    for size in (Size(**wish["one"]), Size(**wish["four"])):
        requests = [body(size) for _ in range(wish["rounds"] + 3)]
        figures[f"alone: {size.name}"] = _summed([client.ask(each) for each in requests][3:])
        figures[f"alone: {size.name}"]["bytes"] = len(requests[0])
    requests = [body(size) for _ in range(wish["load"])]

    def ask(share: list[bytes]) -> list[float]:
        own = Client(wish["port"])
        return [own.ask(each) for each in share]

    began = time.perf_counter()
    with ThreadPoolExecutor(AT_A_TIME) as threads:
        shares = [requests[number::AT_A_TIME] for number in range(AT_A_TIME)]
        taken = [value for values in threads.map(ask, shares) for value in values]
    total = time.perf_counter() - began
    figures["load"] = _summed(taken) | {
        "windows": len(requests),
        "windows_a_second": round(len(requests) / total, 2),
    }
    print(json.dumps(figures))


def _summed(taken: list[float]) -> dict[str, Any]:
    ordered = sorted(taken)
    return {
        "median": round(statistics.median(ordered), 1),
        "p95": round(ordered[min(int(0.95 * len(ordered)), len(ordered) - 1)], 1),
        "least": round(ordered[0], 1),
        "rounds": len(ordered),
    }


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
