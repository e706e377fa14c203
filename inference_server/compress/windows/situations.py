"""What happens in staged windows: one table, which the drawing and the sounds read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Situation:
    """One kind of window.

    Attributes:
        name: for reports.
        sound: a name in `sounds.SOUNDS`.
        people: a motion of `pictures.MOTIONS` for each person.
        light: of the room, 0 to 1.
        smoke: how dense it becomes, 0 to 1.
        covered: how much of the lens becomes covered, 0 to 1.
        fence: whether it is outside, with a fence.
        held: whether the first person holds something long.
    """

    name: str
    sound: str
    people: tuple[str, ...] = ()
    light: float = 0.8
    smoke: float = 0.0
    covered: float = 0.0
    fence: bool = False
    held: bool = False


SITUATIONS = (
    Situation("fall", "thump", ("fall",)),
    Situation("empty-day", "silence"),
    Situation("fight", "shouting", ("fight", "fight")),
    Situation("empty-night", "hum", light=0.1),
    Situation("smoke", "alarm", smoke=0.8),
    Situation("walking", "speech", ("walk",)),
    Situation("covered", "rustle", ("walk",), covered=1.0),
    Situation("scream", "scream", ("stand",)),
    Situation("climbing", "hum", ("climb",), fence=True),
    Situation("glass", "glass", light=0.5),
    Situation("loitering", "silence", ("walk",), light=0.15),
    Situation("knife", "speech", ("stand", "walk"), held=True),
    Situation("sitting", "speech", ("sit",)),
    Situation("intrusion", "thump", ("walk",), light=0.3, fence=True),
    Situation("lying", "silence", ("lie",)),
    Situation("two-people", "speech", ("walk", "sit")),
)
