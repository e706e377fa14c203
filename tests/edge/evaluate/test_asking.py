"""What a model's word makes of a recording's events, with evidence that leaves them in doubt."""

from __future__ import annotations

import numpy as np
import pytest

from omnicam.config.load import model_of
from omnicam.detect.protocol import Motion, Picture
from omnicam.evaluate.asking import Asking, Verified
from omnicam.media import Frame
from omnicam.time_zone import local_zone
from tests.edge.decide.decide_scenes import START, camera, lasting
from tests.edge.evaluate.test_verify import model
from tests.edge.verify.model_server import answering


def seen(frame: Frame) -> Picture:
    """What an analysis without people or motion makes of it."""
    grey = frame.image[..., 0]
    nothing = np.zeros_like(grey, dtype=np.bool_)
    still = Motion(fraction=0.0, mask=nothing, regions=(), global_change=False)
    return Picture(image=frame.image, grey=grey, motion=still, people=(), pose_ran=False)


def watched(probability: float, doubt: float) -> Verified:
    """Six seconds of a picture with some evidence of a fall, and a model of a firm opinion."""
    with model(answering(lambda _, __: probability)) as server:
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
