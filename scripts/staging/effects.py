"""What happens to the whole picture: covers, blur, smoke, light, a cat, a television.

An effect is a function of the scene's time, the picture and the camera that changes the picture in
place. The same time always gives the same picture.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from staging.camera import Camera
from staging.figure import Image

type Effect = Callable[[float, Image, Camera], None]

COVER_S = 0.3
SMOKE_PUFFS = 46


def covered() -> Effect:
    """Draw a dark cloth over the lens within 0.3 s."""

    def effect(time: float, picture: Image, camera: Camera) -> None:
        if time < 0:
            return
        edge = int(camera.width * min(1.0, time / COVER_S + 0.15))
        cloth = np.linspace(16, 9, camera.height)[:, None, None]
        picture[:, :edge] = (cloth * np.array([1.0, 0.92, 0.9])).astype(np.uint8)

    return effect


def defocused() -> Effect:
    """Turn the lens out of focus within a second."""

    def effect(time: float, picture: Image, camera: Camera) -> None:
        if time >= 0:
            sigma = 0.3 + 11 * min(1.0, time) * camera.scale
            # What a wide blur leaves is as good in fewer pixels, and takes a tenth of the time.
            shrunk = max(1, int(sigma / 2.5))
            size = (max(1, camera.width // shrunk), max(1, camera.height // shrunk))
            small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
            soft = cv2.GaussianBlur(small, (0, 0), sigma / shrunk)
            full = (camera.width, camera.height)
            picture[:] = cv2.resize(soft, full, interpolation=cv2.INTER_LINEAR)

    return effect


def moved() -> Effect:
    """Turn the camera away to the side within 0.6 s."""

    def effect(time: float, picture: Image, camera: Camera) -> None:
        if time < 0:
            return
        share = min(1.0, time / 0.6)
        shift = np.array(
            [[1, 0, -0.42 * camera.width * share], [0, 1, 0.12 * camera.height * share]]
        )
        size = (camera.width, camera.height)
        picture[:] = cv2.warpAffine(picture, shift, size, borderMode=cv2.BORDER_REFLECT)

    return effect


def frozen() -> Effect:
    """Mark only: the renderer repeats the last picture to the bit from time 0 on."""

    def effect(time: float, picture: Image, camera: Camera) -> None:
        """The renderer does the work, since noise comes after all effects."""

    effect.freezes = True  # type: ignore[attr-defined] # read by `freezes`
    return effect


def freezes(effect: Effect) -> bool:
    """Whether the renderer must repeat the last picture from time 0 on."""
    return getattr(effect, "freezes", False)


def infrared() -> Effect:
    """Take the colour away, as an infrared camera does."""

    def effect(_time: float, picture: Image, _camera: Camera) -> None:
        picture[:] = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None]

    return effect


def light_switched() -> Effect:
    """Switch the light off at 0 and on again after four seconds."""

    def effect(time: float, picture: Image, _camera: Camera) -> None:
        if 0 <= time < 4:
            picture[:] = (picture * 0.3).astype(np.uint8)

    return effect


def television() -> Effect:
    """Let the light of a television flicker over the wall."""

    def effect(time: float, picture: Image, camera: Camera) -> None:
        glow = 1.0 + 0.06 * np.sin(time * 2.3) + 0.04 * np.sin(time * 5.1 + 1)
        part = picture[: camera.height // 2, : camera.width // 3]
        part[:] = np.clip(part * glow, 0, 255).astype(np.uint8)

    return effect


def cat() -> Effect:
    """Let a cat walk through the picture from time 0 on."""

    def effect(time: float, picture: Image, camera: Camera) -> None:
        x = int(camera.width * (0.05 + 0.1 * time))
        if time < 0 or x > camera.width * 1.1:
            return
        scale = camera.scale
        y = int(camera.height * 0.8)
        fur = (70, 62, 56)

        def at(across: float, down: float) -> tuple[int, int]:
            return int(x + across * scale), int(y + down * scale)

        def size(wide: float, high: float) -> tuple[int, int]:
            return max(1, int(wide * scale)), max(1, int(high * scale))

        cv2.ellipse(picture, at(0, 0), size(34, 15), 0, 0, 360, fur, -1, cv2.LINE_AA)
        cv2.ellipse(picture, at(38, -14), size(12, 11), 0, 0, 360, fur, -1, cv2.LINE_AA)
        for index, leg in enumerate((-24, -14, 16, 26)):
            swing = 7 * np.sin(time * 9 + index * 1.6)
            thick = max(1, int(6 * scale))
            cv2.line(picture, at(leg, 8), at(leg + swing, 32), fur, thick, cv2.LINE_AA)
        tail = max(1, int(5 * scale))
        cv2.line(picture, at(-32, -4), at(-56, -26 + 5 * np.sin(time * 4)), fur, tail, cv2.LINE_AA)

    return effect


def smoke(source: tuple[float, float, float]) -> Effect:
    """Let grey smoke rise from a place (x, height, depth in metres) and fill the ceiling."""
    random = np.random.default_rng(11)
    births = np.sort(random.uniform(0, 24, SMOKE_PUFFS))
    drift = random.normal(0, 0.22, (SMOKE_PUFFS, 2))
    tone = random.uniform(150, 190, SMOKE_PUFFS)

    def effect(time: float, picture: Image, camera: Camera) -> None:
        if time < 0:
            return
        small = 0.25
        height, width = int(camera.height * small), int(camera.width * small)
        veil = np.zeros((height, width), np.float32)
        shade = np.full((height, width), 170, np.float32)
        puff = np.zeros((height, width), np.uint8)
        for birth, (aside, rise), grey in zip(births, drift, tone, strict=True):
            age = time - birth
            if age <= 0:
                continue
            x = source[0] + aside * age + 0.12 * np.sin(age * 1.7 + birth)
            level = min(source[1] + (0.5 + rise * 0.3) * age, 3.0)
            spot, distance = camera.project(np.array([[x, level, -source[2]]]))
            radius = (0.12 + 0.17 * min(age, 9)) * camera.focal / distance[0] * small
            centre = (int(spot[0, 0] * small), int(spot[0, 1] * small))
            puff[:] = 0
            cv2.circle(puff, centre, max(1, int(radius)), 1, -1)
            inside = puff.view(np.bool_)
            opacity = 0.5 * min(1.0, age / 1.5)
            veil[inside] += (1 - veil[inside]) * opacity
            shade[inside] = 0.7 * shade[inside] + 0.3 * grey
        soft = cv2.GaussianBlur(veil, (0, 0), 4.5 * camera.scale)
        size = (camera.width, camera.height)
        alpha = cv2.resize(soft, size)
        tint = cv2.resize(cv2.GaussianBlur(shade, (0, 0), 6), size).astype(np.uint8)
        colour = cv2.cvtColor(tint, cv2.COLOR_GRAY2RGB)
        picture[:] = cv2.blendLinear(picture, colour, 1 - alpha, alpha)

    return effect
