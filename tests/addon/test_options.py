"""From the app's options and the Supervisor's broker to a configuration that the node takes."""

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicam.app.options import Place, anchored, configuration, from_options, overlay
from omnicam.config.errors import ConfigError
from omnicam.config.load import parse

FOLDER = Path("/config")
PLACE = Place(
    data=Path("/data/node"),
    pose_model=Path("/usr/share/omnicam/pose.task"),
    port=8130,
    url="http://local-omnicam:8130",
    folder=FOLDER,
)
SERVICE = {
    "addon": "core_mosquitto",
    "host": "core-mosquitto",
    "port": 1883,
    "ssl": False,
    "username": "addons",
    "password": "from the supervisor",
    "protocol": "3.1.1",
}
OPTIONS = {
    "node": "home",
    "language": "zh-Hans",
    "cameras": [{"id": "hall", "url": "rtsp://192.168.1.20/1"}],
    "words": [],
    "mqtt": {},
}


def made(options=OPTIONS, file=None, service=SERVICE):
    return configuration(options, file or {}, service, PLACE)


def settings(*arguments, **keywords):
    return parse(made(*arguments, **keywords), base=FOLDER)


def test_the_default_options_and_one_camera_are_enough(manifest):
    camera = {"id": "hall", "url": "rtsp://192.168.1.20/1"}
    result = settings(manifest["options"] | {"cameras": [camera]})
    assert result.node == manifest["options"]["node"]
    assert [each.id for each in result.cameras] == ["hall"]
    assert result.data == PLACE.data
    assert result.pose_model == PLACE.pose_model
    assert (result.api.host, result.api.port) == ("0.0.0.0", 8130)
    assert result.api.public_url == PLACE.url
    assert result.api.ingress is True
    assert "救命" in result.words


def test_the_supervisors_broker():
    mqtt = settings().mqtt
    assert (mqtt.host, mqtt.port, mqtt.tls, mqtt.username) == (
        "core-mosquitto", 1883, False, "addons",
    )  # fmt: skip
    assert mqtt.password.reveal() == "from the supervisor"


@pytest.mark.parametrize(
    ("options", "file"),
    [(OPTIONS | {"mqtt": {"host": "mine"}}, {}), (OPTIONS, {"mqtt": {"host": "mine"}})],
)
def test_a_broker_of_the_users_own_never_gets_the_supervisors_credentials(options, file):
    mqtt = settings(options, file).mqtt
    assert (mqtt.host, mqtt.username, mqtt.password) == ("mine", None, None)


def test_no_broker_is_an_error_with_a_remedy():
    with pytest.raises(ConfigError, match=r"mqtt: no broker is known: install the Mosquitto app"):
        made(service=None)


def test_every_camera_field_arrives():
    camera = {
        "id": "hall", "name": "Hall", "url": "rtsp://cam/1", "analysis_url": "rtsp://cam/2",
        "username": "viewer", "password": "p@ss", "transport": "udp", "audio": False,
    }  # fmt: skip
    (result,) = settings(OPTIONS | {"cameras": [camera]}).cameras
    assert result.name == "Hall"
    assert result.url.reveal() == "rtsp://viewer:p%40ss@cam/1"
    assert result.analysis_url.reveal() == "rtsp://viewer:p%40ss@cam/2"
    assert result.transport == "udp"
    assert result.audio is False


def test_no_camera_option_is_lost(manifest):
    given_fields = set(manifest["schema"]["cameras"][0])
    camera = dict.fromkeys(given_fields - {"device"}, "x")
    taken = from_options(OPTIONS | {"cameras": [camera]})["cameras"]["x"]
    assert given_fields - {"id", "device"} == set(taken)


def test_no_broker_option_is_lost(manifest):
    fields = dict.fromkeys(manifest["schema"]["mqtt"], "x")
    assert from_options({"mqtt": fields})["mqtt"] == fields


def test_no_model_option_is_lost(manifest):
    fields = dict.fromkeys(manifest["schema"]["model"], "x")
    assert from_options({"model": fields})["model"] == fields
    assert "model" not in from_options({"model": dict.fromkeys(fields, "")})
    options = {"url": "http://192.168.1.40:8000/v1", "name": "omni", "token": "kept"}
    model = settings(OPTIONS | {"model": options}, {"model": {"deadline_s": 3}}).model
    assert (model.url, model.name, model.deadline_s) == (options["url"], "omni", 3)
    assert model.token.reveal() == "kept"
    assert settings().model is None


def test_a_usb_camera():
    camera = {"id": "hall", "device": "/dev/v4l/by-id/usb-cam"}
    (result,) = settings(OPTIONS | {"cameras": [camera]}).cameras
    assert result.url.reveal() == "/dev/v4l/by-id/usb-cam"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cameras": [{"id": "a"}]}, r"cameras\.a\.url: is missing"),
        ({"cameras": [{"id": "a", "url": ""}]}, r"cameras\.a\.url: is missing"),
        ({"cameras": [{"url": "rtsp://x"}]}, r"cameras\[0\]\.id: is missing"),
        ({"cameras": [{"id": "a", "url": "x", "device": "/dev/video0"}]}, "keep one of the two"),
        ({"cameras": [{"id": "a", "url": "x"}] * 2}, r"cameras\[1\]\.id = a: is given twice"),
        ({"cameras": "x"}, "cameras: must be a list"),
        ({"cameras": ["x"]}, r"cameras\[0\]: must be a group"),
        ({"mqtt": {"username": "me"}}, r"mqtt\.host: is missing"),
        ({"mqtt": "x"}, "mqtt: must be a group"),
        ({"model": {"token": "x"}}, r"model\.url: is missing"),
        ({"model": "x"}, "model: must be a group"),
    ],
)
def test_what_is_wrong_is_named(options, message):
    with pytest.raises(ConfigError, match=message):
        made(OPTIONS | options)


