"""Draws a person: limbs, clothes, skin, hair and a face, shaded and in the order of depth.

Drawn at twice the resolution of the picture and shrunk, so that edges are smooth and the 2-3
pixels of an eye survive; a pose model that learnt from photographs finds such a figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from staging.camera import Camera, Points
from staging.skeleton import Skeleton

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

SUPERSAMPLING = 2
SUBPIXEL_BITS = 4
# Nested layers of a rounded body part: share of its radius, brightness. Light comes from above
# on the left, so the brighter layers shift that way.
SHADES = ((1.0, 0.62), (0.88, 0.78), (0.7, 0.92), (0.45, 1.02), (0.2, 1.1))
LIGHT = np.array([-0.45, -0.6])
_CIRCLE = np.array([[np.cos(a), np.sin(a)] for a in np.linspace(0, 2 * np.pi, 18)[:-1]])
# The circle of each layer for a ball of radius 1: shape (layers, points of the circle, 2).
_LAYERS = np.array([_CIRCLE * share + LIGHT * ((1 - share) * 0.8) for share, _ in SHADES])


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Colours (RGB) of one person and whether the hair is long."""

    shirt: Colour = (70, 105, 150)
    trousers: Colour = (62, 60, 72)
    skin: Colour = (224, 178, 150)
    hair: Colour = (52, 38, 30)
    shoes: Colour = (48, 42, 40)
    long_hair: bool = False


WARDROBE: Mapping[str, Looks] = {
    "blue": Looks(),
    "red": Looks(shirt=(168, 58, 56), trousers=(50, 58, 86), hair=(90, 62, 38), long_hair=True),
    "green": Looks(shirt=(84, 128, 92), trousers=(86, 74, 62), skin=(196, 146, 116)),
    "dark": Looks(shirt=(58, 60, 66), trousers=(42, 46, 56), hair=(34, 30, 28)),
    "grey": Looks(shirt=(150, 146, 140), trousers=(70, 78, 96), hair=(168, 164, 160)),
}

# Limbs as (from joint, radius, to joint, radius, colour), radii in metres.
_LIMBS = tuple(
    (f"{side}_{a}", ra, f"{side}_{b}", rb, colour)
    for side in ("left", "right")
    for a, ra, b, rb, colour in (
        ("hip", 0.088, "knee", 0.062, "trousers"),
        ("knee", 0.062, "ankle", 0.044, "trousers"),
        ("heel", 0.042, "toe", 0.034, "shoes"),
        ("shoulder", 0.066, "elbow", 0.05, "shirt"),
        ("elbow", 0.04, "wrist", 0.03, "skin"),
        ("wrist", 0.033, "finger", 0.026, "skin"),
    )
)
_TORSO = (
    ("left_shoulder", 0.066), ("right_shoulder", 0.066), ("neck", 0.06), ("waist", 0.125),
    ("left_hip", 0.085), ("right_hip", 0.085),
)  # fmt: skip
_HIPS = (("left_hip", 0.092), ("right_hip", 0.092), ("pelvis", 0.105))
# Balls of the head in its own axes (left, up, ahead), radius, colour.
_HEAD: tuple[tuple[tuple[float, float, float], float, str], ...] = (
    ((0.0, 0.0, 0.0), 0.093, "skin"),
    ((0.0, -0.055, 0.025), 0.062, "skin"),
    ((0.088, -0.012, -0.005), 0.022, "skin"),
    ((-0.088, -0.012, -0.005), 0.022, "skin"),
    ((0.0, 0.035, -0.028), 0.103, "hair"),
    ((0.0, 0.075, 0.012), 0.07, "hair"),
)
_LONG_HAIR: tuple[tuple[tuple[float, float, float], float, str], ...] = (
    ((0.0, -0.04, -0.055), 0.09, "hair"),
    ((0.0, -0.13, -0.06), 0.075, "hair"),
)
# Features of the face: position, half axes (metres), brightness against the skin or a colour.
_FACE: tuple[tuple[tuple[float, float, float], tuple[float, float], Colour | float], ...] = (
    ((0.036, 0.006, 0.087), (0.017, 0.010), (236, 232, 226)),
    ((-0.036, 0.006, 0.087), (0.017, 0.010), (236, 232, 226)),
    ((0.036, 0.006, 0.09), (0.009, 0.009), (44, 34, 30)),
    ((-0.036, 0.006, 0.09), (0.009, 0.009), (44, 34, 30)),
    ((0.037, 0.03, 0.084), (0.021, 0.005), (70, 52, 42)),
    ((-0.037, 0.03, 0.084), (0.021, 0.005), (70, 52, 42)),
    ((0.0, -0.022, 0.1), (0.011, 0.02), 0.86),
    ((0.0, -0.066, 0.088), (0.026, 0.008), (164, 88, 82)),
)


