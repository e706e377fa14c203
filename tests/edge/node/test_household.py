"""What a household chooses: applied at once, kept over restarts, shown to the broker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicam.config.load import parse
from omnicam.config.model import Language, RetentionSettings
from omnicam.decide.events import FeedbackKind
from omnicam.evidence import Evidence, WordHeard
from omnicam.media import SignalChange
from omnicam.node import commands, drill, figures, household
from omnicam.node.camera_process import CameraProcess
from omnicam.node.guardian import Guardian
from omnicam.node.household import CameraChoice, Household
from omnicam.node.messages import Progress, Signal, Statistics, StreamOpened
from omnicam.node.outbox import RecordOutbox
from omnicam.publish.publisher import Command
from omnicam.record.query import CallQuery, EventQuery, StoredEvent
from omnicam.record.recorder import Recorder
from omnicam.taxonomy import AnomalyClass

START = 1_800_000_000.0
JPEG = b"\xff\xd8 the last event \xff\xd9"


class Board:
    """An outlet that keeps what is retained, as a broker would."""

    def __init__(self) -> None:
        self.shown: dict[str, bytes] = {}
        self.woken = 0

    def retain(self, topic: str, payload: bytes) -> None:
        self.shown[topic.removeprefix("omnicam/home/")] = payload

    def wake(self) -> None:
        self.woken += 1

    def json(self, topic: str) -> Any:
        return json.loads(self.shown[topic])


@dataclass
class House:
    """A guardian on a real record whose worker is the test."""

    guardian: Guardian
    recorder: Recorder
    board: Board
    outbox: RecordOutbox
    infos: list[dict[str, Any]] = field(default_factory=list)
    time: float = START

    async def say(self, setting: str, value: str, camera: str = "bedroom", **more: bool) -> None:
        command = Command(camera=camera, setting=setting, value=value, **more)
        await commands.Desk(self.guardian).obey(command)

    async def tell(self, message: Any) -> None:
        await self.guardian._watches["bedroom"].on_message(message)

    async def open_eye(self) -> None:
        await self.tell(StreamOpened(width=640, height=480, audio=True))
        change = SignalChange(camera="bedroom", time=self.time, present=True)
        await self.tell(Signal(change=change))
        await self.go_on()

    async def go_on(self, *findings: Any) -> None:
        self.time += 0.25
        await self.tell(Progress(time=self.time, findings=findings, wants_answer=False))

    async def fall(self, log_odds: float = 9.0) -> None:
        for _ in range(8):
            evidence = Evidence(
                camera="bedroom",
                anomaly=AnomalyClass.FALL,
                log_odds=log_odds,
                time=self.time + 0.25,
                span_s=0.25,
                scorer="fall",
                why="a body sank",
            )
            await self.go_on(evidence)

    async def call(self) -> None:
        now = self.time + 0.25
        word = WordHeard(camera="bedroom", word="help", confidence=0.9, time=now, onset=now - 0.5)
        await self.go_on(word)

    async def events(self) -> list[StoredEvent]:
        found = (await self.recorder.search(EventQuery())).events
        return [item for each in found if (item := await self.recorder.get(each.event.id))]


@asynccontextmanager
async def house(data: Path, **changes: Any) -> AsyncIterator[House]:
    raw = {"node": "home", "cameras": {"bedroom": {"url": "rtsp://192.0.2.7/", **changes}}}
    settings = replace(parse(raw, base=data), data=data)
    recorder = Recorder(data, RetentionSettings())
    board = Board()
    infos: list[dict[str, Any]] = []
    outbox = RecordOutbox(recorder)
    guardian = Guardian(
        settings, recorder, outbox, board, [], lambda _: None, {}, lambda _, i: infos.append(i)
    )
    try:
        yield House(guardian, recorder, board, outbox, infos)
    finally:
        for task in guardian._tasks.values():
            task.cancel()
        await asyncio.gather(*guardian._tasks.values(), return_exceptions=True)
        await recorder.close()


def steps(stored: StoredEvent) -> list[str]:
    return [row.step.value for row in stored.steps]


choices = st.builds(
    CameraChoice,
    enabled=st.sampled_from([None, True, False]),
    detection=st.booleans(),
    sensitivity=st.integers(0, 100),
)


@given(
    language=st.sampled_from([None, *Language]),
    cameras=st.dictionaries(st.from_regex(r"[a-z0-9_]{1,8}", fullmatch=True), choices, max_size=4),
)
def test_what_is_kept_is_what_was_chosen(
    tmp_path_factory: pytest.TempPathFactory, language: Language | None, cameras: Any
) -> None:
    data = tmp_path_factory.mktemp("data")
    chosen = Household(language=language, cameras=cameras)
    household.write(data, chosen)
    assert household.read(data) == chosen


@pytest.mark.parametrize(
    "text", ["[", "[]", '{"language": "fr"}', '{"cameras": {"a": {"sensitivity": "much"}}}']
)
def test_a_broken_file_is_told_and_costs_no_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    (tmp_path / household.FILE_NAME).write_text(text)
    assert household.read(tmp_path) == Household()
    assert "cannot be read" in caplog.text


def test_privacy_survives_the_file_of_an_earlier_version(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "switches.json").write_text('{"bedroom": false}')
    assert household.read(tmp_path).camera("bedroom").enabled is False
    (tmp_path / "switches.json").write_text("[1]")
    assert household.read(tmp_path) == Household()
    assert "cannot be read" in caplog.text


async def test_a_choice_that_cannot_be_kept_counts_until_the_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = household.Choices(tmp_path)
    (tmp_path / household.FILE_NAME).mkdir()
    await kept.keep(Household(language=Language.CHINESE))
    assert kept.household.language is Language.CHINESE
    assert "not kept over a restart" in caplog.text


async def test_without_detection_nothing_is_judged_and_the_picture_stays(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        await home.open_eye()
        await home.fall()
        assert home.board.json("bedroom/fall")["state"] == "ON"
        assert home.board.shown["bedroom/level"] == b"high"
        await home.say("detection", "OFF")
        assert home.board.json("bedroom/settings") == {
            "enabled": True,
            "detection": False,
            "sensitivity": 50,
        }
        assert home.board.json("bedroom/fall")["state"] is None
        assert home.board.shown["bedroom/level"] == b"none"
        assert home.board.shown["bedroom/status"] == b"online"
        await home.fall()
        await home.call()
        (event,) = await home.events()
        assert steps(event)[-1] == "resolved"
        assert home.board.json("bedroom/last_event")["step"] == "resolved"
    async with house(tmp_path) as home:  # a restart
        await home.open_eye()
        await home.fall()
        assert home.board.json("bedroom/fall")["state"] is None
        await home.say("detection", "ON")
        await home.fall()
        assert home.board.json("bedroom/fall")["state"] == "ON"


async def test_a_call_for_help_is_found_afterwards(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        await home.open_eye()
        assert home.guardian.cameras()[0]["last_call"] is None
        await home.call()
        (call,) = await home.guardian.calls(CallQuery())
        assert (call.camera, call.word) == ("bedroom", "help")
        assert home.guardian.cameras()[0]["last_call"] == call.id


async def test_sensitivity_counts_at_once_and_after_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        await home.open_eye()
        assert home.guardian._watches["bedroom"]._decider._camera.classes[
            AnomalyClass.FALL
        ].prior == pytest.approx(0.05)
        await home.say("sensitivity", "100")
        assert home.board.json("bedroom/settings")["sensitivity"] == 100
        await home.say("sensitivity", "35.0")
        assert home.board.json("bedroom/settings")["sensitivity"] == 35
    async with house(tmp_path) as home:
        watch = home.guardian._watches["bedroom"]
        assert watch._decider._camera.classes[AnomalyClass.FALL].prior < 0.05


async def test_privacy_takes_the_picture_off_the_broker_and_gives_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def picture(_: CameraProcess, __: float | None) -> bytes:
        return JPEG

    monkeypatch.setattr(CameraProcess, "snapshot", picture)
    async with house(tmp_path) as home:
        await home.open_eye()
        await home.fall()
        (event,) = await home.events()
        assert home.board.shown["bedroom/snapshot"] == JPEG
        await home.say("enabled", "OFF")
        assert home.board.shown["bedroom/snapshot"] == b""
        assert home.board.shown["bedroom/status"] == b"disabled"
        assert home.board.json("bedroom/settings")["enabled"] is False
        assert home.guardian.stream_url("bedroom") is None
    async with house(tmp_path) as home:
        run = asyncio.create_task(home.guardian.run())
        async with asyncio.timeout(10):
            while home.board.shown.get("bedroom/status") != b"disabled":
                await asyncio.sleep(0.01)
        assert home.guardian._tasks == {}
        assert not home.board.shown["bedroom/snapshot"]
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        watch = home.guardian._watches["bedroom"]
        await home.guardian._show_last_event(watch)
        assert home.board.shown["bedroom/snapshot"] == JPEG
        assert home.board.json("bedroom/last_event")["event"] == event.event.id


async def test_another_language_is_spoken_at_once_and_after_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        spoken: list[Language] = []
        home.guardian.on_language = spoken.append
        await home.open_eye()
        await home.say("language", "zh-Hans", camera="")
        assert spoken == [Language.CHINESE]
        assert home.board.json("settings") == {"language": "zh-Hans"}
        assert home.infos[-1]["language"] == "zh-Hans"
        await home.fall()
        assert home.board.json("bedroom/fall")["reason"] == "有人突然倒下并躺着"
    async with house(tmp_path) as home:
        assert home.guardian.info()["language"] == "zh-Hans"


async def test_a_test_alarm_goes_the_whole_way_and_teaches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(drill, "LASTS_S", 0.2)
    async with house(tmp_path) as home:
        await home.open_eye()
        await home.say("test", "PRESS")
        shown = home.board.json("bedroom/fall")
        assert (shown["state"], shown["level"], shown["test"]) == ("ON", "high", True)
        assert "test alarm" in shown["reason"]
        await home.say("test", "smoke")
        assert "a test is under way" in caplog.text
        async with asyncio.timeout(10):
            while home.board.json("bedroom/fall")["state"] == "ON":
                await asyncio.sleep(0.02)
            while home.board.json("bedroom/last_event")["step"] != "resolved":
                await asyncio.sleep(0.02)
        (event,) = await home.events()
        assert event.event.test
        assert not event.event.review
        assert steps(event) == ["suspected", "escalated", "resolved"]
        messages = [json.loads(m.payload) for m in await home.outbox.undelivered(10)]
        assert [message["test"] for message in messages] == [True, True, True]
        before = home.guardian.home("bedroom")["learned"]
        assert await home.guardian.feedback(event.event.id, FeedbackKind.FALSE_ALARM)
        assert home.guardian.home("bedroom")["learned"] == before == []


async def test_a_test_does_not_hide_what_is_real(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path) as home:
        await home.open_eye()
        await home.say("test", "fall")
        await home.fall()
        shown = home.board.json("bedroom/fall")
        assert (shown["state"], shown["test"]) == ("ON", False)
    async with house(tmp_path / "other") as home:
        await home.open_eye()
        await home.fall()
        await home.say("test", "fall")
        assert "a real event of fall is open" in caplog.text


@pytest.mark.parametrize(
    ("setting", "value", "wanted"),
    [
        ("test", "fire", "must be PRESS or one of"),
        ("detection", "on", "must be ON or OFF"),
        ("sensitivity", "101", "must be a whole number from 0 to 100"),
        ("sensitivity", "nan", "must be a whole number"),
        ("sensitivity", "high", "must be a whole number"),
        ("sensitivity", "10.5", "must be a whole number"),
        ("volume", "1", "there is no such setting; known"),
    ],
)
async def test_a_wrong_command_is_told_once_with_the_remedy(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, setting: str, value: str, wanted: str
) -> None:
    async with house(tmp_path) as home:
        desk = commands.Desk(home.guardian)
        for _ in range(3):
            await desk.obey(Command(camera="bedroom", setting=setting, value=value))
        assert caplog.text.count(wanted) == 1
        assert f"bedroom/{setting}/set" in caplog.text
        assert not (tmp_path / household.FILE_NAME).exists()


async def test_what_cannot_be_done_now_is_told_each_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path) as home:
        desk = commands.Desk(home.guardian)
        press = Command(camera="bedroom", setting="test", value="PRESS")
        await desk.obey(press)
        await desk.obey(press)
        assert caplog.text.count("camera bedroom is offline: a test needs its picture") == 2
        await desk.obey(replace(press, retained=True))
        assert "retained" in caplog.text
        await desk.obey(Command(camera="", setting="language", value="fr"))
        assert "language/set: 'fr' must be one of en, zh-Hans" in caplog.text
        await home.open_eye()
        await home.say("detection", "OFF")
        await desk.obey(press)
        assert "is switched off: switch it on" in caplog.text


async def test_figures_are_told(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        told = {"frame_rate": 14.96, "lag_seconds": 0.234, "frames_dropped": 3.0}
        await home.tell(Statistics(figures=told, state="streaming", error=""))
        report = asyncio.create_task(home.guardian.report())
        await asyncio.sleep(0)
        report.cancel()
        assert home.board.json("bedroom/figures") == {
            "frame_rate": 15.0,
            "latency": 0.23,
            "dropped_frames": 3,
        }
        assert home.board.json("figures") == {
            "queue": None,
            "dropped_windows": None,
            "answer_time": None,
        }
    model = {"waiting": 2, "outcomes": {"dropped": 5, "answered": 9}, "median_s": 0.7}
    assert figures.of_node(model) == {"queue": 2, "dropped_windows": 5, "answer_time": 0.7}