def test_empty_fields_of_a_form_say_nothing():
    camera = {"id": "hall", "url": "rtsp://x", "device": "", "name": "", "username": None}
    options = OPTIONS | {
        "cameras": [camera], "name": "", "words": [""], "mqtt": {"host": "", "port": 1883},
    }  # fmt: skip
    assert made(options) == made(OPTIONS | {"cameras": [{"id": "hall", "url": "rtsp://x"}]})


def test_the_users_file_is_laid_over_the_options():
    file = {
        "node": "flat",
        "cameras": {
            "hall": {"loitering_s": 60, "zones": {
                "bed": {"kind": "resting", "points": [[0, 0], [1, 0], [1, 1]]}}},
            "door": {"url": "rtsp://192.168.1.21/1"},
        },
        "retention": {"days": 7},
        "api": {"port": 9000, "public_url": "http://example:1"},
        "data": "elsewhere",
    }  # fmt: skip
    result = settings(OPTIONS, file)
    hall, door = result.cameras
    assert (hall.id, hall.url.reveal(), hall.loitering_s) == ("hall", "rtsp://192.168.1.20/1", 60)
    assert [zone.name for zone in hall.zones] == ["bed"]
    assert door.id == "door"
    assert (result.node, result.retention.days) == ("flat", 7)
    # These two are the container's, whatever the file says.
    assert result.api.port == PLACE.port
    assert result.data == PLACE.data
    assert result.api.public_url == "http://example:1"


def test_the_supervisor_alone_tells_of_the_node():
    assert settings().api.zeroconf is False
    assert settings(OPTIONS, {"api": {"zeroconf": True}}).api.zeroconf is True


def test_tls_inside_the_machine_is_refused():
    with pytest.raises(ConfigError, match=r"api\.tls = true: is not for the app"):
        settings(OPTIONS, {"api": {"tls": True}})


def test_paths_in_the_file_start_at_its_folder():
    file = {
        "pose_model": "own.task",
        "mqtt": {"host": "x", "password_file": "secret", "ca_file": "/etc/ca.pem"},
        "model": {"url": "https://x/v1", "token_file": "token", "ca_file": "ca.pem"},
        "cameras": {"a": {"url": "a.mp4"}, "b": {"url": "rtsp://b", "analysis_url": "/dev/video0"}},
    }
    assert anchored(file, FOLDER) == {
        "pose_model": "/config/own.task",
        "mqtt": {"host": "x", "password_file": "/config/secret", "ca_file": "/etc/ca.pem"},
        "model": {
            "url": "https://x/v1",
            "token_file": "/config/token",
            "ca_file": "/config/ca.pem",
        },
        "cameras": {
            "a": {"url": "/config/a.mp4"},
            "b": {"url": "rtsp://b", "analysis_url": "/dev/video0"},
        },
    }
    assert file["cameras"]["a"]["url"] == "a.mp4"  # the given one is left as it was


NAMES = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=12)
TEXTS = st.text(min_size=1, max_size=20).filter(str.strip)
CAMERAS = st.lists(
    st.fixed_dictionaries(
        {"id": NAMES, "url": NAMES.map("rtsp://{}/1".format)},
        optional={
            "name": TEXTS,
            "username": TEXTS,
            "analysis_url": NAMES.map("rtsp://{}/2".format),
            "transport": st.sampled_from(["tcp", "udp", ""]),
            "audio": st.booleans(),
        },
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda camera: camera["id"],
)
ALL = st.fixed_dictionaries(
    {"node": NAMES, "language": st.sampled_from(["en", "zh-Hans"]), "cameras": CAMERAS},
    optional={
        "name": TEXTS,
        "words": st.lists(TEXTS, max_size=3),
        "mqtt": st.fixed_dictionaries(
            {"host": NAMES},
            optional={
                "port": st.integers(1, 65535),
                "username": TEXTS,
                "password": TEXTS,
                "tls": st.booleans(),
            },
        ),
    },
)


@given(ALL)
def test_whatever_the_supervisor_lets_through_the_node_takes(options):
    result = settings(options)
    assert [each.id for each in result.cameras] == [each["id"] for each in options["cameras"]]
    assert result.mqtt.host == options.get("mqtt", SERVICE)["host"]


TREES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(st.sampled_from("abc"), TREES, max_size=3)


@given(MAPPINGS)
def test_nothing_laid_over_changes_nothing(tree):
    assert overlay(tree, {}) == tree
    assert overlay({}, tree) == tree
    assert overlay(tree, tree) == tree


@given(MAPPINGS, MAPPINGS)
def test_what_is_above_is_there_and_what_it_leaves_out_stays(below, above):
    merged = overlay(below, above)
    assert merged.keys() == below.keys() | above.keys()
    for key in merged:
        if key not in above:
            assert merged[key] == below[key]
        elif not (isinstance(above[key], dict) and isinstance(below.get(key), dict)):
            assert merged[key] == above[key]
        else:
            assert merged[key] == overlay(below[key], above[key])


def test_a_node_may_begin_without_cameras():
    """They can be added from Home Assistant."""
    assert settings(OPTIONS | {"cameras": []}).cameras == ()
