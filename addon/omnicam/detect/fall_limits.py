"""The limits by which falls and lying are told, in one place so that a bench can vary them.

A pair is a ramp: nothing at the first number, certain at the second, straight in between. Lengths
are in body lengths, angles in degrees from the vertical. `bench/falls` says how far results move
when each is shifted.
"""

from __future__ import annotations

from dataclasses import dataclass

type Ramp = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class FallLimits:
    """Limits of a way down, and of being down."""

    drop_window_s: float = 1.3
    """A fall from standing takes 0.5 to 1 s; lying down to rest takes more than 2."""

    drop: Ramp = (0.40, 0.60)
    """Drop of head and hips together from which a fall is possible, and clear."""

    least_hip_drop: float = 0.10
    """Hips that stay where they are belong to someone who bends."""

    trunk_degrees: Ramp = (45.0, 70.0)
    """Of the trunk in the picture: from not lying at all to clearly lying."""

    tilt_degrees: Ramp = (55.0, 80.0)
    """The same of the upper body in the model's own space."""

    hips_over_floor: Ramp = (0.38, 0.26)
    """Height of the hips over the floor: who bends keeps them up."""

    head_rise: Ramp = (0.22, 0.08)
    """Height of the head over the hips, from not lying at all to clearly lying."""

    stature: Ramp = (0.42, 0.28)
    """The same for the height of the head over the lowest part: 1 upright, 0.7 on a chair."""

    sunk: Ramp = (0.20, 0.12)
    """Height of the hips over the floor after a drop: legs that give way leave the trunk upright
    for a while. A chair keeps the hips above 0.25; a squat is what this may be taken for."""

    sunk_weight: float = 0.8
    """How far such a body counts as lying."""

    sunk_stature: Ramp = (0.5, 0.42)
    """How low its head must be for that."""

    whole: float = 0.5
    """A body shorter than this share of itself hides its legs behind something: no floor is
    seen."""

    leaning: Ramp = (25.0, 45.0)
    """Degrees of the trunk, in either view, from which a low stature counts: whoever is upright and
    short stands behind furniture or partly outside the picture."""

    starts_upright: float = 75.0
    """Degrees of the trunk up to which a fall can begin; a body found head down was misjudged."""

    growth: float = 1.6
    """A body that is larger by more than this is another one, or was misjudged before."""

    still_tall: float = 0.25
    """Share of the head's drop. While what moves at the body reaches higher than this under where
    the head was, the pose was misjudged: a body that falls takes its motion down with it."""

    whole_width: float = 0.95
    """What moves over so much of the width is the camera or the light, and tells nothing."""

    down: float = 0.5
    """Degree of lying from which someone is down."""

    up: float = 0.15
    """Degree of lying up to which someone is up."""

    landing_s: float = 2.0
    """Between the drop and lying: some sink against furniture first."""

    up_s: float = 1.0
    """Seconds of being up after which someone has got up."""

    jump_s: float = 1.0
    jump: float = 1.0
    """A body that comes up this soon and this near after another one was lost is the same one: the
    pose model often lets go of whoever falls and finds them anew on the floor."""

    lying_s: Ramp = (0.1, 0.6)
    """Seconds of lying at which a landing begins to be more than one, and at which it is a fall."""

    weight: Ramp = (5.2, 9.0)
    """Log-odds of a landing, and of a clear fall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FallenLimits:
    """Limits of lying still where nobody was seen to fall."""

    lying: float = 0.6
    """Degree of lying (as in `fall`) from which someone lies."""

    upright: float = 0.2
    """Degree of lying below which the stillness ends."""

    low_hips: float = 0.35
    """Hips of someone on the floor are in the lower part of the picture: below this, from the top.
    Indoor cameras hang high and look down; a body above it lies on furniture or is no body."""

    moved: float = 0.15
    """Movement of the trunk that starts the stillness anew."""

    still_s: Ramp = (60.0, 180.0)
    """Stillness from which it is for review, and from which it alarms."""

    weight: Ramp = (4.4, 6.5)
    """Log-odds at these times: confidences of 0.81 and 0.97 over a prior of 0.05."""


SEEN_FALL = FallLimits()
"""The limits that are shipped, of falls that are seen."""

FOUND_LYING = FallenLimits()
"""The same, of people who are found lying."""
