"""What a model's word makes of a recording's events, with evidence that leaves them in doubt."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from omnicam.config.load import model_of
from omnicam.detect.protocol import Motion, Picture
from omnicam.evaluate import command
from omnicam.evaluate.asking import Asking, Verified
from omnicam.evaluate.manifest import Recording
from omnicam.evaluate.play import Outcome
from omnicam.media import Frame
from omnicam.taxonomy import AnomalyClass
from omnicam.time_zone import local_zone
from omnicam.verify import store
from omnicam.verify.calibration import LEAST, Memory, Source, judged
from tests.edge.decide.decide_scenes import START, camera, lasting
from tests.edge.evaluate.test_verify import model
from tests.edge.verify.model_server import ModelServer, answering


def seen(frame: Frame) -> Picture:
    """What an analysis without people or motion makes of it."""
    grey = frame.image[..., 0]
    nothing = np.zeros_like(grey, dtype=np.bool_)
    still = Motion(fraction=0.0, mask=nothing, regions=(), global_change=False)
    return Picture(image=frame.image, grey=grey, motion=still, people=(), pose_ran=False)


def watched(probability: float, doubt: float) -> Verified:
    """Six seconds of a picture with some evidence of a fall, and a model of a firm opinion."""
    with model(answering(lambda _, __: probability)) as server:
        return shown(server, doubt)


def shown(server: ModelServer, doubt: float) -> Verified:
    """Show the six seconds to a model that is there."""
    settings = model_of({"url": server.url, "name": "omni", "deadline_s": 20})
    with Asking(camera(), settings, local_zone("UTC")) as asking:
        for number, word in enumerate(lasting(0.0, 6.0, doubt)):
            picture = np.full((120, 160, 3), 90 + number, np.uint8)
            frame = Frame(camera="bedroom", time=word.time, image=picture, sequence=number)
            asking.take(frame, [word], seen(frame))
        return asking.finish()


@pytest.mark.parametrize(("probability", "alarms"), [(0.99, 1), (0.5, 0), (0.01, 0)])
def test_a_fall_in_doubt_is_an_alarm_where_the_model_sees_it(
    probability: float, alarms: int
) -> None:
    verified = watched(probability, 4.5)
    assert len(verified.entries) == 1
    assert sum(entry.alarm_s is not None for entry in verified.entries) == alarms
    assert verified.outcomes["answered"] == len(verified.looks) >= 1
    assert verified.entries[0].time_s == pytest.approx(START, abs=6)


def test_what_the_model_said_of_labelled_recordings_calibrates_a_node(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says 0.9 of falls and 0.6 of what is none; without enough of either it is not judged."""
    answer = {"p": 0.0}
    with model(answering(lambda _, __: answer["p"])) as server:

        def play_all(rows: Iterable[Recording], *_: object) -> Iterator[Outcome]:
            for row in rows:
                answer["p"] = 0.9 if row.label == "fall" else 0.6
                yield Outcome(recording=row, seconds=6.0, verified=shown(server, 4.5))

        monkeypatch.setattr(command, "play_all", play_all)
        settings = model_of({"url": server.url, "name": "omni"})

        def calibrated(falls: int, others: int) -> Memory:
            rows = [f"fall/{number}.mp4,fall" for number in range(falls)]
            rows += [f"adl/{number}.mp4,adl" for number in range(others)]
            manifest = tmp_path / "manifest.csv"
            manifest.write_text("\n".join(["path,label", *rows]), "utf-8")
            options = command.Options(
                manifest=manifest,
                root=tmp_path,
                classes=frozenset(AnomalyClass),
                jobs=1,
                json=tmp_path / "out.json",
                verify=settings,
                calibrate=tmp_path,
            )
            assert command.evaluate(options) == command.GOOD
            return store.read(tmp_path, "omni")

        assert calibrated(LEAST - 1, LEAST) == Memory()
        assert "nothing calibrated" in capsys.readouterr().out
        memory = calibrated(LEAST, 2 * LEAST)
    (row,) = json.loads((tmp_path / "out.json").read_bytes())["verify"]["lines"]
    assert (row["class"], row["right"], row["wrong"]) == ("fall", LEAST, 2 * LEAST)
    assert "model.json: fall calibrated" in capsys.readouterr().out
    line = memory.lines[AnomalyClass.FALL]
    assert line.source is Source.MEASURED
    assert (line.right, line.wrong) == (LEAST, 2 * LEAST)
    seen, denied = (
        judged(memory, "bedroom", AnomalyClass.FALL, math.log(p / (1 - p))) for p in (0.9, 0.6)
    )
    assert seen.calibrated
    assert seen.log_odds > 0.0 > denied.log_odds
