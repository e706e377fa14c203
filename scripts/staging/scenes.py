"""The staged scenes: one table of what happens, seen and heard, for each class and for daily life.

A scene's clock is 0 when the event begins. They feed the demo and the end-to-end tests; they say
nothing about accuracy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from staging import effects, room
from staging.camera import Camera
from staging.effects import Effect
from staging.figure import WARDROBE, Image, Looks
from staging.motion import (
    STRIDE_S,
    Motion,
    alive,
    climb,
    fall_sideways,
    lie_down,
    lying_on_side,
    pace,
    pick_up,
    sequence,
    sit_down,
    strike,
    walk,
)
from staging.skeleton import Pose
from staging.sound import Cue

DAY, NIGHT = 1.0, 0.72


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody in the scene, from a time to a time; from `seen_from` on the whole body is."""

    motion: Motion
    looks: Looks
    enters: float = float("-inf")
    seen_from: float = float("-inf")
    leaves: float = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a camera sees and hears.

    Attributes:
        about: what happens, in words.
        anomaly: the class that it stages, None for daily life.
        label: kind inside the class.
        place: draws the background.
        actors: people.
        seen_until: when people can no longer be seen, though they are there.
        effects: what happens to the picture, in order.
        cues: sounds, on the scene's clock.
        tail_s: seconds after the event's beginning.
        light: brightness of people.
        loop_s: seconds after which everything that is seen repeats, 0 when it does not.
        barrier: what hides people behind room.FENCE_DEPTH.
    """

    about: str
    anomaly: str | None = None
    label: str | None = None
    place: Callable[[Camera], Image] = room.room
    actors: Sequence[Actor] = ()
    effects: Sequence[Effect] = ()
    cues: Sequence[Cue] = ()
    tail_s: float = 14.0
    seen_until: float = float("inf")
    light: float = DAY
    loop_s: float = 0.0
    barrier: Callable[[Camera], room.Mask] | None = None

    def visible(self, start: float) -> list[tuple[float, float]]:
        """Give the times, from `start` on, in which somebody is in the picture."""
        spans = [
            (
                max(start, actor.enters, actor.seen_from),
                min(self.tail_s, self.seen_until, actor.leaves),
            )
            for actor in self.actors
        ]
        return [(begin, end) for begin, end in spans if end > begin]


_HOME = Pose(x=-0.5, depth=3.4)
_STEPS = [Cue("footsteps", -7.0, -4.0), Cue("footsteps", -5.0, -4.0)]

_stroll = walk([(-1.3, 3.6), (0.1, 3.2), (-0.5, 3.4)], -9.0, 0.6)


def _then(start: float, motion: Motion) -> Motion:
    """Potter about, then do this."""
    return alive(sequence((float("-inf"), _stroll), (start, motion)), 0.6)


def _one(motion: Motion, looks: str = "blue") -> tuple[Actor, ...]:
    return (Actor(motion=motion, looks=WARDROBE[looks]),)


_standing = _then(0.0, lambda _: _HOME)
_resting = alive(lambda _: lying_on_side(replace(_HOME, x=-0.4)), 0.3)
_before_bed = Pose(x=room.BEFORE_BED[0], depth=room.BEFORE_BED[1])
_to_bed = walk([(-1.0, 3.3), room.BEFORE_BED], -6.0, 0.7)
_LOITER_S = 3 * STRIDE_S
_foe = Pose(x=0.42, depth=3.4, yaw=-80)

SCENES: Mapping[str, Scene] = MappingProxyType(
    {
        "fall": Scene(
            about="somebody potters about, loses balance, falls to the side and stays down",
            anomaly="fall",
            actors=_one(_then(0.0, fall_sideways(_HOME, 0.0)), "grey"),
            cues=[*_STEPS, Cue("thud", 0.7)],
        ),
        "fallen_already": Scene(
            about="somebody lies on the floor from the beginning; the fall itself is not seen",
            anomaly="fall",
            actors=_one(_resting, "grey"),
            tail_s=190.0,
        ),
        "scream": Scene(
            about="somebody stands and screams",
            anomaly="abnormal_sound",
            label="scream",
            actors=_one(_standing, "red"),
            cues=[*_STEPS, Cue("scream", 0.0), Cue("scream", 2.2, -2.0)],
        ),
        "glass_breaking": Scene(
            about="a window breaks out of sight",
            anomaly="abnormal_sound",
            label="glass_breaking",
            cues=[Cue("glass_breaking", 0.0)],
        ),
        "cough": Scene(
            about="somebody coughs again and again",
            anomaly="abnormal_sound",
            label="cough",
            actors=_one(_standing),
            cues=[Cue("cough", 0.0, 8.0), Cue("cough", 1.4, 8.0), Cue("cough", 3.0, 8.0)],
        ),
        "crying": Scene(
            about="somebody stands and cries",
            anomaly="abnormal_sound",
            label="crying",
            actors=_one(_standing, "red"),
            cues=[Cue("crying", 0.0), Cue("crying", 5.5)],
        ),
        "smoke_alarm": Scene(
            about="a smoke alarm sounds in an empty room",
            anomaly="abnormal_sound",
            label="smoke_alarm",
            cues=[Cue("smoke_alarm", 0.0), Cue("smoke_alarm", 8.0)],
        ),
        "call_for_help": Scene(
            about="somebody calls for help, twice",
            anomaly="abnormal_sound",
            label="call_for_help",
            actors=_one(_standing, "grey"),
            cues=[
                *_STEPS,
                Cue("speech", 0.0, 18.0, "Help! Help! Help me!"),
                Cue("speech", 4.0, 18.0, "Help! Help! Help me!"),
            ],
        ),
        "call_for_help_zh": Scene(
            about="somebody calls for help in Chinese, twice",
            anomaly="abnormal_sound",
            label="call_for_help",
            actors=_one(_standing, "grey"),
            cues=[
                Cue("speech", 0.0, 18.0, "救命！", "zh"),
                Cue("speech", 3.0, 18.0, "救命！帮助我！", "zh"),
            ],
        ),
        "smoke": Scene(
            about="smoke rises from the wardrobe and spreads",
            anomaly="smoke",
            effects=[effects.smoke((-2.5, 1.6, 4.6))],
            tail_s=30.0,
        ),
        "violent_conflict": Scene(
            about="two people hit each other, with shouts and a scream",
            anomaly="violent_conflict",
            actors=(
                Actor(
                    motion=strike(Pose(x=-0.55, depth=3.4, yaw=80), 0.0, 0.0),
                    looks=WARDROBE["dark"],
                ),
                Actor(motion=strike(_foe, 0.0, 0.33), looks=WARDROBE["red"]),
            ),
            cues=[Cue("shouts", 0.0), Cue("scream", 1.5), Cue("shouts", 3.0), Cue("scream", 5.0)],
        ),
        "perimeter_climbing": Scene(
            about="somebody climbs over the fence",
            anomaly="perimeter_climbing",
            place=room.yard,
            barrier=room.fence,
            actors=_one(climb(Pose(x=0.1, depth=4.8), 0.0, room.FENCE_HEIGHT), "red"),
            light=NIGHT,
        ),
        "restricted_area_intrusion": Scene(
            about="somebody walks across the yard to the middle of the path and stays",
            anomaly="restricted_area_intrusion",
            place=room.yard,
            actors=(
                Actor(
                    motion=alive(walk([(-3.6, 3.6), (0.0, 3.2)], -3.0, 1.0)),
                    looks=WARDROBE["dark"],
                    enters=-3.0,
                    seen_from=-1.1,
                ),
            ),
            light=NIGHT,
        ),
        "night_loitering": Scene(
            about="somebody walks to and fro by night for more than five minutes",
            anomaly="night_loitering",
            place=room.night,
            # Three strides a way, so that the film repeats after six without a jump.
            actors=_one(pace((-1.4, 3.8), (1.3, 3.6), _LOITER_S), "grey"),
            effects=[effects.infrared()],
            tail_s=330.0,
            loop_s=2 * _LOITER_S,
        ),
        "covered": Scene(
            about="a dark cloth is drawn over the lens and stays",
            anomaly="camera_tampering",
            label="covered",
            actors=_one(_standing),
            effects=[effects.covered()],
            seen_until=0.0,
        ),
        "defocused": Scene(
            about="the lens is turned out of focus",
            anomaly="camera_tampering",
            label="defocused",
            actors=_one(_standing),
            effects=[effects.defocused()],
            seen_until=0.0,
        ),
        "moved": Scene(
            about="the camera is turned away",
            anomaly="camera_tampering",
            label="moved",
            effects=[effects.moved()],
        ),
        "frozen": Scene(
            about="the picture stands still to the bit",
            anomaly="camera_tampering",
            label="frozen",
            actors=_one(_stroll),
            effects=[effects.frozen()],
            tail_s=40.0,
        ),
        "empty_room": Scene(about="nothing happens and nobody is there"),
        "walking": Scene(
            about="somebody walks to and fro",
            actors=_one(pace((-1.5, 3.8), (0.4, 3.3))),
            cues=[Cue("footsteps", float(second)) for second in range(-6, 14, 2)],
        ),
        "sitting_down": Scene(
            about="somebody sits down fast on the edge of the bed",
            actors=_one(
                alive(
                    sequence(
                        (float("-inf"), _to_bed),
                        (0.0, sit_down(_before_bed, 0.0, room.BED_HEIGHT, 0.9)),
                    ),
                    0.6,
                )
            ),
        ),
        "lying_down_on_bed": Scene(
            about="somebody sits on the bed and lies down",
            actors=_one(
                alive(
                    sequence(
                        (float("-inf"), _to_bed),
                        (0.0, lie_down(_before_bed, 0.0, room.BED_HEIGHT, room.BED_AT)),
                    ),
                    0.5,
                ),
                "red",
            ),
        ),
        "picking_up": Scene(
            about="somebody picks something up from the floor",
            actors=_one(_then(0.0, pick_up(_HOME, 0.0))),
        ),
        "tv_noise": Scene(
            about="an empty room with a television that talks and plays music",
            effects=[effects.television()],
            cues=[Cue("tv", -7.0), Cue("music", 1.0, -4.0), Cue("tv", 6.0)],
        ),
        "cat": Scene(about="a cat walks through the room", effects=[effects.cat()]),
        "light_switched": Scene(
            about="the light is switched off and on again",
            effects=[effects.light_switched()],
        ),
    }
)
