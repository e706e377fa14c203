"""Read the node's one configuration file (YAML or JSON) into `NodeSettings`.

Every error names the field, the value and the remedy; all of them are reported at once. Secrets
never show: a password is `***`, an address is shown without its user and password.
"""

from __future__ import annotations

import difflib
import ssl
from collections.abc import Hashable, Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import voluptuous as vol
import yaml

from omnicam.config.errors import ConfigError, Problem
from omnicam.config.model import (
    ApiSettings,
    CameraSettings,
    ClassSettings,
    Language,
    LearningSettings,
    Line,
    ModelSettings,
    MqttSettings,
    NodeSettings,
    Question,
    RetentionSettings,
    Secret,
    SoundSettings,
    Zone,
)
from omnicam.config.schema import CAMERA, CLASS, LINE, MODEL, NODE, QUESTION, ZONE, Raw
from omnicam.taxonomy import ANOMALIES, AnomalyClass, ClassName, Level, OwnClass, Thresholds

_HIDDEN_FIELDS = frozenset({"password", "token"})
_SECRET_FIELDS = _HIDDEN_FIELDS | {"url", "analysis_url"}
_LONGEST_VALUE = 60

OWN_PRIOR = 0.05
"""Confidence in a class of the household's own before anything was seen, as of the taxonomy's."""
_SECTIONS = frozenset({"mqtt", "api", "retention", "sound", "learning", "model"})

_ALTERNATIVES = (
    ("mqtt", "password", "password_file"),
    ("model", "token", "token_file"),
    ("model", "ca_file", "fingerprint"),
)
"""Section and two fields of which one alone may be given."""


class _StrictLoader(yaml.SafeLoader):
    """YAML in which a key given twice is an error instead of a silent loss of the first."""

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002 - PyYAML's signature
    ) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                msg = f"is given twice (line {line}): keep one of the two"
                raise ConfigError([Problem(field=str(key.value), value="", message=msg)])
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def load(file: Path) -> NodeSettings:
    """Read and check a configuration file.

    Raises:
        ConfigError: the file is missing, not YAML, or any field is wrong.
    """
    return parse(read(file), base=file.parent)