class _Brush:
    """Draws balls and hulls of balls into the enlarged part of the picture around the person."""

    def __init__(self, canvas: Image, origin: Points, zoom: float, light: float) -> None:
        self._canvas = canvas
        self._origin = origin
        self._zoom = zoom
        self._light = light

    def _fixed(self, points: Points) -> NDArray[np.int32]:
        fixed = (points - self._origin) * (self._zoom * 2**SUBPIXEL_BITS)
        return np.asarray(np.rint(fixed), np.int32)

    def _fill(self, fixed: NDArray[np.int32], colour: Sequence[float], light: float) -> None:
        red, green, blue = colour
        tone = (min(255.0, red * light), min(255.0, green * light), min(255.0, blue * light))
        cv2.fillConvexPoly(self._canvas, fixed, tone, cv2.LINE_AA, SUBPIXEL_BITS)

    def hull(self, centres: Points, radii: Points, colour: Colour) -> None:
        """Fill the rounded hull of balls at pixels (N, 2) with radii (N,) in pixels."""
        # All layers at once, shape (layers, balls, points of the circle, 2): this is where the
        # drawing of a film spends its time.
        rings = centres[:, None, :] + _LAYERS[:, None] * radii[:, None, None]
        layers = self._fixed(rings).reshape(len(SHADES), -1, 2)
        for points, (_, brightness) in zip(layers, SHADES, strict=True):
            self._fill(
                np.asarray(cv2.convexHull(points), np.int32), colour, brightness * self._light
            )

    def oval(self, centre: Points, across: Points, along: Points, colour: Sequence[float]) -> None:
        """Fill a flat oval with the half axes `across` and `along` (pixels)."""
        points = centre + _CIRCLE[:, :1] * across + _CIRCLE[:, 1:] * along
        self._fill(self._fixed(points), colour, self._light)


def silhouette_box(pixels: Points, margin: float, camera: Camera) -> tuple[int, int, int, int]:
    """Give left, top, right, bottom of what surrounds the pixels (N, 2), cut to the picture."""
    low = np.floor(pixels.min(axis=0) - margin).astype(int)
    high = np.ceil(pixels.max(axis=0) + margin).astype(int)
    left, right = (int(v) for v in np.clip((low[0], high[0]), 0, camera.width))
    top, bottom = (int(v) for v in np.clip((low[1], high[1]), 0, camera.height))
    return left, top, right, bottom


def _draw_head(brush: _Brush, body: Skeleton, camera: Camera, looks: Looks) -> None:
    axes, centre = body.head_axes, body.joints["head"]
    balls = _HEAD + (_LONG_HAIR if looks.long_hair else ())
    places = np.array([centre + axes @ np.array(at) for at, _, _ in balls])
    pixels, distance = camera.project(places)
    for i in np.argsort(-distance, kind="stable"):
        radius = np.array([balls[i][1] * camera.focal / distance[i]])
        brush.hull(pixels[i][None], radius, getattr(looks, balls[i][2]))
    lens = np.array([0.0, camera.elevation, 0.0])
    for at, (wide, high), colour in _FACE:
        normal = axes @ (np.array(at) / np.linalg.norm(at))
        place = centre + axes @ np.array(at)
        towards = (lens - place) / np.linalg.norm(lens - place)
        if float(normal @ towards) < 0.2:
            continue
        trio = np.array([place, place + axes[:, 0] * wide, place + axes[:, 1] * high])
        spots, _ = camera.project(trio)
        tone = colour if isinstance(colour, tuple) else tuple(c * colour for c in looks.skin)
        brush.oval(spots[0], spots[1] - spots[0], spots[2] - spots[0], tone)


