"""The small parts of the node: album, clip desk, outbox, time zone, pose model."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from omnicam.capture import ClipError
from omnicam.config.model import RetentionSettings
from omnicam.decide.words import HelpCall
from omnicam.detect.pose.model import ENVIRONMENT, MODEL_NAME, ModelMissingError, find_model
from omnicam.media import AudioChunk, Frame, SignalChange, Tick, time_of
from omnicam.node import clips
from omnicam.node.album import Album
from omnicam.node.clips import ClipDesk
from omnicam.node.messages import ClipReply, ClipRequest
from omnicam.node.outbox import RecordOutbox
from omnicam.node.pose_service import PoseService
from omnicam.record.recorder import Recorder
from omnicam.time_zone import local_zone


def frame(time: float, level: int) -> Frame:
    image = np.full((48, 64, 3), level, np.uint8)
    return Frame(camera="c", time=time, image=image, sequence=int(time * 10))


def level_of(jpeg: bytes) -> int:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return int(picture.mean().round())


def test_the_album_gives_the_picture_nearest_to_a_moment() -> None:
    album = Album(kept=3)
    assert album.jpeg(None) == b""
    for number in range(5):
        album.add(frame(100.0 + number, 40 * number))
    assert level_of(album.jpeg(None)) == 160
    assert level_of(album.jpeg(103.4)) == 120
    assert level_of(album.jpeg(0.0)) == 80


class Ring:
    """A ring that covers up to a moment; it can refuse."""

    def __init__(self) -> None:
        self.until: float | None = None
        self.cuts: list[tuple[float, float, Path]] = []
        self.error = ""

    def covers_until(self) -> float | None:
        return self.until

    def cut(self, start: float, end: float, path: Path) -> None:
        self.cuts.append((start, end, path))
        if self.error:
            raise ClipError(self.error)


def test_a_clip_is_cut_once_its_end_is_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    ring, replies = Ring(), list[ClipReply]()
    desk = ClipDesk(ring, replies.append)  # type: ignore[arg-type]
    desk.add(ClipRequest(request=1, start=10.0, end=20.0, path=Path("a")))
    desk.cut_due()
    ring.until = 19.9
    desk.cut_due()
    assert not ring.cuts
    ring.until = 20.0
    desk.cut_due()
    desk.cut_due()
    assert ring.cuts == [(10.0, 20.0, Path("a"))]
    assert replies == [ClipReply(request=1, error="")]
    ring.error = "disk full"
    desk.add(ClipRequest(request=2, start=30.0, end=40.0, path=Path("b")))
    desk.cut_all()
    assert replies[-1] == ClipReply(request=2, error="disk full")
    # A stream that was lost never covers the end: what is there is better than nothing.
    now = clips.time.monotonic()
    desk.add(ClipRequest(request=3, start=50.0, end=60.0, path=Path("c")))
    monkeypatch.setattr(clips.time, "monotonic", lambda: now + 10 + clips.PATIENCE_S + 1)
    desk.cut_due()
    assert replies[-1].request == 3


async def test_the_outbox_gives_the_record_first_and_then_what_the_disk_refused(
    tmp_path: Path,
) -> None:
    recorder = Recorder(tmp_path, RetentionSettings())
    outbox = RecordOutbox(recorder)

    def call(number: int) -> HelpCall:
        return HelpCall(
            id=f"20270115T080000-hall-help-000{number}",
            camera="hall",
            word="help",
            confidence=0.9,
            time=1_800_000_000.0 + number,
            onset=1_800_000_000.0 + number,
        )

    outbox.keep(call(2))
    outbox.keep(call(3))
    await recorder.record_call(call(1))
    seen = []
    while messages := list(await outbox.undelivered(10)):
        for message in messages:
            assert message.topic == "hall/help"
            seen.append(json.loads(message.payload)["event"][-1])
            await outbox.mark_delivered(message.key)
    assert seen == ["1", "2", "3"]
    await recorder.close()


async def test_a_pose_process_that_cannot_start_is_failing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from omnicam.node import pose_service

    class Impatient:
        def delay(self, attempt: int) -> float:
            return 0.0

    monkeypatch.setattr(pose_service, "Backoff", lambda **_: Impatient())
    monkeypatch.setattr(pose_service, "FAILING_AFTER", 1)
    service = PoseService(tmp_path / "no-model.task", tmp_path / "socket")
    task = asyncio.create_task(service.run())
    async with asyncio.timeout(50):
        while not service.failing:
            await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert service.restarts >= 1
    assert "pose process ended" in caplog.text


def test_local_time_has_summer_time_and_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    for zone in (local_zone(None), local_zone("Europe/Berlin")):
        winter, summer = datetime(2026, 1, 1, tzinfo=zone), datetime(2026, 7, 1, tzinfo=zone)
        assert winter.utcoffset() != summer.utcoffset()
    monkeypatch.delenv("TZ")
    assert datetime(2026, 1, 1, tzinfo=local_zone(None)).utcoffset() is not None


def test_the_pose_model_is_found_or_the_remedy_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path))
    with pytest.raises(ModelMissingError, match="pose-model"):
        find_model(None)
    (tmp_path / MODEL_NAME).touch()
    assert find_model(None) == tmp_path / MODEL_NAME
    with pytest.raises(ModelMissingError, match="elsewhere"):
        find_model(tmp_path / "elsewhere.task")


def test_the_time_of_an_item_is_that_of_its_end() -> None:
    sound = AudioChunk(camera="c", time=5.0, samples=np.zeros(8000, np.float32))
    assert time_of(sound) == 5.5
    assert time_of(frame(7.0, 0)) == 7.0
    assert time_of(Tick(camera="c", time=8.0)) == 8.0
    assert time_of(SignalChange(camera="c", time=9.0, present=False)) == 9.0
