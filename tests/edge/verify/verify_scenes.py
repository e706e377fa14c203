"""Windows, standings and completions for the tests of the way to the model."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from omnicam.config.model import Language, ModelSettings
from omnicam.decide.fusion import log_odds_of
from omnicam.decide.watch import Standing
from omnicam.evidence import Region
from omnicam.taxonomy import AnomalyClass
from omnicam.verify.window import Window

FALL, TOOL = AnomalyClass.FALL, AnomalyClass.DANGEROUS_TOOL
JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"

type Json = dict[str, Any]


def model(url: str = "http://127.0.0.1:9/v1", **changes: Any) -> ModelSettings:
    return replace(ModelSettings(url=url, name="omni", language=Language.ENGLISH), **changes)


def window(**changes: Any) -> Window:
    shown = Window(
        start=100.0,
        end=104.0,
        region=Region(x=0.1, y=0.2, width=0.5, height=0.6),
        whole=JPEG,
        pictures=(JPEG + b"1", JPEG + b"2"),
        sound=b"RIFF a sound",
        people=1,
    )
    return replace(shown, **changes)


def standing(
    confidence: float, anomaly: AnomalyClass = FALL, *, event: Any = None, judged: bool = True
) -> Standing:
    return Standing(
        anomaly=anomaly,
        log_odds=log_odds_of(confidence),
        judged=judged,
        event=event,
        region=None,
    )


def completion(tops: dict[str, float], text: str = "") -> Json:
    """Give a chat completion whose first token has these log-probabilities."""
    entries = [{"token": token, "logprob": value, "bytes": None} for token, value in tops.items()]
    first = next(iter(tops), "")
    return {
        "id": "x",
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text or first},
                "logprobs": {"content": [{"token": first, "logprob": 0, "top_logprobs": entries}]},
                "finish_reason": "length",
            }
        ],
    }


def yes_or_no(probability: float) -> Json:
    """Give a completion that says yes with this probability."""
    return completion({"Yes": math.log(probability), "No": math.log(1.0 - probability)})