def draw_shadow(picture: Image, body: Skeleton, camera: Camera, strength: float = 0.5) -> None:
    """Darken the support under the body, softly, as under a ceiling light; changes `picture`."""
    under = np.array(list(body.joints.values()))
    # The higher a joint is, the less it shades: only what is near the support counts fully.
    under = under[under[:, 1] - body.support < 0.6]
    rims = np.concatenate(
        [under + np.array(d) for d in ((0.09, 0, 0), (-0.09, 0, 0), (0, 0, 0.07))]
    )
    rims[:, 1] = body.support
    pixels, _ = camera.project(rims)
    soft = 10.0 * camera.scale
    left, top, right, bottom = silhouette_box(pixels, 3 * soft, camera)
    if right - left < 4 or bottom - top < 4:
        return
    small = 0.25
    size = (max(2, int((right - left) * small)), max(2, int((bottom - top) * small)))
    low = np.zeros((size[1], size[0]), np.float32)
    outline = cv2.convexHull(((pixels - [left, top]) * small).astype(np.int32))
    cv2.fillConvexPoly(low, outline, strength)
    soft_low = cv2.GaussianBlur(low, (0, 0), max(0.8, soft * small))
    mask = cv2.resize(soft_low, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    part = picture[top:bottom, left:right]
    kept = cv2.cvtColor(255 - (mask * 255).astype(np.uint8), cv2.COLOR_GRAY2RGB)
    cv2.multiply(part, kept, part, 1 / 255)


def draw_person(
    picture: Image, body: Skeleton, camera: Camera, looks: Looks, light: float = 1.0
) -> None:
    """Draw the person into the RGB `picture` (H, W, 3); `light` scales the brightness."""
    names = list(body.joints)
    pixels, distance = camera.project(np.array([body.joints[n] for n in names]))
    where = dict(zip(names, pixels, strict=True))
    away = dict(zip(names, distance, strict=True))
    if min(away.values()) < 0.5:
        return
    margin = 0.16 * camera.focal / min(away.values()) + 3
    left, top, right, bottom = silhouette_box(pixels, margin, camera)
    if right - left < 2 or bottom - top < 2:
        return
    region = picture[top:bottom, left:right]
    size = ((right - left) * SUPERSAMPLING, (bottom - top) * SUPERSAMPLING)
    canvas = np.asarray(cv2.resize(region, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    brush = _Brush(canvas, np.array([left, top], float) - 0.25, SUPERSAMPLING, light)

    def hull(parts: Sequence[tuple[str, float]], colour: str) -> None:
        centres = np.array([where[n] for n, _ in parts])
        radii = np.array([r * camera.focal / away[n] for n, r in parts])
        brush.hull(centres, radii, getattr(looks, colour))

    # Painter's order. The trunk counts as two parts; the head with its neck as one.
    jobs: list[tuple[float, int]] = [
        ((away[a] + away[b]) / 2, i) for i, (a, _, b, _, _) in enumerate(_LIMBS)
    ]
    torso, head = len(_LIMBS), len(_LIMBS) + 1
    jobs.append(((away["waist"] + away["neck"]) / 2, torso))
    jobs.append((away["head"] - 0.02, head))
    for _, job in sorted(jobs, reverse=True):
        if job == torso:
            hull(_HIPS, "trousers")
            hull((("neck", 0.052), ("head", 0.05)), "skin")
            hull(_TORSO, "shirt")
        elif job == head:
            _draw_head(brush, body, camera, looks)
        else:
            a, ra, b, rb, colour = _LIMBS[job]
            hull(((a, ra), (b, rb)), colour)
    blurred = cv2.GaussianBlur(canvas, (0, 0), 1.1 * max(1.0, camera.scale))
    region[:] = cv2.resize(blurred, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
