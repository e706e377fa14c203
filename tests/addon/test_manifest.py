"""config.yaml: what the Supervisor demands, and the least that the app asks for."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import voluptuous as vol
import yaml

import omnicam
from omnicam.app.__main__ import PORT

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("en", "zh-Hans")

# Each of these lowers the rating or opens the app further.
RIGHTS = (
    "host_network", "host_pid", "host_ipc", "host_uts", "host_dbus", "full_access", "docker_api",
    "privileged", "hassio_api", "hassio_role", "homeassistant_api", "auth_api", "kernel_modules",
    "devices", "video", "usb", "uart", "gpio", "audio", "udev", "stdin",
)  # fmt: skip


# The Supervisor's rules for an app as of 2026.08, after supervisor/apps/validate.py and options.py,
# cut to what an app may use today. What is deprecated there is not allowed here, and neither is an
# unknown key, which it would drop silently.
ELEMENT = re.compile(
    r"^(?:"
    r"|bool|email|url|port"
    r"|device(?:\(subsystem=[a-z]+\))?"
    r"|(?:str|password)(?:\(\d*,\d*\))?"
    r"|int(?:\(-?\d*,-?\d*\))?"
    r"|float(?:\(-?[\d.]*,-?[\d.]*\))?"
    r"|match\(.*\)"
    r"|list\(.+\)"
    r")\??$"
)
_ELEMENT = vol.Schema(
    vol.Any(vol.Match(ELEMENT), [vol.Any(vol.Match(ELEMENT), {str: vol.Self})], {str: vol.Self})
)
_MAPS = (
    "data", "ssl", "local_apps", "backup", "share", "media", "homeassistant_config",
    "all_app_configs", "app_config",
)  # fmt: skip
_VERSION = vol.Match(r"^\d+\.\d+\.\d+$")

CONFIG = vol.Schema(
    {
        vol.Required("name"): str,
        vol.Required("version"): _VERSION,
        vol.Required("slug"): vol.Match(r"^[a-z0-9_]+$"),
        vol.Required("description"): str,
        vol.Required("arch"): [vol.In(["aarch64", "amd64"])],
        "url": vol.Url(),
        "homeassistant": _VERSION,
        "startup": vol.In(["initialize", "system", "services", "application", "once"]),
        "boot": vol.In(["auto", "manual", "manual_only"]),
        "stage": vol.In(["stable", "experimental"]),
        "init": bool,
        "timeout": vol.All(int, vol.Range(10, 300)),
        "services": [vol.Match(r"^(mqtt|mysql):(provide|want|need)$")],
        "discovery": [str],
        "ports": {vol.Match(r"^\d+/(tcp|udp)$"): vol.Any(None, vol.All(int, vol.Range(1, 65535)))},
        "ports_description": {vol.Match(r"^\d+/(tcp|udp)$"): str},
        "ingress": bool,
        "ingress_port": vol.Any(0, vol.All(int, vol.Range(1, 65535))),
        "panel_icon": vol.Match(r"^mdi:[a-z0-9-]+$"),
        "watchdog": vol.Match(r"^(?:https?|tcp)://\[HOST\]:(\[PORT:\d+\]|\d+).*$"),
        "map": [
            {vol.Required("type"): vol.In(_MAPS), vol.Required("read_only"): bool, "path": str}
        ],
        "backup_exclude": [str],
        "apparmor": bool,
        "image": str,
        "video": bool,
        "devices": [str],
        "options": dict,
        "schema": {str: _ELEMENT},
    }
)

_FIELD = vol.Schema(
    {vol.Required("name"): str, vol.Required("description"): str, "fields": {str: vol.Self}}
)
TRANSLATION = vol.Schema({"configuration": {str: _FIELD}, "network": {str: str}})


def missing(schema: Any, options: Any) -> list[str]:
    """List what the Supervisor would miss in options: everything that has no question mark."""
    if isinstance(schema, dict):
        absent = [key for key in schema if key not in options and not _optional(schema[key])]
        deeper = [
            name for key in schema if key in options for name in missing(schema[key], options[key])
        ]
        return absent + deeper
    if isinstance(schema, list):
        return [name for entry in options for name in missing(schema[0], entry)]
    return []


def _optional(element: Any) -> bool:
    first = element[0] if isinstance(element, list) else element
    return isinstance(first, str) and first.endswith("?")


def test_meets_the_supervisors_rules(manifest):
    CONFIG(manifest)


@pytest.mark.parametrize(
    "change",
    [
        {"map": ["addon_config:rw"]},
        {"arch": ["armv7"]},
        {"ingres": True},
        {"schema": {"camera": "device(subsystem=video4linux)?"}},
    ],
)
def test_the_rules_refuse(manifest, change):
    with pytest.raises(vol.Invalid):
        CONFIG(manifest | change)


def test_asks_for_no_right(manifest):
    assert not [right for right in RIGHTS if right in manifest]
    assert manifest["apparmor"] is True
    # Ingress leads to the API's own port, where serve/ingress.py decides what it lets at.
    assert (manifest["ingress"], manifest["ingress_port"]) == (True, PORT)
    assert manifest["discovery"] == ["omnicam"]  # the integration's domain
    assert manifest["ports"] == {"8130/tcp": None}


def test_the_only_config_yaml():
    # The Supervisor takes every file of that name for an app, except below rootfs and dot folders.
    found = [
        path
        for suffix in ("yaml", "yml", "json")
        for folder in ("addon", "custom_components", "inference_server", "tests", "scripts")
        for path in (ROOT / folder).rglob(f"config.{suffix}")
        if "rootfs" not in path.parts
    ]
    assert found == [ROOT / "addon" / "config.yaml"]


def test_versions_agree(manifest, addon):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    integration = json.loads((ROOT / "custom_components/omnicam/manifest.json").read_text("utf-8"))
    hacs = json.loads((ROOT / "hacs.json").read_text("utf-8"))
    changelog = (addon / "CHANGELOG.md").read_text("utf-8")
    compose = yaml.safe_load((addon / "compose.yaml").read_text("utf-8"))
    versions = {
        manifest["version"],
        project["version"],
        integration["version"],
        omnicam.__version__,
        re.search(r"^## (.+)$", changelog, re.MULTILINE)[1],
        compose["services"]["node"]["image"].partition(":")[2],
    }
    assert len(versions) == 1
    assert manifest["homeassistant"] == hacs["homeassistant"]


def test_the_default_options_are_complete(manifest):
    assert missing(manifest["schema"], manifest["options"]) == []
    assert missing(manifest["schema"], manifest["options"] | {"cameras": [{"url": "x"}]}) == ["id"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_cover_every_option(addon, manifest, language):
    text = (addon / "translations" / f"{language}.yaml").read_text("utf-8")
    translation = TRANSLATION(yaml.safe_load(text))
    assert _names(translation["configuration"]) == _options(manifest["schema"])
    assert translation["network"].keys() == manifest["ports"].keys()


def test_every_language_of_the_node_has_its_translation_and_manual(addon, manifest):
    offered = re.fullmatch(r"list\((.+)\)", manifest["schema"]["language"])[1].split("|")
    assert sorted(offered) == sorted(LANGUAGES)
    assert {path.stem for path in (addon / "translations").iterdir()} == set(LANGUAGES)
    for manual in ("DOCS.md", "DOCS.zh-Hans.md"):
        text = (addon / manual).read_text("utf-8")
        for option in manifest["schema"]:
            assert f"`{option}`" in text or f"`{option}[]" in text, (manual, option)
        for option in manifest["schema"]["cameras"][0]:
            assert re.search(rf"`(cameras\[\]\.)?{option}`", text), (manual, option)


def _options(schema):
    """All option names as paths, groups included."""
    names = set()
    for key, element in schema.items():
        names.add(key)
        inner = element[0] if isinstance(element, list) else element
        if isinstance(inner, dict):
            names |= {f"{key}.{name}" for name in _options(inner)}
    return names


def _names(translation):
    names = set()
    for key, entry in translation.items():
        names.add(key)
        names |= {f"{key}.{name}" for name in _names(entry.get("fields", {}))}
    return names
