"""The measurements, one after the other; each is a function from an engine to figures."""

from __future__ import annotations

import asyncio
import cProfile
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from asking.engine import Asking
from asking.windows import QUESTIONS, WISH, Size, Windows
from asking.worker import table
from inference_server.serve.verdict.interface import Window

ANSWER_TOKENS = 96
AT_A_TIME = 32

Json = dict[str, Any]


async def alone(asking: Asking, windows: Windows, size: Size, rounds: int) -> Json:
    """Time one window at a time, each new to the engine; ms."""
    first = dict(list(QUESTIONS.items())[:1])
    texts = list(QUESTIONS.values())
    seen: list[Window] = []

    def new() -> Window:
        seen[:] = [windows.make(size)]
        return seen[0]

    async def one_by_one() -> None:
        window = new()
        for text in texts:
            await asking.plain(window, text, 1)

    ways: dict[str, Callable[[], Awaitable[Any]]] = {
        "nine verdicts": lambda: asking.judge.judge(new(), QUESTIONS),
        "nine again, all cached": lambda: asking.judge.judge(seen[0], QUESTIONS),
        "one verdict": lambda: asking.judge.judge(new(), first),
        f"answer of {ANSWER_TOKENS} tokens": lambda: asking.plain(new(), WISH, ANSWER_TOKENS),
        "yes/no one by one": one_by_one,
        "yes/no at once, vLLM's own way": lambda: asking.plain_together(new(), texts),
    }
    figures: Json = {}
    for name, way in ways.items():
        figures[name] = await timed(way, rounds if "nine" in name else max(rounds // 2, 2))
    figures["tokens"] = (await asking.judge.judge(new(), first)).prompt_tokens
    return figures


async def timed(way: Callable[[], Awaitable[Any]], rounds: int) -> Json:
    """Give median, 95th percentile and least of so many rounds, after three thrown away; ms."""
    taken = []
    for count in range(rounds + 3):
        began = time.perf_counter()
        await way()
        if count >= 3:
            taken.append((time.perf_counter() - began) * 1e3)
    taken.sort()
    return {
        "median": round(statistics.median(taken), 1),
        "p95": round(taken[min(int(0.95 * rounds), rounds - 1)], 1),
        "least": round(taken[0], 1),
        "rounds": rounds,
    }


async def many(asking: Asking, windows: Sequence[Window], questions: Json) -> Json:
    """Ask about many windows, so many at a time; windows a second and ms for each."""
    waiting = iter(windows)
    taken: list[float] = []

    async def ask() -> None:
        for window in waiting:
            began = time.perf_counter()
            await asking.judge.judge(window, questions)
            taken.append((time.perf_counter() - began) * 1e3)

    began = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(min(AT_A_TIME, len(windows)))))
    total = time.perf_counter() - began
    taken.sort()
    return {
        "windows": len(windows),
        "questions": len(questions),
        "seconds": round(total, 3),
        "windows_a_second": round(len(windows) / total, 2),
        "median": round(statistics.median(taken), 1),
        "p95": round(taken[min(int(0.95 * len(taken)), len(taken) - 1)], 1),
    }


async def watched(asking: Asking, way: Callable[[], Awaitable[Json | None]]) -> Json:
    """Do something while the GPU is watched; its figures with what the GPU did."""
    await asking.call("watch")
    began = time.perf_counter()
    figures = await way() or {}
    wall = (time.perf_counter() - began) * 1e3
    seen = await asking.call("watched")
    if seen is not None:
        figures |= seen | {"wall_ms": round(wall, 1)}
        figures["busy_share"] = round(seen["busy_ms"] / max(seen["span_ms"], 1e-9), 3)
    return figures


async def host(asking: Asking, way: Callable[[], Awaitable[Any]], rounds: int) -> dict[str, str]:
    """Give tables of where this process and the engine's spend their time, over some rounds."""
    await asking.call("host_watch")
    own = cProfile.Profile()
    own.enable()
    for _ in range(rounds):
        await way()
    own.disable()
    return {"server": table(own), "engine": await asking.call("host_watched")}
