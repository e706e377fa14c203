"""The app's options, the broker's credentials and the user's own file as one configuration.

The options hold what most homes need; whatever else the node can do stands in a YAML file in the
app's folder. The file is laid over the options, field by field, so that a camera's address and
password can stay in the options while its zones are in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omnicam.config.errors import ConfigError, Problem

type Settings = dict[str, Any]

_CAMERA_KEYS = ("name", "analysis_url", "username", "password", "transport", "audio")
_MQTT_KEYS = ("host", "port", "username", "password", "tls")
_MODEL_KEYS = ("url", "name", "token")
_NODE_KEYS = ("node", "name", "language")

# The Supervisor's names of what the node calls otherwise.
_SERVICE_KEYS = {
    "host": "host",
    "port": "port",
    "username": "username",
    "password": "password",
    "ssl": "tls",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the app runs, which no user decides.

    Attributes:
        data: folder of records.
        pose_model: the bundle that the image brings.
        port: of the API, as in the app's config.yaml.
        url: address of the API for Home Assistant.
        folder: the user's folder, where relative paths of the user's file start.
    """

    data: Path
    pose_model: Path
    port: int
    url: str
    folder: Path


def from_options(options: Mapping[str, Any]) -> Settings:
    """Translate the app's options alone.

    Raises:
        ConfigError: an option cannot be used; it names the option and the remedy.
    """
    settings: Settings = _given(options, _NODE_KEYS)
    words = [word for word in _list(options, "words") if word]
    if words:
        settings["words"] = words
    cameras = _cameras(_list(options, "cameras"))
    if cameras:
        settings["cameras"] = cameras
    broker = options.get("mqtt") or {}
    if not isinstance(broker, Mapping):
        raise _wrong("mqtt", "must be a group of fields: host, port, username, password, tls")
    mqtt = _given(broker, _MQTT_KEYS)
    # A port or "no TLS" alone is what a form leaves behind, not a broker.
    if "host" in mqtt:
        settings["mqtt"] = mqtt
    elif mqtt.keys() & {"username", "password"}:
        raise _wrong("mqtt.host", "is missing: add it, or clear the other fields of mqtt")
    if model := _model(options):
        settings["model"] = model
    return settings


def from_service(service: Mapping[str, Any]) -> Settings:
    """Translate what the Supervisor tells of its MQTT service into the node's `mqtt`."""
    given = _given(service, tuple(_SERVICE_KEYS))
    return {_SERVICE_KEYS[key]: value for key, value in given.items()}


def overlay(base: Mapping[str, Any], over: Mapping[str, Any]) -> Settings:
    """Lay one mapping over another: mappings are merged, everything else is replaced."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            merged[key] = overlay(below, value)
        else:
            merged[key] = value
    return merged


def configuration(
    options: Mapping[str, Any],
    file: Mapping[str, Any],
    service: Mapping[str, Any] | None,
    place: Place,
) -> Settings:
    """Make the node's configuration.

    A broker that the user names, in the file or in the options, goes before the Supervisor's: one
    never gets the other's credentials.

    Args:
        options: of the app, as the Supervisor has validated them.
        file: the user's own configuration, empty without one.
        service: what the Supervisor tells of its broker, None where there is none.
        place: where the app runs.

    Raises:
        ConfigError: an option or a field cannot be used, or something is missing.
    """
    settings = overlay(from_options(options), anchored(file, place.folder))
    if "mqtt" not in settings:
        if service is None:
            raise _wrong("mqtt", "no broker is known: install the Mosquitto app, or name a host")
        settings["mqtt"] = from_service(service)
    settings.setdefault("cameras", {})  # they may be added from Home Assistant
    settings.setdefault("pose_model", str(place.pose_model))
    # The Supervisor tells of the node, and its network takes no multicast from outside.
    api = {"public_url": place.url, "zeroconf": False} | dict(settings.get("api") or {})
    if api.get("tls"):
        message = (
            "is not for the app: Home Assistant reaches its node inside this machine, where nobody "
            "listens; leave it out"
        )
        raise _wrong("api.tls", message, value="true")
    # The container's inside belongs to the app: config.yaml publishes this port and watches it, and
    # its `ingress` leads here.
    settings["api"] = api | {"host": "0.0.0.0", "port": place.port, "ingress": True}  # noqa: S104
    settings["data"] = str(place.data)
    return settings


def anchored(file: Mapping[str, Any], folder: Path) -> Settings:
    """Let the relative paths of a user's file start at the file's folder.

    The configuration is written elsewhere, where they would lead nowhere.
    """
    settings = dict(file)
    _anchor(settings, ("pose_model",), folder)
    if isinstance(mqtt := settings.get("mqtt"), Mapping):
        settings["mqtt"] = _anchor(dict(mqtt), ("password_file", "ca_file"), folder)
    if isinstance(model := settings.get("model"), Mapping):
        settings["model"] = _anchor(dict(model), ("token_file", "ca_file"), folder)
    if isinstance(cameras := settings.get("cameras"), Mapping):
        settings["cameras"] = {
            camera_id: _anchor(dict(camera), ("url", "analysis_url"), folder)
            if isinstance(camera, Mapping)
            else camera
            for camera_id, camera in cameras.items()
        }
    return settings


def _anchor(settings: Settings, keys: tuple[str, ...], folder: Path) -> Settings:
    for key in keys:
        value = settings.get(key)
        if isinstance(value, str) and value.strip() and "://" not in value:
            settings[key] = str(folder / value.strip())
    return settings


def _cameras(entries: list[Any]) -> dict[str, Settings]:
    cameras: dict[str, Settings] = {}
    for number, entry in enumerate(entries):
        where = f"cameras[{number}]"
        if not isinstance(entry, Mapping):
            raise _wrong(where, "must be a group of fields: id, url and so on")
        camera_id = entry.get("id")
        if not isinstance(camera_id, str) or not camera_id:
            raise _wrong(f"{where}.id", "is missing: add one, such as living_room")
        if camera_id in cameras:
            message = "is given twice: give every camera an id of its own"
            raise _wrong(f"{where}.id", message, value=camera_id)
        cameras[camera_id] = _camera(entry, f"cameras.{camera_id}")
    return cameras


def _camera(entry: Mapping[str, Any], where: str) -> Settings:
    sources = _given(entry, ("url", "device"))
    if len(sources) > 1:
        raise _wrong(f"{where}.device", "is given beside url: keep one of the two")
    if not sources:
        raise _wrong(f"{where}.url", "is missing: add the camera's address, or choose a device")
    return {"url": next(iter(sources.values()))} | _given(entry, _CAMERA_KEYS)


def _model(options: Mapping[str, Any]) -> Settings:
    """Take the model's fields; the rest of its settings stands in the user's file."""
    group = options.get("model") or {}
    if not isinstance(group, Mapping):
        raise _wrong("model", "must be a group of fields: url, name, token")
    model = _given(group, _MODEL_KEYS)
    if model and "url" not in model:
        raise _wrong("model.url", "is missing: add it, or clear the other fields of model")
    return model


def _given(fields: Mapping[str, Any], keys: tuple[str, ...]) -> Settings:
    """Take the fields that say something: a form sends an empty text for an empty field."""
    return {key: fields[key] for key in keys if fields.get(key) not in (None, "")}


def _list(options: Mapping[str, Any], key: str) -> list[Any]:
    value = options.get(key) or []
    if not isinstance(value, list):
        raise _wrong(key, "must be a list")
    return value


def _wrong(field: str, message: str, value: str = "") -> ConfigError:
    return ConfigError([Problem(field=field, value=value, message=message)])
