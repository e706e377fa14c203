"""Where the edges of the scene are, and whether they are still there.

The layout is the orientation of the grey gradient at every pixel in double-angle form (cos 2a,
sin 2a), weighted by how far the gradient stands out of the picture's own average. It does not
change with brightness or contrast, nor when an edge swaps its dark and bright side, as happens when
a camera switches to infra-red; noise has random orientations and agrees with nothing.
(Double angle: G. H. Granlund, "In search of a general picture processing operator", 1978.)
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from omnicam.detect.protocol import Picture
from omnicam.media import Pixels

type Plane = npt.NDArray[np.float32]

ROWS, COLUMNS = 6, 8
"""Blocks in which the layout is looked for separately."""

_WEAK_GRADIENT = 6.0  # Sobel units; 8 is a slope of one grey level a pixel
_STABLE = 0.3  # length of the mean orientation vector from which an edge counts as stable
_STRUCTURED = 0.03  # stable edge weight a pixel from which a block can be judged
_SURVIVES = 0.25  # agreement from which a block counts as still visible
_MIN_BLOCKS = 6  # a reference with fewer structured blocks (a bare wall) cannot judge


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Orientation and strength of the gradient, each of shape (h, w), float32."""

    cosine: Plane
    sine: Plane
    magnitude: Plane


@dataclass(frozen=True, slots=True)
class Match:
    """How much of a reference is seen in a picture.

    Attributes:
        agreement: about 0.7 for the same view, 0 for another one or for none.
        surviving: share of the structured blocks still visible, 0..1.
        texture: mean gradient strength of the whole picture, relative to the reference's.
    """

    agreement: float
    surviving: float
    texture: float


def layout_of(grey: Pixels) -> Layout:
    """Compute the layout of a small grey picture of shape (h, w)."""
    smooth = cv2.GaussianBlur(grey, (3, 3), 0)
    gx = np.asarray(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), dtype=np.float32)
    gy = np.asarray(cv2.Sobel(smooth, cv2.CV_32F, 0, 1), dtype=np.float32)
    xx, yy = gx * gx, gy * gy
    power = xx + yy
    magnitude = np.sqrt(power)
    floor = np.float32(_WEAK_GRADIENT + 0.5 * float(magnitude.mean()))
    power += floor * floor
    return Layout((xx - yy) / power, 2 * gx * gy / power, magnitude)


def layout_in(picture: Picture) -> Layout:
    """Give the layout of a picture's grey, worked out once for all who ask."""
    known = picture.shared.get("layout")
    if not isinstance(known, Layout):
        known = picture.shared["layout"] = layout_of(picture.grey)
    return known


def block_sums(plane: Plane) -> npt.NDArray[np.float32]:
    """Sum a plane of shape (h, w) over ROWS x COLUMNS equal blocks; a remainder is left out."""
    height, width = plane.shape[0] // ROWS, plane.shape[1] // COLUMNS
    cut = plane[: ROWS * height, : COLUMNS * width]
    sums: npt.NDArray[np.float32] = cut.reshape(ROWS, height, COLUMNS, width).sum(axis=(1, 3))
    return sums


class Reference:
    """The learned layout of one camera's usual view."""

    def __init__(self) -> None:
        self._layout: Layout | None = None
        self._weight: Plane | None = None
        self._blocks: npt.NDArray[np.float32] | None = None
        self._usable: npt.NDArray[np.bool_] | None = None

    def learn(self, layout: Layout, rate: float) -> None:
        """Move towards a layout by `rate` in 0..1; the first, or another size, is taken whole."""
        known = self._layout
        if known is None or known.magnitude.shape != layout.magnitude.shape:
            self._layout = Layout(layout.cosine.copy(), layout.sine.copy(), layout.magnitude.copy())
        else:
            for mean, new in (
                (known.cosine, layout.cosine),
                (known.sine, layout.sine),
                (known.magnitude, layout.magnitude),
            ):
                cv2.accumulateWeighted(new, mean, rate)
        self._weight = None

    def forget(self) -> None:
        """Start over with the next layout learned."""
        self._layout = self._weight = None

    def _prepare(self, known: Layout) -> Plane:
        if self._weight is None:
            weight = np.sqrt(known.cosine * known.cosine + known.sine * known.sine)
            weight[weight < _STABLE] = 0
            self._weight = weight
            self._blocks = block_sums(weight)
            pixels = (weight.shape[0] // ROWS) * (weight.shape[1] // COLUMNS)
            self._usable = self._blocks > _STRUCTURED * pixels
        return self._weight

    @property
    def magnitude(self) -> Plane | None:
        """Usual gradient strength, shape (h, w), once something was learned."""
        return None if self._layout is None else self._layout.magnitude

    @property
    def stable(self) -> npt.NDArray[np.bool_] | None:
        """Where the view has lasting edges, shape (h, w), once something was learned."""
        return None if self._layout is None else self._prepare(self._layout) > 0

    def match(self, layout: Layout) -> Match | None:
        """Compare a picture with the reference; None where that has too little structure."""
        known = self._layout
        if known is None or known.magnitude.shape != layout.magnitude.shape:
            return None
        weight = self._prepare(known)
        blocks, usable = self._blocks, self._usable
        if blocks is None or usable is None or usable.sum() < _MIN_BLOCKS:
            return None
        # Without the means: codecs favour upright and level edges, which agree by chance.
        agree = known.cosine * (layout.cosine - layout.cosine.mean())
        agree += known.sine * (layout.sine - layout.sine.mean())
        agree[weight == 0] = 0
        seen = block_sums(agree)[usable] / blocks[usable]
        return Match(
            agreement=float(agree.sum() / weight.sum()),
            surviving=float((seen > _SURVIVES).mean()),
            texture=float(layout.magnitude.mean()) / max(float(known.magnitude.mean()), 1e-3),
        )
