"""Every wrong configuration names the field, the value and the remedy; nothing secret shows."""

from __future__ import annotations

import copy
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicam.config.errors import ConfigError
from omnicam.config.load import load, parse, without_credentials
from omnicam.config.model import Hours, Secret, ZoneKind
from omnicam.taxonomy import AnomalyClass, Level

GOOD: dict[str, Any] = {
    "node": "home",
    "mqtt": {"host": "broker", "username": "node", "password": "hunter2"},
    "cameras": {
        "bedroom": {
            "url": "rtsp://admin:s3cret@192.0.2.7/main",
            "zones": {"bed": {"kind": "resting", "points": [[0, 0], [1, 0], [1, 1]]}},
        }
    },
}


def changed(path: str, value: object) -> dict[str, Any]:
    """Give the good configuration with one field set."""
    raw = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    place = raw
    for key in parents:
        place = place.setdefault(key, {})
    place[last] = value
    return raw


def complaint(raw: object) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(raw, base=Path("/config"))
    return str(caught.value)


def test_a_small_file_is_enough() -> None:
    settings = parse(GOOD, base=Path("/config"))
    camera = settings.cameras[0]
    assert (settings.node, settings.data) == ("home", Path("/config/data"))
    assert (camera.id, camera.name, camera.frame_rate) == ("bedroom", "Bedroom", 6.0)
    assert camera.zones[0].kind is ZoneKind.RESTING
    assert set(camera.classes) == set(AnomalyClass)
    assert camera.classes[AnomalyClass.FALL].alarm_level is Level.HIGH


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("cameras.bedroom.url", "ftp://x/y", ["cameras.bedroom.url", "rtsp://"]),
        ("cameras.bedroom.url", "rtsp:///nohost", ["names no host"]),
        ("cameras.bedroom.url", "rtsp://h:99999/x", ["cameras.bedroom.url", "not a valid"]),
        ("cameras.bedroom.transport", "quic", ["transport", "'quic'", "tcp, udp"]),
        ("cameras.bedroom.frame_rate", 0, ["frame_rate", "= 0", "from 1 to 30"]),
        ("cameras.bedroom.framerate", 6, ["framerate", "did you mean frame_rate"]),
        ("cameras.bedroom.ring_s", 5, ["ring_s", "from 30"]),
        ("cameras.bedroom.audio", "yes", ["audio", "'yes'", "true or false"]),
        ("cameras.bedroom.night", "22-6", ["night", "'22-6'", "22:00-06:00"]),
        ("cameras.bedroom.zones.bed.kind", "sofa", ["zones.bed.kind", "resting"]),
        ("cameras.bedroom.zones.bed.points", [[0, 0]], ["points", "at least 3"]),
        ("cameras.bedroom.zones.bed.points", [[0, 0], [1, 2], [1, 1]], ["from 0 to 1"]),
        ("cameras.bedroom.zones.Big Bed", {}, ["Big Bed", "living_room"]),
        ("cameras.bedroom.lines.f", {"points": [[0, 0], [1, 1]]}, ["lines.f.kind", "is missing"]),
        ("cameras.bedroom.classes.fall.zones", ["garden"], ["'garden'", "unknown zone", "bed"]),
        ("cameras.bedroom.classes.fal", {}, ["fal", "must be one of", "fall"]),
        ("cameras.bedroom.classes.fall.low", 0.9, ["low 0.9", "must rise"]),
        ("classes.fall.zones", ["bed"], ["cameras.<id>.classes"]),
        ("cameras", [], ["cameras", "mapping"]),
        ("node", "My Home", ["node", "'My Home'", "living_room"]),
        ("mqtt.port", 99999, ["mqtt.port", "99999", "65535"]),
        ("mqtt.hots", "x", ["mqtt.hots", "did you mean host"]),
        ("mqtt.password", 1234, ["mqtt.password", "***", "in quotes"]),
        ("mqtt.password_file", "x", ["mqtt.password_file", "keep one"]),
        ("time_zone", "Mars/Base", ["time_zone", "'Mars/Base'", "Europe/Berlin"]),
        ("words", [], ["words", "at least one"]),
        ("language", "fr", ["language", "'fr'", "zh-Hans"]),
        ("nod", "x", ["nod", "did you mean node"]),
    ],
)
def test_a_wrong_field_is_named_with_value_and_remedy(
    path: str, value: object, words: list[str]
) -> None:
    message = complaint(changed(path, value))
    for word in words:
        assert word in message
    for secret in ("s3cret", "hunter2", "1234"):
        assert secret not in message


