"""What is told to the broker about how things fare, now and then, in few numbers."""

from __future__ import annotations

from typing import Any

from omnicam.node.messages import Statistics
from omnicam.verify.outcomes import Outcome

TOLD_S = 15.0
"""Seconds between two tellings: they are for charts and alerts, not for decisions."""

type Json = dict[str, Any]


def of_camera(statistics: Statistics) -> Json:
    """Give how a camera's stream fares; null while it has none.

    `frame_rate` is in pictures a second that come in, `latency` in seconds from a picture's time to
    its findings (the longest of the last 2 s), `dropped_frames` counts pictures that were not
    analysed since the worker's start.
    """
    figures = statistics.figures
    rate, lag, dropped = map(figures.get, ("frame_rate", "lag_seconds", "frames_dropped"))
    return {
        "frame_rate": None if rate is None else round(rate, 1),
        "latency": None if lag is None else round(lag, 2),
        "dropped_frames": None if dropped is None else int(dropped),
    }


def of_node(model: Json | None) -> Json:
    """Give how the model fares, from what `Verifier.health` says; null where there is none.

    `queue` is how many windows wait, `dropped_windows` how many were dropped since the node's start
    because too many waited, `answer_time` the median in seconds of the last 200 answers.
    """
    if model is None:
        return {"queue": None, "dropped_windows": None, "answer_time": None}
    return {
        "queue": model["waiting"],
        "dropped_windows": model["outcomes"].get(Outcome.DROPPED, 0),
        "answer_time": model["median_s"],
    }
