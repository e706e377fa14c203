"""The model's section: what is taken, and what is said about the rest."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from omnicam.config.errors import ConfigError
from omnicam.config.load import parse
from omnicam.config.model import Language, ModelSettings, NodeSettings
from omnicam.taxonomy import AnomalyClass

MODEL = {"url": "http://192.0.2.8:8000/v1", "name": "omni"}


def settings(base: Path, model: Any = None, **changes: Any) -> NodeSettings:
    raw = {"node": "home", "cameras": {"hall": {"url": "rtsp://192.0.2.7/"}}}
    return parse(raw | ({"model": model} if model else {}) | changes, base=base)


def model(base: Path, **changes: Any) -> ModelSettings:
    found = settings(base, MODEL | changes).model
    assert found is not None
    return found


def complaint(base: Path, **changes: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        model(base, **changes)
    return str(caught.value)


def test_without_the_section_there_is_no_model(tmp_path: Path) -> None:
    assert settings(tmp_path).model is None


def test_the_sentences_are_in_the_nodes_language_unless_said_otherwise(tmp_path: Path) -> None:
    assert model(tmp_path).language is Language.ENGLISH
    node = settings(tmp_path, MODEL, language="zh-Hans").model
    assert node is not None
    assert node.language is Language.CHINESE
    assert model(tmp_path, language="zh-Hans").language is Language.CHINESE


def test_a_token_comes_from_the_file_or_a_file_of_its_own_and_never_shows(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a-long-secret\n")
    for given in ({"token": "a-long-secret"}, {"token_file": "token"}):
        found = model(tmp_path, **given)
        assert found.token is not None
        assert found.token.reveal() == "a-long-secret"
        assert "a-long-secret" not in repr(found)
    assert "model.token = ***" in complaint(tmp_path, token=12345)
    assert "keep one of the two" in complaint(tmp_path, token="x", token_file="token")
    assert "model.token_file = '" in complaint(tmp_path, token_file="none")


def test_trust_is_an_authority_or_a_pin_and_needs_tls(tmp_path: Path) -> None:
    authorities = ssl.get_default_verify_paths().cafile
    digits = "AB:" * 31 + "AB"
    secure = {"url": "https://model.home.arpa/v1"}
    assert model(tmp_path, **secure, fingerprint=digits).fingerprint == "ab" * 32
    if authorities is not None:
        assert model(tmp_path, **secure, ca_file=authorities).ca_file == Path(authorities)
    (tmp_path / "wrong.pem").write_text("no certificate")
    for file in ("wrong.pem", "none.pem"):
        assert f"model.ca_file = '{file}'" in complaint(tmp_path, **secure, ca_file=file)
    assert "begin model.url with https://" in complaint(tmp_path, fingerprint=digits)
    assert "64 hexadecimal digits" in complaint(tmp_path, **secure, fingerprint="abc")


@pytest.mark.parametrize(
    "url",
    ["", "192.0.2.8:8000", "ftp://h/v1", "http://", "http://u:a-secret@h/v1", "http://h/v1?key=1",
     "http://h:0x/v1", "http://h:99999/v1", 7],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_told(tmp_path: Path, url: object) -> None:
    said = complaint(tmp_path, url=url)
    assert said.startswith("model.url")
    assert "must be an address such as" in said
    assert "a-secret" not in said


@pytest.mark.parametrize(
    ("field", "value"),
    [("deadline_s", 0), ("deadline_s", 21), ("pictures", 1), ("pictures", 9), ("pictures", 2.5),
     ("windows_per_minute", 0), ("audits_per_hour", -1), ("parallel", 0), ("language", "de")],
)  # fmt: skip
def test_fields_have_their_ranges(tmp_path: Path, field: str, value: object) -> None:
    assert f"model.{field} = {value!r}: must be" in complaint(tmp_path, **{field: value})


def test_what_is_missing_or_misspelt_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"model\.name: is missing"):
        settings(tmp_path, {"url": "http://h/v1"})
    assert "did you mean deadline_s?" in complaint(tmp_path, deadlines=3)


def test_classes_and_cameras_may_be_left_out(tmp_path: Path) -> None:
    camera = {"url": "rtsp://h/", "classes": {"fall": {"verify": True}}, "verify": False}
    node = settings(
        tmp_path, MODEL, cameras={"hall": camera, "yard": {"url": "rtsp://h/"}},
        classes={"fall": {"verify": False}},
    )  # fmt: skip
    hall, yard = node.cameras
    assert (hall.verify, yard.verify) == (False, True)
    assert hall.classes[AnomalyClass.FALL].verify
    assert not yard.classes[AnomalyClass.FALL].verify
    assert yard.classes[AnomalyClass.SMOKE].verify