def read(file: Path) -> object:
    """Read a YAML or JSON file as plain values.

    Raises:
        ConfigError: the file is missing, unreadable or not YAML.
    """
    try:
        # The loader is SafeLoader's child: it builds plain values only.
        return yaml.load(file.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506
    except OSError as error:
        msg = f"cannot be read ({error.strerror}): check the path and its permissions"
        raise ConfigError([Problem(field=str(file), value="", message=msg)]) from None
    except UnicodeDecodeError:
        msg = "is not UTF-8 text: save it as UTF-8"
        raise ConfigError([Problem(field=str(file), value="", message=msg)]) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        msg = f"is not valid YAML{where}: {error.problem}; check indentation and quotes there"
        raise ConfigError([Problem(field=str(file), value="", message=msg)]) from None


def parse(raw: object, *, base: Path) -> NodeSettings:
    """Check plain values and make settings of them; relative paths start at `base`.

    Raises:
        ConfigError: listing every wrong field.
    """
    if not isinstance(raw, dict):
        msg = "must be a mapping with the keys node and cameras; see docs/configuration.md"
        raise ConfigError([Problem(field="(file)", value="", message=msg)])
    try:
        checked: Raw = NODE(raw)
    except vol.MultipleInvalid as invalid:
        raise ConfigError([_problem(error, raw) for error in invalid.errors]) from None
    problems = list(_contradictions(checked))
    if problems:
        raise ConfigError(problems)
    return _node(checked, base)


def model_of(raw: object) -> ModelSettings:
    """Check plain values as the section `model` and make settings of them.

    Raises:
        ConfigError: listing every wrong field.
    """
    try:
        given: Raw = MODEL(raw)
    except vol.MultipleInvalid as invalid:
        raw = {"model": raw}
        for error in invalid.errors:
            error.prepend(["model"])
        raise ConfigError([_problem(error, raw) for error in invalid.errors]) from None
    return _model(given, Language.ENGLISH, Path())


def without_credentials(address: str) -> str:
    """Give an address as it may be shown: user, password and query left out."""
    if "://" not in address:
        return address
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return address.split("://", 1)[0] + "://***"
    return urlunsplit((parts.scheme, f"{parts.hostname or ''}{port}", parts.path, "", ""))


def _problem(error: vol.Invalid, raw: dict[str, Any]) -> Problem:
    """Turn voluptuous's complaint into one that names the value and the remedy."""
    path = [str(getattr(part, "schema", part)) for part in error.path]
    field = ".".join(path)
    message = error.error_message
    if isinstance(error, vol.RequiredFieldInvalid):
        return Problem(field=field, value="", message="is missing: add it")
    if message == "extra keys not allowed":
        return Problem(field=field, value="", message=_unknown_key(path))
    if isinstance(error, vol.DictInvalid):
        message = "must be a mapping of keys to values; check the indentation"
    elif isinstance(error, vol.SequenceTypeInvalid):
        message = "must be a list, such as [a, b]"
    return Problem(field=field, value=_shown(path, raw), message=message)


def _shown(path: list[str], raw: object) -> str:
    """Find the raw value at the path and give it short and without secrets."""
    value = raw
    for part in path:
        if isinstance(value, Mapping):
            value = next((v for k, v in value.items() if str(k) == part), None)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
    if path and path[-1] in _SECRET_FIELDS:
        if path[-1] in _HIDDEN_FIELDS or not isinstance(value, str):
            return "***"
        return without_credentials(value)
    if isinstance(value, Mapping | list):
        # A container may hold a secret further down; its own text is not needed to find it.
        return ""
    shown = repr(value)
    return shown if len(shown) <= _LONGEST_VALUE else shown[: _LONGEST_VALUE - 1] + "…"


def _unknown_key(path: list[str]) -> str:
    """Say that a key is unknown and which one was probably meant."""
    known = sorted(_known_keys(path))
    close = difflib.get_close_matches(path[-1], known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}"
    return f"is not a setting; {hint}"


def _known_keys(path: list[str]) -> Iterator[str]:
    """List the keys that are allowed where the last part of the path stands."""
    schema: Any = NODE.schema
    by_parent = {
        "cameras": CAMERA, "zones": ZONE, "lines": LINE, "classes": CLASS, "questions": QUESTION,
    }  # fmt: skip
    if len(path) >= 3 and path[-3] in by_parent:
        schema = by_parent[path[-3]].schema
    elif len(path) == 2 and path[0] in _SECTIONS:
        schema = NODE.schema[path[0]].schema
    yield from (str(getattr(key, "schema", key)) for key in schema)


def _contradictions(checked: Raw) -> Iterator[Problem]:
    """Find what each field alone cannot show: order of thresholds, unknown zones, two secrets."""
    yield from _class_problems("classes", checked.get("classes", {}), None)
    for camera_id, camera in checked["cameras"].items():
        where = f"cameras.{camera_id}"
        yield from _class_problems(
            f"{where}.classes", camera.get("classes", {}), set(camera.get("zones", {}))
        )
        if "password" in camera and "username" not in camera:
            msg = "a password needs a user name: add username beside it"
            yield Problem(field=f"{where}.username", value="", message=msg)
    for section, one, other in _ALTERNATIVES:
        given = checked.get(section, {})
        if one in given and other in given:
            msg = f"is given beside {one}: keep one of the two"
            yield Problem(field=f"{section}.{other}", value="", message=msg)
    yield from _api_problems(checked.get("api", {}))
    model = checked.get("model", {})
    if not str(model.get("url", "https:")).startswith("https:"):
        for key in ("ca_file", "fingerprint"):
            if key in model:
                msg = "needs TLS: begin model.url with https://, or leave this out"
                yield Problem(field=f"model.{key}", value="", message=msg)
    for name, given in model.get("questions", {}).items():
        where = f"model.questions.{name}"
        yield from _threshold_problems(where, given, Thresholds())
        for camera in given.get("cameras", []):
            if camera not in checked["cameras"]:
                msg = f"is an unknown camera; known here: {', '.join(checked['cameras'])}"
                yield Problem(field=f"{where}.cameras", value=repr(camera), message=msg)


def _api_problems(api: Raw) -> Iterator[Problem]:
    """Find what contradicts itself in how the API is served."""
    for one, other in (("cert_file", "key_file"), ("key_file", "cert_file")):
        if one in api and not api.get("tls"):
            msg = "needs TLS: add tls: true beside it, or leave this out"
            yield Problem(field=f"api.{one}", value="", message=msg)
        elif one in api and other not in api:
            msg = f"is missing beside {one}: add it, or leave both out for a certificate of its own"
            yield Problem(field=f"api.{other}", value="", message=msg)
    if api.get("tls") and str(api.get("public_url")).startswith("http:"):
        msg = "is an address without TLS, and api.tls is on: begin it with https://"
        yield Problem(field="api.public_url", value=repr(api["public_url"]), message=msg)


def _class_problems(where: str, classes: Raw, zones: set[str] | None) -> Iterator[Problem]:
    for name_of_class, given in classes.items():
        anomaly = AnomalyClass(name_of_class)
        yield from _threshold_problems(f"{where}.{anomaly}", given, ANOMALIES[anomaly].thresholds)
        for name in given.get("zones", []):
            if zones is None:
                msg = "zones belong to a camera: set this under cameras.<id>.classes"
                yield Problem(field=f"{where}.{anomaly}.zones", value=repr(name), message=msg)
            elif name not in zones:
                known = ", ".join(sorted(zones)) or "none are set on this camera"
                msg = f"is an unknown zone; zones of this camera: {known}"
                yield Problem(field=f"{where}.{anomaly}.zones", value=repr(name), message=msg)


def _threshold_problems(where: str, given: Raw, default: Thresholds) -> Iterator[Problem]:
    limits = _thresholds(given, default)
    if not limits.low < limits.medium < limits.high:
        yield Problem(
            field=where,
            value=f"low {limits.low:g}, medium {limits.medium:g}, high {limits.high:g}",
            message="thresholds must rise from low over medium to high",
        )


def _thresholds(given: Raw, default: Thresholds) -> Thresholds:
    return Thresholds(
        low=given.get("low", default.low),
        medium=given.get("medium", default.medium),
        high=given.get("high", default.high),
    )


def _class_settings(anomaly: AnomalyClass, *layers: Raw) -> ClassSettings:
    """Lay the camera's settings over the node's over the taxonomy's."""
    row = ANOMALIES[anomaly]
    given: Raw = {}
    for layer in layers:
        given |= layer.get(anomaly, {})
    return ClassSettings(
        enabled=given.get("enabled", True),
        thresholds=_thresholds(given, row.thresholds),
        alarm_level=given.get("alarm_level", Level.HIGH),
        window_s=given.get("window_s", row.window_s),
        prior=row.prior,
        refractory_s=given.get("refractory_s", row.refractory_s),
        release_s=given.get("release_s", row.release_s),
        zones=tuple(given.get("zones", ())),
        verify=given.get("verify", True),
    )


def default_classes() -> dict[ClassName, ClassSettings]:
    """Give the settings of every class as the taxonomy has them."""
    return {anomaly: _class_settings(anomaly) for anomaly in AnomalyClass}


def _question(name: str, given: Raw) -> Question:
    english = given.get("english", name.replace("_", " ").capitalize())
    plain = {key: given[key] for key in ("every_s", "when") if key in given}
    chinese = given.get("chinese") or english
    return Question(text=given["question"], english=english, chinese=chinese, **plain)


def _own_class(question: Question, given: Raw) -> ClassSettings:
    """Give the settings of a class of the household's own; the model alone judges it."""
    return ClassSettings(
        enabled=True,
        thresholds=_thresholds(given, Thresholds()),
        alarm_level=given.get("alarm_level", Level.HIGH),
        window_s=given.get("window_s", 3.0),
        prior=OWN_PRIOR,
        refractory_s=given.get("refractory_s", 10.0),
        # Two looks in a row must find it gone: one that came late ends nothing.
        release_s=given.get("release_s", min(2.5 * question.every_s, 3600.0)),
        question=question,
    )


def _with_credentials(address: Secret, camera: Raw) -> Secret:
    """Put user name and password into an address that has none of its own."""
    url = address.reveal()
    if "username" not in camera or "://" not in url or "@" in urlsplit(url).netloc:
        return address
    parts = urlsplit(url)
    user = quote(camera["username"], safe="")
    password = f":{quote(camera['password'].reveal(), safe='')}" if "password" in camera else ""
    return Secret(urlunsplit(parts._replace(netloc=f"{user}{password}@{parts.netloc}")))


def _located(address: Secret, base: Path) -> Secret:
    """Let a relative file path start at the configuration's folder."""
    url = address.reveal()
    return address if "://" in url else Secret(str(base / Path(url).expanduser()))


def _camera(camera_id: str, given: Raw, checked: Raw, base: Path) -> CameraSettings:
    node_classes = checked.get("classes", {})
    own = {
        OwnClass(name): _own_class(_question(name, asked), asked)
        for name, asked in checked.get("model", {}).get("questions", {}).items()
        if given.get("verify", True) and camera_id in asked.get("cameras", [camera_id])
    }
    plain = {
        key: given[key]
        for key in (
            "transport", "frame_rate", "audio", "hardware", "pace", "starts_at", "ring_s",
            "enabled", "night", "loitering_s", "verify", "faces",
        )
        if key in given
    }  # fmt: skip
    analysis = given.get("analysis_url")
    return CameraSettings(
        id=camera_id,
        name=given.get("name", camera_id.replace("_", " ").capitalize()),
        url=_with_credentials(_located(given["url"], base), given),
        analysis_url=analysis and _with_credentials(_located(analysis, base), given),
        zones=tuple(Zone(name=name, **zone) for name, zone in given.get("zones", {}).items()),
        lines=tuple(Line(name=name, **line) for name, line in given.get("lines", {}).items()),
        classes={
            anomaly: _class_settings(anomaly, node_classes, given.get("classes", {}))
            for anomaly in AnomalyClass
        }
        | own,
        **plain,
    )


def _mqtt(given: Raw, base: Path) -> MqttSettings:
    settings = dict(given)
    if "ca_file" in settings:
        settings["ca_file"] = base / settings["ca_file"]
    file = settings.pop("password_file", None)
    if file is not None:
        settings["password"] = _secret_of(base / file, "mqtt.password_file")
    return MqttSettings(**settings)


def _api(given: Raw, base: Path) -> ApiSettings:
    settings: Raw = {"zeroconf": not _is_loopback(given.get("host", ""))} | given
    for key in ("cert_file", "key_file"):
        if key in settings:
            settings[key] = base / settings[key]
    if "cert_file" in settings:
        try:
            # An empty passphrase: nobody is there to be asked for one.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
                settings["cert_file"], settings["key_file"], password=""
            )
        except OSError as error:  # ssl.SSLError is one
            msg = (
                f"cannot be used ({error.strerror or error}): put the certificate's PEM file "
                "there, and its own private key, without a passphrase, where api.key_file says"
            )
            shown = repr(str(given["cert_file"]))
            raise ConfigError([Problem(field="api.cert_file", value=shown, message=msg)]) from None
    return ApiSettings(**settings)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _model(given: Raw, language: Language, base: Path) -> ModelSettings:
    settings: Raw = {"language": language} | given
    if "ca_file" in settings:
        settings["ca_file"] = base / settings["ca_file"]
        try:
            ssl.create_default_context(cafile=str(settings["ca_file"]))
        except OSError as error:  # ssl.SSLError is one
            msg = f"cannot be used ({error.strerror or error}): put the authority's PEM file there"
            shown = repr(str(given["ca_file"]))
            raise ConfigError([Problem(field="model.ca_file", value=shown, message=msg)]) from None
    file = settings.pop("token_file", None)
    if file is not None:
        settings["token"] = _secret_of(base / file, "model.token_file")
    settings["questions"] = {
        OwnClass(name): _question(name, asked) for name, asked in given.get("questions", {}).items()
    }
    return ModelSettings(**settings)