def test_all_problems_are_told_at_once() -> None:
    raw = changed("mqtt.port", 0)
    raw["cameras"]["bedroom"]["frame_rate"] = 99
    assert len(complaint(raw).splitlines()) == 2


@pytest.mark.parametrize("raw", [None, [], "text", 7])
def test_a_file_that_is_no_mapping_is_refused(raw: object) -> None:
    assert "mapping" in complaint(raw)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("node: [", "line"),
        ("node: a\nnode: b\n", "given twice"),
        ("node: \xff".encode("latin-1"), "UTF-8"),
    ],
)
def test_a_file_that_is_no_yaml_is_refused(tmp_path: Path, text: str | bytes, word: str) -> None:
    file = tmp_path / "omnicam.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError, match=word):
        load(file)
    with pytest.raises(ConfigError, match="check the path"):
        load(tmp_path / "missing.yaml")


def test_secrets_do_not_show() -> None:
    settings = parse(GOOD, base=Path("/config"))
    assert "s3cret" not in repr(settings)
    assert "hunter2" not in repr(settings)
    assert settings.mqtt is not None
    assert settings.mqtt.password == Secret("hunter2")


def test_user_and_password_are_put_into_the_address_escaped() -> None:
    raw = changed("cameras.bedroom.url", "rtsp://192.0.2.7:554/main")
    raw["cameras"]["bedroom"] |= {"username": "me@home", "password": "p/a:s@s"}
    url = parse(raw, base=Path("/")).cameras[0].url.reveal()
    assert url == "rtsp://me%40home:p%2Fa%3As%40s@192.0.2.7:554/main"


def test_a_password_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from-file\n")
    raw = changed("mqtt", {"host": "x", "password_file": "secret"})
    mqtt = parse(raw, base=tmp_path).mqtt
    assert mqtt is not None
    assert mqtt.password == Secret("from-file")
    raw["mqtt"]["password_file"] = "absent"
    with pytest.raises(ConfigError, match=r"mqtt\.password_file"):
        parse(raw, base=tmp_path)


def test_the_camera_overrides_the_node_and_the_node_the_taxonomy() -> None:
    raw = changed("classes", {"fall": {"refractory_s": 60, "high": 0.95}})
    raw["cameras"]["bedroom"]["classes"] = {"fall": {"high": 0.97}}
    fall = parse(raw, base=Path("/")).cameras[0].classes[AnomalyClass.FALL]
    assert (fall.refractory_s, fall.thresholds.high, fall.thresholds.low) == (60, 0.97, 0.75)


@given(user=st.text("abc:/@%#?", min_size=1), password=st.text("xyz:/@%#?", min_size=1))
def test_no_address_shows_its_credentials(user: str, password: str) -> None:
    from urllib.parse import quote

    url = f"rtsp://{quote(user, safe='')}:{quote(password, safe='')}@camera.local:554/main?key=zzz"
    assert without_credentials(url) == "rtsp://camera.local:554/main"


@given(
    start=st.times().map(lambda t: t.replace(microsecond=0)),
    end=st.times().map(lambda t: t.replace(microsecond=0)),
    moment=st.times(),
)
def test_hours_and_their_complement_share_no_moment(start: time, end: time, moment: time) -> None:
    inside = Hours(start, end).contains(moment)
    if start == end:
        assert inside
    else:
        assert inside != Hours(end, start).contains(moment)
