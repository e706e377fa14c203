"""The staged films: who crosses, hides, meets, stays, and when what must be said of them."""

from __future__ import annotations

from itertools import product

from omnicam.config.model import Direction, Line, LineKind, Zone, ZoneKind
from omnicam.taxonomy import AnomalyClass
from presence.films import CAMERA, Film, Pillar, Same, Walker, ground
from presence.watch import Question
from staging.figure import WARDROBE
from staging.motion import alive, pace, walk

_WAIT_S = 1.0
"""Somebody stands for this long before they walk."""

_DEPTHS = (3.5, 5.0, 7.0, 9.0, 12.0)  # 245 to 71 of 480 pixels high
_SPEEDS = {3.5: 0.9, 5.0: 1.5, 7.0: 1.2, 9.0: 1.5, 12.0: 1.5}  # metres a second
_INTRUSION = AnomalyClass.RESTRICTED_AREA_INTRUSION


def _line(name: str, points: tuple[tuple[float, float], ...], way: Direction) -> Line:
    return Line(name=name, kind=LineKind.CROSSING, points=points, direction=way)


def _crossing(depth: float, speed: float, side: int, *, dark: bool) -> Film:
    """Cross the picture at a depth; `side` is 1 to walk to the right, -1 to the left."""
    half = min(0.9 * depth * CAMERA.width / 2 / CAMERA.focal, 3.2)
    motion = walk([(-side * half, depth), (side * half, depth)], _WAIT_S, speed)
    over = _WAIT_S + half / speed
    inside = _WAIT_S + (half - 0.8) / speed
    across = (ground(0.0, 0.7 * depth), ground(0.0, 1.4 * depth))
    # Walked from near to far, what moves to the right comes from the left.
    way = Direction.LEFT_TO_RIGHT if side > 0 else Direction.RIGHT_TO_LEFT
    other = Direction.RIGHT_TO_LEFT if side > 0 else Direction.LEFT_TO_RIGHT
    below = (ground(-half, 0.85 * depth), ground(half, 0.85 * depth))
    corners = ((-0.8, 0.85), (0.8, 0.85), (0.8, 1.2), (-0.8, 1.2))
    zone = Zone(
        name="zone",
        kind=ZoneKind.RESTRICTED,
        points=tuple(ground(x, share * depth) for x, share in corners),
    )
    return Film(
        name=f"cross {depth:.1f} m{' left' if side < 0 else ''}{', infrared' if dark else ''}",
        seconds=_WAIT_S + 2 * half / speed + 1.5,
        walkers=(Walker(motion=alive(motion, 0.5), looks=WARDROBE["blue"]),),
        dark=dark,
        questions=(
            Question(
                name="line",
                anomaly=_INTRUSION,
                lines=(_line("line", across, way),),
                onsets=(over,),
            ),
            Question(name="zone", anomaly=_INTRUSION, zones=(zone,), onsets=(inside,)),
            Question(name="wrong_way", anomaly=_INTRUSION, lines=(_line("line", across, other),)),
            Question(
                name="along", anomaly=_INTRUSION, lines=(_line("line", below, Direction.BOTH),)
            ),
        ),
    )


def _approach(*, dark: bool) -> Film:
    """Walk towards the camera over a line that lies across the picture."""
    motion = walk([(0.2, 7.0), (0.0, 3.2)], _WAIT_S, 1.2)
    across = (ground(-2.5, 5.0), ground(2.5, 5.0))
    return Film(
        name=f"towards{', infrared' if dark else ''}",
        seconds=_WAIT_S + 3.8 / 1.2 + 1.5,
        walkers=(Walker(motion=alive(motion, 0.5), looks=WARDROBE["red"]),),
        dark=dark,
        questions=(
            Question(
                name="line",
                anomaly=_INTRUSION,
                lines=(_line("line", across, Direction.BOTH),),
                onsets=(_WAIT_S + 2.0 / 1.2,),
            ),
        ),
    )


