"""Work on many entities goes in slices."""

import asyncio

import pytest

from custom_components.omnicam.pace import SLICE, Pace


async def test_everything_else_has_its_turn_after_each_slice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
    pace = Pace()
    turns = 0

    async def everything_else() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(everything_else())
    async with pace:
        for _ in range(40):
            await pace.async_pause()
            now += SLICE / 4
    other.cancel()
    # Not at every step: each turn of the loop delays the household's last sensor.
    assert turns == 10


async def test_no_two_works_share_a_turn() -> None:
    pace = Pace()
    steps: list[str] = []

    async def work(name: str) -> None:
        async with pace:
            for _ in range(3):
                steps.append(name)
                await asyncio.sleep(0)

    await asyncio.gather(work("a"), work("b"))
    assert steps == ["a"] * 3 + ["b"] * 3
