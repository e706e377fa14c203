"""Learning in the node: findings from a worker, words from people, a real record, a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from omnicam.config.load import parse
from omnicam.config.model import LearningSettings, NodeSettings, RetentionSettings
from omnicam.decide.events import FeedbackKind
from omnicam.decide.home import DAY_S, HomeMemory
from omnicam.evidence import Evidence
from omnicam.node import commands
from omnicam.node.guardian import Guardian
from omnicam.node.home_keeper import KEPT_S
from omnicam.node.messages import Progress, StreamOpened
from omnicam.node.outbox import RecordOutbox
from omnicam.node.run import NoBroker
from omnicam.publish.publisher import Command
from omnicam.record.query import EventQuery
from omnicam.record.recorder import Recorder
from omnicam.serve.view import UnknownCameraError
from omnicam.taxonomy import AnomalyClass

START = 20_000 * DAY_S


def settings(data: Path, *, enabled: bool = True) -> NodeSettings:
    raw = {"node": "home", "cameras": {name: {"url": "rtsp://192.0.2.7/"} for name in ("a", "b")}}
    learning = LearningSettings(enabled=enabled)
    return replace(parse(raw, base=data), data=data, learning=learning)


@asynccontextmanager
async def node(data: Path, *, enabled: bool = True) -> AsyncIterator[tuple[Guardian, Recorder]]:
    """Give a guardian on a real record whose workers are not started."""
    recorder = Recorder(data, RetentionSettings())
    try:
        homes = await recorder.homes()
        outbox = RecordOutbox(recorder)
        node_settings = settings(data, enabled=enabled)
        yield (
            Guardian(
                node_settings,
                recorder,
                outbox,
                NoBroker(),
                [],
                lambda _: None,  # type: ignore[arg-type, return-value]
                homes,
                lambda _settings, _info: None,
            ),
            recorder,
        )
    finally:
        await recorder.close()


async def day(guardian: Guardian, number: int, log_odds: float = 5.4, camera: str = "a") -> None:
    """Let a worker tell of half an hour with one scream in it."""
    watch = guardian._watches[camera]
    start = START + number * DAY_S
    await watch.on_message(StreamOpened(width=640, height=480, audio=True))
    for minute in range(60):
        findings = tuple(
            Evidence(
                camera=camera,
                anomaly=AnomalyClass.ABNORMAL_SOUND,
                log_odds=log_odds,
                time=start + 900.0 + index / 6,
                span_s=1 / 6,
                scorer="scream",
                why="a scream",
                label="scream",
            )
            for index in range(12)
            if minute == 30
        )
        time = start + 30.0 * minute + (2.0 if findings else 0.0)
        await watch.on_message(Progress(time=time, findings=findings, wants_answer=False))


async def ids(recorder: Recorder) -> list[str]:
    return [stored.event.id for stored in (await recorder.search(EventQuery())).events]


async def test_a_false_alarm_teaches_is_kept_over_a_restart_and_can_be_forgotten(
    tmp_path: Path,
) -> None:
    async with node(tmp_path) as (guardian, recorder):
        await day(guardian, 0)
        (event,) = await ids(recorder)
        assert await guardian.feedback(event, FeedbackKind.FALSE_ALARM)
        assert await guardian.feedback(event, FeedbackKind.FALSE_ALARM)
        (learned,) = guardian.home("a")["learned"]
        assert (learned["label"], learned["false_alarms"]) == ("scream", 1)
        assert learned["shift"] < 0.0
        assert guardian.home("b")["learned"] == []
        assert not await guardian.feedback("none", FeedbackKind.FALSE_ALARM)
        found = await recorder.search(EventQuery(feedback=FeedbackKind.FALSE_ALARM))
        assert [stored.event.id for stored in found.events] == [event]
    async with node(tmp_path) as (guardian, recorder):
        await day(guardian, 1)
        await day(guardian, 1, camera="b")
        # On the other camera nobody said that such a scream is none.
        assert [each.split("-")[1] for each in await ids(recorder)] == ["b", "a"]
        assert guardian.home("a")["learned"][0]["shift"] == learned["shift"]
        await guardian.forget_home("a")
        assert guardian.home("a")["learned"] == []
        with pytest.raises(UnknownCameraError):
            guardian.home("attic")
    async with node(tmp_path) as (guardian, recorder):
        await day(guardian, 2)
        assert len(await ids(recorder)) == 3
        assert guardian.home("a")["learned"] == []


async def test_where_learning_is_off_nothing_is_learned_and_nothing_lost(tmp_path: Path) -> None:
    async with node(tmp_path) as (guardian, recorder):
        await day(guardian, 0)
        await guardian.feedback((await ids(recorder))[0], FeedbackKind.FALSE_ALARM)
    async with node(tmp_path, enabled=False) as (guardian, recorder):
        await day(guardian, 1)
        assert len(await ids(recorder)) == 2
        assert guardian.home("a")["learning"] is False
        assert len((await recorder.homes())["a"].answers) == 1
        await guardian.forget_home("a")
        assert (await recorder.homes())["a"] == HomeMemory()


async def test_what_was_learned_is_written_now_and_then(tmp_path: Path) -> None:
    async with node(tmp_path) as (guardian, recorder):
        await day(guardian, 0)
        kept = (await recorder.homes())["a"]
        assert kept.days[0].watched_s >= KEPT_S
        assert kept.days[0].peaks["abnormal_sound/scream"] > 4.0


async def test_people_answer_through_mqtt_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def say(setting: str, value: str, camera: str = "a", *, retained: bool = False) -> str:
        caplog.clear()
        command = Command(camera=camera, setting=setting, value=value, retained=retained)
        await commands.Desk(guardian).obey(command)
        return caplog.text

    async with node(tmp_path) as (guardian, recorder):
        await day(guardian, 0)
        (event,) = await ids(recorder)
        assert not await say("feedback", f'{{"event": "{event}", "kind": "false_alarm"}}')
        assert len(guardian.home("a")["learned"]) == 1
        for wrong in ("x", "[]", '{"event": 1, "kind": "confirmed"}', '{"event": "x", "kind": ""}'):
            assert "a/feedback/set" in await say("feedback", wrong)
        assert "no event 'none'" in await say("feedback", '{"event": "none", "kind": "confirmed"}')
        assert "must be RESET" in await say("learning", "reset")
        assert "retained" in await say("learning", "RESET", retained=True)
        assert "no camera 'attic'" in await say("learning", "RESET", camera="attic")
        assert "no camera 'attic'" in await say("enabled", "OFF", camera="attic")
        assert "must be ON or OFF" in await say("enabled", "maybe")
        assert "no such setting; known" in await say("volume", "11")
        assert len(guardian.home("a")["learned"]) == 1
        assert not await say("learning", "RESET")
        assert guardian.home("a")["learned"] == []
        assert not await say("enabled", "OFF")
