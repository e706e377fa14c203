"""The model as the node sees it, with a real server: order, outcomes, state, memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from omnicam.config.model import Language
from omnicam.taxonomy import AnomalyClass
from omnicam.verify import verifier as module
from omnicam.verify.breaker import FAILURES
from omnicam.verify.gate import Ask
from omnicam.verify.line import Urgency
from omnicam.verify.outcomes import MEANINGS, Outcome, explain
from omnicam.verify.verifier import Answer, Verifier
from tests.edge.verify import model_server
from tests.edge.verify.model_server import said, serving
from tests.edge.verify.verify_scenes import FALL, model, window

SMOKE = AnomalyClass.SMOKE

type Json = dict[str, Any]


def ask(urgency: Urgency = Urgency.EVENT, *classes: AnomalyClass) -> Ask:
    return Ask(
        camera="hall",
        time=100.0,
        urgency=urgency,
        events=dict.fromkeys(classes or (FALL,), "e"),
    )


@asynccontextmanager
async def running(
    data: Path, url: str, **changes: Any
) -> AsyncIterator[tuple[Verifier, list[Json]]]:
    told: list[Json] = []
    settings = model(url, **{"deadline_s": 5.0, **changes})
    verifier = Verifier(settings, data, Language.ENGLISH, told.append, "home")
    task = asyncio.create_task(verifier.run())
    await asyncio.sleep(0)
    try:
        yield verifier, told
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def likely(_: str, __: str) -> float:
    return 0.9


async def test_an_answer_is_counted_and_the_state_told_once(tmp_path: Path) -> None:
    async with (
        serving(model_server.answering(likely)) as server,
        running(tmp_path, server.url) as (verifier, told),
    ):
        for _ in range(2):
            answer = await verifier.ask(ask(Urgency.EVENT, FALL, SMOKE), window(), "")
            assert (answer.outcome, list(answer.z)) == (Outcome.ANSWERED, [FALL, SMOKE])
        health = verifier.health()
    assert {header["X-Session-ID"] for header in server.headers} == {"home/hall"}
    assert [state["state"] for state in told if state["state"] != "reached"] == [
        "unknown",
        "answered",
    ]
    assert (health["outcomes"]["answered"], health["circuit"]) == (2, "closed")
    assert health["median_s"] > 0.0
    assert health["address"] == server.url.removesuffix("/v1")
    assert set(health["outcomes"]) == set(Outcome)


async def test_urgent_windows_overtake_and_have_a_place_of_their_own(tmp_path: Path) -> None:
    gate, order = asyncio.Event(), []

    async def waits(request, body):
        order.append(said(body)[0])
        await gate.wait()
        return await model_server.answering(likely)(request, body)

    async with (
        serving(waits) as server,
        running(tmp_path, server.url, parallel=1) as (verifier, _),
    ):
        asking = [asyncio.create_task(verifier.ask(ask(), window(), "first"))]
        await until(lambda: order)
        for name, urgency in (
            ("audit", Urgency.AUDIT),
            ("event", Urgency.EVENT),
            ("fall", Urgency.URGENT),
            ("help", Urgency.URGENT),
        ):
            asking.append(asyncio.create_task(verifier.ask(ask(urgency), window(), name)))
            await asyncio.sleep(0.01)
        await until(lambda: len(order) == 2)
        assert order == ["first", "fall"]  # all are busy, yet the fall is asked about
        gate.set()
        answers = await asyncio.gather(*asking)
    assert {answer.outcome for answer in answers} == {Outcome.ANSWERED}
    assert order[2:] in (["help", "event", "audit"], ["event", "help", "audit"])


async def test_too_many_windows_are_dropped_counted_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        serving(model_server.hangs) as server,
        running(tmp_path, server.url, parallel=1, deadline_s=1.0) as (verifier, _),
    ):
        asking = [asyncio.create_task(verifier.ask(ask(Urgency.LOOK), window(), "first"))]
        await until(lambda: server.bodies)
        asking += [
            asyncio.create_task(verifier.ask(ask(Urgency.LOOK), window(), str(number)))
            for number in range(19)
        ]
        done, _pending = await asyncio.wait(asking, timeout=0.5)
        assert {task.result().outcome for task in done} == {Outcome.DROPPED}
        assert len(done) == verifier.health()["outcomes"]["dropped"] == 20 - 1 - 16
        assert verifier.health()["waiting"] == 16
        assert caplog.text.count("oldest were dropped") == 1
        for task in asking:
            task.cancel()


async def test_a_model_that_fails_is_left_alone_and_heard_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from omnicam.verify import breaker

    monkeypatch.setattr(breaker, "FIRST_S", 0.3)
    async with (
        serving(model_server.status(500)) as server,
        running(tmp_path, server.url) as (verifier, told),
    ):
        outcomes = [(await verifier.ask(ask(), window(), "")).outcome for _ in range(FAILURES + 2)]
        assert outcomes == [Outcome.FAILED] * FAILURES + [Outcome.PAUSED] * 2
        assert len(server.bodies) == FAILURES
        assert verifier.health()["circuit"] == "open"
        server.behaviour = model_server.answering(likely)
        await asyncio.sleep(0.35)
        assert (await verifier.ask(ask(), window(), "")).outcome is Outcome.ANSWERED
    assert [state["state"] for state in told if state["state"] != "reached"] == [
        "unknown",
        "failed",
        "answered",
    ]
    assert told[-2]["reason"] == explain(Outcome.FAILED, Language.ENGLISH)


@pytest.mark.parametrize(
    ("urgency", "behaviour", "asked"),
    [
        (Urgency.URGENT, model_server.status(500), 2),
        (Urgency.URGENT, model_server.closes, 2),
        (Urgency.EVENT, model_server.status(500), 1),
        (Urgency.URGENT, model_server.status(401), 1),
        (Urgency.URGENT, model_server.hangs, 1),
    ],
)
async def test_only_urgent_windows_are_tried_again_and_once(
    tmp_path: Path, urgency: Urgency, behaviour, asked: int
) -> None:
    async with (
        serving(behaviour) as server,
        running(tmp_path, server.url, deadline_s=0.5) as (verifier, _),
    ):
        answer = await verifier.ask(ask(urgency), window(), "")
    assert answer.outcome is not Outcome.ANSWERED
    assert len(server.bodies) == asked


async def test_whoever_waits_is_told_when_it_ends(tmp_path: Path) -> None:
    async with serving(model_server.hangs) as server:
        async with running(tmp_path, server.url, parallel=1) as (verifier, _):
            asking = [
                asyncio.create_task(verifier.ask(ask(), window(), str(number)))
                for number in range(3)
            ]
            await until(lambda: server.bodies)
        answers = await asyncio.wait_for(asyncio.gather(*asking), 5)
        assert answers == [Answer(outcome=Outcome.DROPPED)] * 3
        assert (await verifier.ask(ask(), window(), "")).outcome is Outcome.PAUSED


async def test_a_sentence_that_does_not_come_is_empty_and_counted(tmp_path: Path) -> None:
    async with (
        serving(model_server.answering(likely)) as server,
        running(tmp_path, server.url, sentence_s=0.5) as (verifier, _),
    ):
        words = ("hall", window(), "", "Say it.", 1)
        assert await verifier.describe(*words) == model_server.SENTENCE
        server.behaviour = model_server.hangs
        assert await verifier.describe(*words) == ""
        server.behaviour = model_server.status(500)
        assert await verifier.describe(*words) == ""
        health = verifier.health()
    assert health["sentences"] == {"answered": 1, "slow": 1, "failed": 1}
    assert health["circuit"] == "closed"


async def test_a_model_that_nobody_asks_is_greeted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GREET_S", 0.1)
    async with (
        serving(model_server.answering(likely)) as server,
        running(tmp_path, server.url) as (_, told),
    ):
        await until(lambda: server.greetings >= 2)
        await server.kill()
        await until(lambda: told[-1]["state"] == "away")
    assert [state["state"] for state in told] == ["unknown", "reached", "away"]
    assert server.bodies == []


async def test_audits_measure_and_make_the_reference_and_all_is_kept(tmp_path: Path) -> None:
    low = {FALL: 1.1, SMOKE: 1.1}
    async with (
        serving(model_server.answering(likely)) as server,
        running(tmp_path, server.url) as (verifier, _),
    ):
        for _ in range(5):
            verifier.audited("hall", {FALL: 2.0, SMOKE: -3.0}, low)
        health = verifier.health()
        assert (health["audits"], health["positives"]) == (5, {"fall": 5})
        assert verifier.judge("hall", FALL, 2.0).score == pytest.approx(0.0)
        assert verifier.judge("attic", FALL, 2.0).score == 2.0
        for number in range(8):
            for right, score in ((True, 4.0), (False, -2.0)):
                verifier.looked(f"{number}-{right}", FALL, score)
                verifier.answered(f"{number}-{right}", right=right)
        await until((tmp_path / "model.json").exists)
    async with (
        serving(model_server.answering(likely)) as server,
        running(tmp_path, server.url) as (again, _),
    ):
        judged = again.judge("hall", FALL, 8.0)
        assert judged.calibrated
        assert judged.score == pytest.approx(6.0)
        assert again.health()["calibrated"]["fall"]["right"] == 8
        # What a calibrated model affirms is a miss of the gate, no normal scene.
        again.audited("hall", {FALL: 20.0}, low)
        assert again.judge("hall", FALL, 8.0).score == pytest.approx(6.0)


def test_every_outcome_has_a_meaning_in_both_languages() -> None:
    assert set(MEANINGS) == set(Outcome)
    for outcome in Outcome:
        texts = {explain(outcome, language) for language in Language}
        assert len(texts) == 2
        assert all(texts)
