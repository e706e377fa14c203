"""Two drawings as SVG inside the page: recall over false ones, and confidence over being right."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from omnicam.taxonomy import Thresholds

_SIZE, _LEFT, _TOP, _MARGIN = 240, 40, 12, 34

type Point = tuple[float, float]


def recall_curve(expected: Sequence[float], other: Sequence[float]) -> list[Point]:
    """Give (false share, recall) at every threshold that changes one of them.

    Args:
        expected: peak confidences of recordings that hold the target, rising.
        other: those of all others, rising.
    """
    thresholds = sorted({*expected, *other, 1.1}, reverse=True)
    return [(_share_above(other, each), _share_above(expected, each)) for each in thresholds]


def recall_drawing(title: str, expected: Sequence[float], other: Sequence[float]) -> str:
    """Draw recall over the share of other recordings with a false event; levels are marked."""
    points = recall_curve(expected, other)
    # From one threshold to the next both change at once only where peaks are equal.
    path = " ".join(f"{_x(false):.1f},{_y(found):.1f}" for false, found in points)
    marks = "".join(
        _mark((_share_above(other, threshold), _share_above(expected, threshold)), name)
        for name, threshold in (("any", Thresholds().low), ("alarm", Thresholds().high))
    )
    said = f"{len(expected)} with, {len(other)} without"
    return _frame(
        f"{title}: {said}",
        "others with a false event",
        "found",
        f'<polyline class="line" points="{path}"/>{marks}',
    )


def reliability_drawing(title: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """Draw the share of right events over their mean confidence, with 95 % intervals."""
    parts = [f'<line class="faint" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>']
    for row in rows:
        sure, right = row["mean_confidence"], row["right"]
        if sure is None:
            continue
        x = f"{_x(sure):.1f}"
        low, high = (f"{_y(right[key]):.1f}" for key in ("low", "high"))
        parts.append(f'<line class="bar" x1="{x}" y1="{low}" x2="{x}" y2="{high}"/>')
        parts.append(_mark((sure, right["share"]), f"n = {right['of']}", names=False))
    return _frame(title, "confidence", "right", "".join(parts))


def _share_above(rising: Sequence[float], threshold: float) -> float:
    return 1.0 - bisect_left(rising, threshold) / len(rising) if rising else 0.0


def _x(share: float) -> float:
    return _LEFT + share * _SIZE


def _y(share: float) -> float:
    return _TOP + (1.0 - share) * _SIZE


def _mark(point: Point, name: str, *, names: bool = True) -> str:
    x, y = _x(point[0]), _y(point[1])
    said = escape(f"{name}: {100 * point[0]:.1f} %, {100 * point[1]:.1f} %")
    text = f'<text x="{x + 7:.1f}" y="{y + 14:.1f}">{escape(name)}</text>' if names else ""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{said}</title></circle>{text}'


def _frame(title: str, across: str, up: str, inside: str) -> str:
    width, height = _LEFT + _SIZE + _MARGIN, _TOP + _SIZE + _MARGIN
    ticks = "".join(
        f'<line class="faint" x1="{_x(at)}" y1="{_y(0)}" x2="{_x(at)}" y2="{_y(1)}"/>'
        f'<line class="faint" x1="{_x(0)}" y1="{_y(at)}" x2="{_x(1)}" y2="{_y(at)}"/>'
        f'<text x="{_x(at)}" y="{_y(0) + 14}" text-anchor="middle">{100 * at:.0f}</text>'
        f'<text x="{_LEFT - 5}" y="{_y(at) + 4}" text-anchor="end">{100 * at:.0f}</text>'
        for at in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    return (
        f'<figure><svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
        f' aria-label="{escape(title)}">{ticks}{inside}'
        f'<text x="{_x(0.5)}" y="{height - 4}" text-anchor="middle">{escape(across)}, %</text>'
        f'<text transform="translate(10 {_y(0.5)}) rotate(-90)" text-anchor="middle">'
        f"{escape(up)}, %</text></svg><figcaption>{escape(title)}</figcaption></figure>"
    )
