"""Sums the scores up and prints them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from hearing.clips import KINDS, Clip
from hearing.rates import Operating, area_under_curve, operating
from hearing.systems import Scores
from omnicam.taxonomy import SoundLabel

ALLOWED = (0.01, 0.02, 0.05)
BROKEN_DOWN_AT = 0.02

type Heard = Mapping[Clip, Mapping[str, Scores]]
"""The scores of every clip under every competitor's name."""


def summary(heard: Heard, label: SoundLabel) -> dict[str, dict[str, Any]]:
    """Give each competitor's figures on one kind of sound.

    Raises:
        ValueError: no clip holds the kind, or every one does.
    """
    names = next(iter(heard.values()), {})
    return {name: _of_one(heard, label, name) for name in names}


def _of_one(heard: Heard, label: SoundLabel, name: str) -> dict[str, Any]:
    score = {clip: scores[name][label] for clip, scores in heard.items()}
    kind = [clip for clip in score if clip.label in KINDS[label]]
    others = [clip for clip in score if clip.label not in KINDS[label]]
    points = [_point(score, kind, others, allowed) for allowed in ALLOWED]
    broken_down = points[ALLOWED.index(BROKEN_DOWN_AT)]
    passed = Counter(clip.source for clip in score if score[clip] > broken_down.threshold)
    return {
        "auc": area_under_curve([score[clip] for clip in kind], [score[clip] for clip in others]),
        "points": [asdict(point) for point in points],
        "found": {
            source: [passed[source], count]
            for source, count in sorted(Counter(clip.source for clip in kind).items())
        },
        "false": {
            source: [passed[source], count]
            for source, count in sorted(Counter(clip.source for clip in others).items())
            if passed[source]
        },
    }


def _point(
    score: Mapping[Clip, float], kind: Sequence[Clip], others: Sequence[Clip], allowed: float
) -> Operating:
    return operating([score[clip] for clip in kind], [score[clip] for clip in others], allowed)


def print_summary(label: SoundLabel, figures: Mapping[str, Mapping[str, Any]]) -> None:
    """Print one line a competitor, then where each hears rightly and wrongly."""
    first = next(iter(figures.values()))["points"][0]
    print(f"\n{label.value}: {first['clips']} clips, {first['others']} others")
    heads = "".join(f"{f'recall at {allowed:.0%} false':>26}" for allowed in ALLOWED)
    print(f"{'':<18}{'AUC':>7}{heads}")
    for name, each in figures.items():
        cells = "".join(f"{_cell(point):>26}" for point in each["points"])
        print(f"{name:<18}{each['auc']:>7.3f}{cells}")
    for name, each in figures.items():
        print(f"  {name}, at {BROKEN_DOWN_AT:.0%} false:")
        print(f"    found: {_counts(each['found'])}")
        print(f"    false: {_counts(each['false'])}")


def _cell(point: Mapping[str, Any]) -> str:
    share = f"{point['found'] / point['clips']:.0%}"
    return f"{point['found']}/{point['clips']} {share} ({point['low']:.0%}-{point['high']:.0%})"


def _counts(counts: Mapping[str, Sequence[int]]) -> str:
    return ", ".join(f"{source} {of[0]}/{of[1]}" for source, of in counts.items()) or "none"
