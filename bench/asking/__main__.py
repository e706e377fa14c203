"""The command line of `bench/verdict`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from asking import measures
from asking.engine import Asking, start
from asking.report import show
from asking.windows import FOUR, ONE, QUESTIONS, TINY, Windows

Json = dict[str, Any]


def main() -> int:
    """Measure and write what was measured; exit status 1 where a phase failed."""
    options = _arguments()
    with tempfile.TemporaryDirectory(prefix="verdict-") as scratch:
        folder = _folder(options, Path(scratch))
        return asyncio.run(_measure(folder, options))


async def _measure(folder: Path, options: argparse.Namespace) -> int:
    import torch
    import vllm

    began = time.monotonic()
    sizes = TINY if options.tiny else (ONE, FOUR)
    engine = start(folder, options, sizes)
    asking = Asking(engine)
    results: Json = {
        "device": torch.cuda.get_device_name(0) if torch.cuda.is_available() else "CPU",
        "vllm": vllm.__version__,
        "torch": torch.__version__,
        "recipe": options.recipe,
        "options": {key: str(value) for key, value in vars(options).items()},
        "start_s": round(time.monotonic() - began, 1),
    }
    failed = []

    async def phase(name: str, way: Callable[[], Awaitable[Any]]) -> None:
        if options.only and not any(each in name for each in options.only):
            return
        spent = time.monotonic() - began
        if spent > options.budget_s:
            print(f"-- {name}: left out, {spent:.0f} s are spent", flush=True)
            return
        try:
            async with asyncio.timeout(max(options.budget_s + 60 - spent, 30)):
                results[name] = await way()
        except Exception as error:  # noqa: BLE001 - the other figures are wanted all the same
            failed.append(name)
            results[name] = {"failed": repr(error)[:500]}
        print(f"-- {name} ({time.monotonic() - began:.0f} s)", flush=True)
        print(f"   {json.dumps(results[name])[:1500]}", flush=True)
        _keep(options.out, results)

    try:
        if not options.tiny:
            print(await asking.call("randomise"), flush=True)
        await _phases(asking, options, phase)
    finally:
        _keep(options.out, results)
        asking.judge.close()
        engine.shutdown()
    text = show(results)
    (options.out / "verdict.txt").write_text(text, encoding="utf-8")
    print(text, flush=True)
    return 1 if failed else 0


async def _phases(
    asking: Asking,
    options: argparse.Namespace,
    phase: Callable[[str, Callable[[], Awaitable[Any]]], Awaitable[None]],
) -> None:
    one, four = TINY if options.tiny else (ONE, FOUR)
    windows = Windows()
    rounds = options.rounds
    load = options.load
    one_question = dict(list(QUESTIONS.items())[:1])

    def fresh(count: int) -> list[Any]:
        return [windows.make(four) for _ in range(count)]

    async def warm() -> Json:
        for size in (one, four):
            for _ in range(3):
                await asking.judge.judge(windows.make(size), QUESTIONS)
        await measures.many(asking, fresh(load // 2), QUESTIONS)
        return dict(await asking.call("graphs"))

    async def switched(what: str, way: Callable[[], Awaitable[Any]]) -> Any:
        await asking.call("switch", what, False)
        try:
            return await way()
        finally:
            await asking.call("switch", what, True)

    async def scattered(way: Callable[[], Awaitable[Any]]) -> Any:
        asking.judge.gathered = False
        try:
            return await way()
        finally:
            asking.judge.gathered = True

    prepared = [windows.make(one) for _ in range(20)]

    def nine() -> Awaitable[Any]:
        return asking.judge.judge(prepared.pop(), QUESTIONS)

    def timed_nine() -> Awaitable[Json]:
        return measures.timed(
            lambda window: asking.judge.judge(window, QUESTIONS),
            lambda: windows.make(one),
            rounds,
        )

    def loaded() -> Awaitable[Json]:
        given = fresh(load)
        return measures.many(asking, given, QUESTIONS)

    async def busy_alone() -> Json:
        await nine()
        return {}

    await phase("warm", warm)
    await phase(
        "encoders beside vLLM's own, largest difference",
        lambda: asking.call(
            "compare",
            [[one.grid], [four.grid], [one.grid, four.grid]],
            [[one.mel], [one.mel, 137]],
        ),
    )
    await phase(f"alone: {one.name}", lambda: measures.alone(asking, windows, one, rounds))
    await phase("load: nine questions", loaded)
    await phase("load, watched", lambda: measures.watched(asking, loaded))
    await phase("alone, watched", lambda: measures.watched(asking, busy_alone))
    await phase("load: nine questions again", loaded)
    await phase("load: one question", lambda: measures.many(asking, fresh(load), one_question))
    await phase("alone without encoder graphs", lambda: switched("graphs", timed_nine))
    await phase("alone without gathering", lambda: scattered(timed_nine))
    await phase("load without sorting", lambda: switched("sorted", loaded))
    await phase("load without gathering", lambda: scattered(loaded))
    await phase("host alone", lambda: measures.host(asking, nine, 10))
    await phase("host under load", lambda: measures.host(asking, loaded, 1))
    await phase(f"alone: {four.name}", lambda: measures.alone(asking, windows, four, rounds))
    await phase("encoder graphs", lambda: asking.call("graphs"))
    if options.http:
        from asking import web

        await phase("http", lambda: web.measure(asking.engine, one, four, rounds, load))


def _keep(out: Path, results: Json) -> None:
    (out / "verdict.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def _folder(options: argparse.Namespace, scratch: Path) -> Path:
    if options.tiny:
        from checkpoints import build

        return build(scratch / "tiny")
    from real_size import folder as folders
    from real_size.__main__ import recipe_of

    made: Path = (options.work or scratch) / options.recipe.replace("/", "-")
    folders.make(made, recipe_of(options.recipe))
    return made


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/verdict", description=__doc__)
    parser.add_argument("recipe", nargs="?", default="half-w4", help="such as half-w4 or 64/16")
    parser.add_argument("--out", type=Path, required=True, help="folder for the figures")
    parser.add_argument("--work", type=Path, help="folder for the model's configuration")
    parser.add_argument("--tiny", action="store_true", help="a tiny model, on a CPU")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--load", type=int, default=160, help="windows, 32 at a time")
    parser.add_argument("--budget-s", type=float, default=420, help="no phase begins after this")
    parser.add_argument("--only", nargs="*", help="phases whose name holds one of these")
    parser.add_argument("--http", action="store_true", help="over HTTP too")
    parser.add_argument("--batched-tokens", type=int, default=8192)
    parser.add_argument("--sequences", type=int, default=320)
    parser.add_argument("--kv-gb", type=int, default=8)
    parser.add_argument("--media-gb", type=float, default=4.0)
    parser.add_argument("--most-graph", type=int, default=2048, help="tokens of the largest graph")
    parser.add_argument("--eager", action="store_true")
    parser.add_argument("--no-async", action="store_true", help="without asynchronous scheduling")
    parser.add_argument("--compile-encoder", action="store_true")
    parser.add_argument("--cudagraph-encoder", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.tiny:
        options.eager = True
        options.batched_tokens = min(options.batched_tokens, 2048)
        options.sequences = 32
        options.media_gb = 0.2
    return options


if __name__ == "__main__":
    sys.exit(main())
