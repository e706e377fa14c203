"""What came of the questions, counted: found, how late, called falsely; and who stayed the same."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from presence.films import Same, Walker, hips
from presence.watch import Happened, Seen

EARLY_S, LATE_S = 0.5, 3.0
"""An event counts for what happened so long before it at most, or so shortly after it: marks are
made by eye, and feet are over a line before the hips."""

_NEAR = 0.12
"""Of the picture: a track so close to where somebody's hips are is theirs."""


@dataclass(frozen=True, slots=True)
class Score:
    """Of one question: how late what was found was (seconds), what was missed, what was false."""

    latencies: tuple[float, ...]
    missed: tuple[float, ...]
    false: tuple[float, ...]
    alarms: int


def score(happened: Happened) -> Score:
    """Match events to what happened, in order; each event counts once."""
    left, latencies, missed = sorted(happened.events), [], []
    for onset in happened.question.onsets:
        near = [each for each in left if -EARLY_S <= each - onset <= LATE_S]
        if near:
            left.remove(near[0])
            latencies.append(near[0] - onset)
        else:
            missed.append(onset)
    alarms = sum(
        any(-EARLY_S <= each - onset <= LATE_S for each in happened.alarms)
        for onset in happened.question.onsets
    )
    return Score(tuple(latencies), tuple(missed), tuple(left), alarms)


def track_of(walker: Walker, seen: Sequence[Seen], span: tuple[float, float]) -> int | None:
    """Give the track that was nearest to somebody in most pictures of a span; None if none was."""
    votes: Counter[int] = Counter()
    for each in seen:
        if not span[0] <= each.time <= span[1]:
            continue
        place = hips(walker, each.time)
        near = {track: math.dist(place, at) for track, at in each.people.items()}
        if near and min(near.values()) <= _NEAR:
            votes[min(near, key=lambda track: near[track])] += 1
    return votes.most_common(1)[0][0] if votes else None


def stayed(walker: Walker, same: Same, seen: Sequence[Seen]) -> bool | None:
    """Say whether somebody kept their number; None where they were not found before or after."""
    before, after = track_of(walker, seen, same.before), track_of(walker, seen, same.after)
    return None if before is None or after is None else before == after


def percentile(values: Sequence[float], share: float) -> float:
    """Give the smallest value that this share of all does not exceed; nan of none."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]
