"""What may be asked: every wrong field has its own name in the answer."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from inference_server.serve.verdict import request
from inference_server.serve.verdict.interface import WindowError
from tests.inference_server.serve.verdict import verdict_scenes as scenes

PICTURE = scenes.picture(1, 96, 64)
GARBAGE = "Z2FyYmFnZQ=="


def body(**changes: Any) -> bytes:
    return json.dumps(scenes.request([PICTURE], [], scenes.wav(0.5)) | changes).encode()


def content(*parts: Any) -> bytes:
    return body(messages=[{"role": "user", "content": list(parts)}])


def read_all(raw: bytes) -> None:
    for sent in request.read(raw).media:
        sent.decoded()


def refused(raw: bytes) -> WindowError:
    with pytest.raises(WindowError) as caught:
        read_all(raw)
    assert str(caught.value).startswith(caught.value.field)
    assert len(str(caught.value)) < 300
    return caught.value


def test_a_window_is_read_whole() -> None:
    film = [scenes.picture(seed, 96, 64, "JPEG") for seed in (2, 3)]
    raw = json.dumps(scenes.request([PICTURE], film, scenes.wav(0.5), model="omni")).encode()
    asked = request.read(raw)
    assert asked.model == "omni"
    assert asked.questions == scenes.QUESTIONS
    assert asked.messages[0] == {"role": "system", "content": scenes.SYSTEM}
    kinds = [part["type"] for part in asked.messages[1]["content"]]
    assert kinds == ["image", "video", "audio", "text"]
    shown, moved, heard = (sent.decoded() for sent in asked.media)
    assert shown.pixels.shape == (1, 64, 96, 3)
    expected = np.random.default_rng(1).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    assert np.array_equal(shown.pixels[0], expected)  # PNG loses nothing
    assert (moved.kind, moved.pixels.shape) == ("video", (2, 64, 96, 3))
    assert heard.samples.shape == (8000,)
    assert 0.01 < np.abs(heard.samples).max() <= 1.0


def test_the_same_content_has_the_same_digest_and_other_content_another() -> None:
    def digests(raw: bytes) -> list[str]:
        return [sent.decoded().digest for sent in request.read(raw).media]

    first = digests(body())
    assert digests(body()) == first
    assert len(set(first)) == 2
    other = json.dumps(scenes.request([scenes.picture(9, 96, 64)], [], scenes.wav(0.5))).encode()
    assert digests(other)[0] != first[0]
    assert digests(other)[1] == first[1]
    # The same JPEG as a picture and as a film are two things to the model.
    jpeg = scenes.picture(2, 96, 64, "JPEG")
    assert len(set(digests(json.dumps(scenes.request([jpeg], [], b"")).encode()))) == 1


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"", "body"),
        (b"[" * 100_000, "body"),
        (b"[]", "body"),
        (body(temperature=1), "temperature"),
        (body(model=3), "model"),
        (body(questions=None), "questions"),
        (body(questions={}), "questions"),
        (body(questions=["Is it?"]), "questions"),
        (body(questions={"q": " "}), "questions.q"),
        (body(questions={"q": 1}), "questions.q"),
        (body(questions={str(n): "Is it?" for n in range(33)}), "questions"),
        (body(questions={"q": "x" * 20_000}), "messages"),
        (body(messages=None), "messages"),
        (body(messages=[]), "messages"),
        (body(messages=["hi"]), "messages[0].role"),
        (body(messages=[{"role": "nobody", "content": "hi"}]), "messages[0].role"),
        (body(messages=[{"role": "user", "content": 1}]), "messages[0].content"),
        (body(messages=[{"role": "user", "content": "hi", "name": "x"}]), "messages[0]"),
        (body(messages=[{"role": "system", "content": "hi"}]), "messages[0].role"),
        (content({"type": "file"}), "messages[0].content[0].type"),
        (content("hi"), "messages[0].content[0].type"),
        (content({"type": "text", "text": 1}), "messages[0].content[0].text"),
        (content({"type": "image_url", "image_url": "x"}), "messages[0].content[0].image_url"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named(raw: bytes, field: str) -> None:
    assert refused(raw).field == field


@pytest.mark.parametrize(
    "url",
    [
        None,
        "http://camera.example/a.jpg",
        "file:///etc/passwd",
        "data:image/gif;base64," + GARBAGE,
        "data:image/jpeg;base64,@@@@",
        "data:image/jpeg;base64," + GARBAGE,
        "data:image/png;base64," + scenes.text(PICTURE[:-40]),
        "data:image/png;base64," + scenes.text(scenes.picture(1, 5000, 1)),
    ],
    ids=lambda url: str(url)[:40],
)
def test_a_picture_that_is_none_is_named(url: Any) -> None:
    error = refused(content({"type": "image_url", "image_url": {"url": url}}))
    assert error.field == "messages[0].content[0].image_url.url"


@pytest.mark.parametrize(
    "url",
    [
        "data:video/mp4;base64," + GARBAGE,
        "data:video/jpeg;base64,",
        "data:video/jpeg;base64," + ",".join([GARBAGE] * 100),
        "data:video/jpeg;base64,"
        + ",".join(scenes.text(scenes.picture(1, side, 64, "JPEG")) for side in (64, 96)),
    ],
    ids=["mp4", "nothing", "too many", "two sizes"],
)
def test_a_film_that_is_none_is_named(url: str) -> None:
    error = refused(content({"type": "video_url", "video_url": {"url": url}}))
    assert error.field == "messages[0].content[0].video_url.url"


@pytest.mark.parametrize(
    "data",
    [
        None,
        "@@",
        GARBAGE,
        scenes.text(scenes.wav(0.0)),
        scenes.text(scenes.wav(0.1)[:20]),
        scenes.text(scenes.wav(0.1, rate=8000)),
        scenes.text(scenes.wav(0.1, channels=2)),
        scenes.text(scenes.wav(61.0)),
    ],
    ids=["nothing", "no base64", "garbage", "empty", "cut", "8 kHz", "stereo", "long"],
)
def test_a_sound_that_is_none_is_named(data: Any) -> None:
    part = {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}
    assert refused(content(part)).field == "messages[0].content[0].input_audio.data"


def test_only_wav_is_taken() -> None:
    part = {"type": "input_audio", "input_audio": {"data": GARBAGE, "format": "mp3"}}
    assert refused(content(part)).field == "messages[0].content[0].input_audio.format"