def _hidden(hidden_s: float, *, dark: bool, back: bool = False) -> Film:
    """Walk behind a pillar and out on the other side, or, `back`, on the same."""
    speed, depth, near, edge = 1.0, 4.0, 3.2, 2.2
    half = speed * hidden_s / 2
    if back:
        half = 0.5
        stop = _WAIT_S + edge / speed
        there = walk([(-edge, depth), (0.0, depth)], _WAIT_S, speed)
        again = walk([(0.0, depth), (-edge, depth)], stop + hidden_s - 1.0, speed)
        enters, leaves = stop - half / speed, stop + hidden_s - 1.0 + half / speed

        def motion(time: float):  # noqa: ANN202 - a `Motion`
            return (there if time < stop + hidden_s - 1.0 else again)(time)

    else:
        motion = walk([(-edge, depth), (edge, depth)], _WAIT_S, speed)
        enters, leaves = _WAIT_S + (edge - half) / speed, _WAIT_S + (edge + half) / speed
    return Film(
        name=f"{'back' if back else 'hidden'} {hidden_s:.1f} s{', infrared' if dark else ''}",
        seconds=leaves + 2.0,
        walkers=(Walker(motion=alive(motion, 0.5), looks=WARDROBE["green"]),),
        dark=dark,
        pillars=(Pillar(x=0.0, half=half * near / depth, depth=near),),
        same=(Same(walker=0, before=(enters - 0.9, enters), after=(leaves + 0.2, leaves + 1.7)),),
    )


def _meeting(apart: float, *, dark: bool) -> Film:
    """Two persons in the same clothes who pass each other, so many metres apart in depth."""
    speed, half, middle = 0.9, 1.7, 4.2
    near, far = middle - apart / 2, middle + apart / 2
    right = walk([(-half, near), (half, near)], _WAIT_S, speed)
    left = walk([(half, far), (-half, far)], _WAIT_S, speed)
    met = _WAIT_S + half / speed
    spans = {"before": (met - 1.5, met - 0.6), "after": (met + 0.6, met + 1.8)}
    return Film(
        name=f"meet {apart:.1f} m{', infrared' if dark else ''}",
        seconds=met + half / speed + 0.5,
        walkers=tuple(
            Walker(motion=alive(each, 0.5), looks=WARDROBE["dark"]) for each in (right, left)
        ),
        dark=dark,
        same=tuple(Same(walker=number, **spans) for number in (0, 1)),
    )


def crossings() -> tuple[Film, ...]:
    """Give the films of people who cross."""
    films = [
        _crossing(depth, _SPEEDS[depth], -1 if dark else 1, dark=dark)
        for depth, dark in product(_DEPTHS, (False, True))
    ]
    return (*films, _approach(dark=False), _approach(dark=True))


def occlusions() -> tuple[Film, ...]:
    """Give the films of people who are hidden for a while, or who pass each other."""
    hidden = [
        _hidden(seconds, dark=dark) for seconds, dark in product((0.5, 1, 2, 3), (False, True))
    ]
    back = [_hidden(2.0, dark=dark, back=True) for dark in (False, True)]
    meeting = [_meeting(apart, dark=dark) for apart, dark in product((0.5, 1.2), (False, True))]
    return (*hidden, *back, *meeting)


def stay(dwell_s: float) -> Film:
    """Give the film of somebody who walks to and fro by night behind a pillar, again and again.

    Args:
        dwell_s: seconds from which staying is loitering; the film lasts a little longer.
    """
    question = Question(
        name="stay",
        anomaly=AnomalyClass.NIGHT_LOITERING,
        onsets=(dwell_s,),
        loitering_s=dwell_s,
    )
    motion = pace((-1.6, 4.0), (1.6, 4.0), 3.3)
    return Film(
        name=f"stay {dwell_s:.0f} s, infrared",
        seconds=dwell_s + 6.0,
        walkers=(Walker(motion=motion, looks=WARDROBE["grey"]),),
        dark=True,
        pillars=(Pillar(x=0.0, half=0.5, depth=3.2),),
        questions=(question,),
        fps=6,
    )
