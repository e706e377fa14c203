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
    judge = asking.judge.judge

    async def one_by_one(window: Window) -> None:
        for text in texts:
            await asking.plain(window, text, 1)

    ways: dict[str, Callable[[Window], Awaitable[Any]]] = {
        "nine verdicts": lambda window: judge(window, QUESTIONS),
        "one verdict": lambda window: judge(window, first),
        f"answer of {ANSWER_TOKENS} tokens": lambda window: asking.plain(
            window, WISH, ANSWER_TOKENS
        ),
        "yes/no one by one": one_by_one,
        "yes/no at once, vLLM's own way": lambda window: asking.plain_together(window, texts),
    }

    def new() -> Window:
        return windows.make(size)

    figures: Json = {}
    for name, way in ways.items():
        figures[name] = await timed(way, new, rounds if "nine" in name else max(rounds // 2, 2))
    seen = new()
    figures["tokens"] = (await judge(seen, first)).prompt_tokens
    figures["nine again, all cached"] = await timed(ways["nine verdicts"], lambda: seen, rounds)
    return figures


async def timed(
    way: Callable[[Window], Awaitable[Any]], new: Callable[[], Window], rounds: int
) -> Json:
    """Give median, 95th percentile and least of so many rounds, after three thrown away; ms.

    Args:
        way: what is timed.
        new: makes its window beforehand.
        rounds: how often.
    """
    taken = []
    for count in range(rounds + 3):
        window = new()
        began = time.perf_counter()
        await way(window)
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