def _secret_of(file: Path, field: str) -> Secret:
    """Read a file that holds a secret and nothing else."""
    try:
        return Secret(file.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        msg = f"cannot be read ({reason}): check the path and its permissions"
        raise ConfigError([Problem(field=field, value=repr(str(file)), message=msg)]) from None


def _node(checked: Raw, base: Path) -> NodeSettings:
    plain: Raw = {
        key: checked[key] for key in ("language", "time_zone", "pose_processes") if key in checked
    }
    if "words" in checked:
        plain["words"] = tuple(checked["words"])
    if "pose_model" in checked:
        plain["pose_model"] = base / checked["pose_model"]
    if "yamnet" in checked.get("sound", {}):
        plain["sound"] = SoundSettings(yamnet=base / checked["sound"]["yamnet"])
    if "model" in checked:
        language = checked.get("language", Language.ENGLISH)
        plain["model"] = _model(checked["model"], language, base)
    return NodeSettings(
        node=checked["node"],
        name=checked.get("name", checked["node"].replace("_", " ").capitalize()),
        data=base / checked.get("data", Path("data")),
        mqtt=_mqtt(checked["mqtt"], base) if "mqtt" in checked else None,
        api=_api(checked.get("api", {}), base),
        retention=RetentionSettings(**checked.get("retention", {})),
        learning=LearningSettings(**checked.get("learning", {})),
        cameras=tuple(
            _camera(camera_id, camera, checked, base)
            for camera_id, camera in checked["cameras"].items()
        ),
        **plain,
    )
