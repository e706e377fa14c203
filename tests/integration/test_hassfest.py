"""The rules that Home Assistant's hassfest applies to a custom integration, checked by our code.

hassfest itself is in no package registry, neither in Home Assistant's wheel nor in its sdist, so it
cannot be fetched where these tests run. The forms below were written from what it demands of
manifest, imports, translations, icons, actions and flows.
"""

import ast
import json
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hass_frontend
import pytest
import voluptuous as vol
from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from homeassistant import requirements
from homeassistant.const import Platform
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import selector
from homeassistant.util.yaml import load_yaml_dict

from custom_components.omnicam import const

ROOT = Path(const.__file__).parent
COMPONENTS = Path(requirements.__file__).parent / "components"
LANGUAGES = ("en", "zh-Hans")

_KEY = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")
_ADDRESS = re.compile(
    r"(?:https?|ftp|mqtts?|socket|socks5)://[\w-]+(?:\.[\w-]+)*\.[a-z]{2,5}\b|www\."
)
_ICON = re.compile(r"mdi:([a-z0-9-]+)")

# What may be imported from without a word in the manifest: platforms, and what is always loaded.
_ALWAYS = {platform.value for platform in Platform} | {
    "conversation",
    "frontend",
    "homeassistant",
    "media_source",
    "persistent_notification",
    "stream",
    "system_health",
    "websocket_api",
}


def _url(value: str) -> str:
    return str(cv.url(value)) if value.startswith("https://") else _refuse("an https address")


def _refuse(wanted: str) -> str:
    raise vol.Invalid(f"should be {wanted}")


_MANIFEST = vol.Schema(
    {
        vol.Required("domain"): ROOT.name,
        vol.Required("name"): vol.All(str, vol.Length(min=1)),
        vol.Required("codeowners"): [vol.Match(r"^@[\w/-]+$")],
        vol.Required("documentation"): _url,
        vol.Required("issue_tracker"): _url,
        vol.Required("version"): lambda text: AwesomeVersion(
            text, ensure_strategy=[AwesomeVersionStrategy.SEMVER, AwesomeVersionStrategy.CALVER]
        ),
        vol.Required("integration_type"): vol.In(("device", "hub", "service")),
        vol.Required("iot_class"): vol.In(("local_push", "local_polling")),
        vol.Required("config_flow"): True,
        vol.Required("requirements"): [str],
        "dependencies": [str],
        "after_dependencies": [str],
        "loggers": [str],
        "mqtt": [str],
        "single_config_entry": bool,
        "zeroconf": [vol.Any(vol.Match(r"^_[a-z0-9-]+\._tcp\.local\.$"), dict)],
    }
)

_TEXTS = {str: str}
_FLOW = {
    vol.Required("step"): {
        str: {
            "title": str,
            "description": str,
            "data": _TEXTS,
            "data_description": _TEXTS,
            "menu_options": _TEXTS,
            "menu_option_descriptions": _TEXTS,
            "submit": str,
            "sections": {
                str: {"name": str, "description": str, "data": _TEXTS, "data_description": _TEXTS}
            },
        }
    },
    "error": _TEXTS,
    "abort": _TEXTS,
    "progress": _TEXTS,
    "create_entry": _TEXTS,
}
_FIELD = {vol.Required("name"): str, vol.Required("description"): str, "example": str}
_TRANSLATIONS = vol.Schema(
    {
        "title": str,
        "config": _FLOW | {"flow_title": str},
        "config_subentries": {
            str: _FLOW
            | {
                vol.Required("entry_type"): str,
                vol.Required("initiate_flow"): {vol.Required("user"): str, str: str},
            }
        },
        "options": _FLOW,
        "selector": {str: {"options": _TEXTS, "choices": _TEXTS, "fields": {str: _FIELD}}},
        "system_health": {"info": _TEXTS},
        "issues": {
            str: vol.All(
                cv.has_at_least_one_key("description", "fix_flow"),
                {vol.Required("title"): str, "description": str, "fix_flow": _FLOW},
            )
        },
        "device": {str: {"name": str}},
        "entity": {
            vol.In([platform.value for platform in Platform]): {
                str: {
                    "name": str,
                    "state": _TEXTS,
                    "state_attributes": {str: {"name": str, "state": _TEXTS}},
                    "unit_of_measurement": str,
                }
            }
        },
        "exceptions": {str: {vol.Required("message"): str}},
        "services": {
            str: {
                vol.Required("name"): str,
                vol.Required("description"): str,
                "fields": {str: _FIELD},
                "sections": {str: {vol.Required("name"): str, "description": str}},
            }
        },
        "conversation": {"agent": {"done": str}},
        "common": _TEXTS,
    }
)

_STATES = {"default": str, "state": _TEXTS}
_ICONS = vol.Schema(
    {
        "entity": {
            vol.In([platform.value for platform in Platform]): {
                str: {**_STATES, "state_attributes": {str: _STATES}}
            }
        },
        "services": {str: {vol.Required("service"): str, "sections": _TEXTS}},
    }
)


def load(name: str) -> dict[str, Any]:
    """Read one of the integration's JSON files."""
    found: dict[str, Any] = json.loads((ROOT / name).read_text("utf-8"))
    return found


def leaves(
    value: dict[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Give every text with its path."""
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from leaves(inner, (*path, key))
        else:
            yield (*path, key), inner


def sources() -> Iterator[tuple[Path, ast.Module]]:
    """Give every file of the integration, parsed."""
    for path in sorted(ROOT.rglob("*.py")):
        yield path, ast.parse(path.read_text("utf-8"))


def methods(name: str) -> set[str]:
    """Give the names of all functions of a file of the integration."""
    tree = ast.parse((ROOT / name).read_text("utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_manifest() -> None:
    """Its keys are known, complete and in order: domain, name, then by the alphabet."""
    manifest = load("manifest.json")
    _MANIFEST(manifest)
    keys = list(manifest)
    assert keys == ["domain", "name", *sorted(keys[2:])]
    assert not (COMPONENTS / ROOT.name).exists(), (
        "the name of an integration of Home Assistant itself"
    )
    depends, after = (set(manifest.get(key, ())) for key in ("dependencies", "after_dependencies"))
    assert not depends & after
    for domain in depends | after:
        assert (COMPONENTS / domain).is_dir(), domain


def test_what_is_imported_is_depended_on() -> None:
    """An integration that may not be loaded is imported nowhere but in the file for it."""
    manifest = load("manifest.json")
    allowed = _ALWAYS | set(manifest["dependencies"]) | set(manifest.get("after_dependencies", ()))
    allowed |= {
        domain
        for domain, keys in requirements.DISCOVERY_INTEGRATIONS.items()
        if manifest.keys() & set(keys)
    }
    for path, tree in sources():
        for node in ast.walk(tree):
            modules = []
            if isinstance(node, ast.ImportFrom) and node.module == "homeassistant.components":
                modules = [name.name for name in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules = re.findall(r"^homeassistant\.components\.(\w+)", node.module)
            for module in modules:
                platform = (ROOT / f"{module}.py").is_file()
                assert platform or module in allowed, f"{path.name} imports {module}"


def test_discovery_is_answered() -> None:
    """Each way of being found that the manifest promises has its step, and no step is idle."""
    steps = {name.removeprefix("async_step_") for name in methods("config_flow.py")}
    manifest = load("manifest.json")
    for way in ("mqtt", "zeroconf", "dhcp", "ssdp", "usb", "homekit", "bluetooth"):
        assert (way in steps) == (way in manifest), way
    assert {"user", "reauth", "reauth_confirm", "reconfigure"} <= steps


def test_schema_of_the_configuration() -> None:
    """An integration with `async_setup` says that it takes nothing from YAML."""
    source = (ROOT / "__init__.py").read_text("utf-8")
    if "async_setup" in methods("__init__.py"):
        assert re.search(r"^CONFIG_SCHEMA\b.*config_entry_only_config_schema", source, re.MULTILINE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations(language: str) -> None:
    """Known sections only; each text without HTML, addresses, quoted or malformed placeholders."""
    translations = load(f"translations/{language}.json")
    _TRANSLATIONS(translations)
    for path, text in leaves(translations):
        where = ".".join(path)
        cv.string_with_no_html(text)
        assert text == text.strip(), where
        assert not _ADDRESS.search(text), where
        assert not re.search(r"'{\w+}'", text), where
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
        assert all(name.isidentifier() for name in names), where
        if path[0] == "entity" and path[3] != "name":
            assert not names, where
        assert all(_KEY.fullmatch(key) for key in path if path[0] in ("entity", "services")), where


def test_icons() -> None:
    """Every icon is one that Home Assistant's frontend has."""
    icons = load("icons.json")
    _ICONS(icons)
    listing = hass_frontend.where() / "static" / "mdi" / "iconList.json"
    known = {icon["name"] for icon in json.loads(listing.read_text("utf-8"))}
    for path, text in leaves(icons):
        match = _ICON.fullmatch(text)
        assert match, f"{path}: {text}"
        assert match[1] in known, f"{path}: {text}"


def test_icons_and_names_belong_together() -> None:
    """What has an icon has a name, or is named after its device."""
    names = load("translations/en.json")["entity"]
    for platform, entities in load("icons.json")["entity"].items():
        for key in entities:
            nameless = f'_attr_translation_key = "{key}"' in (ROOT / f"{platform}.py").read_text()
            assert key in names.get(platform, {}) or nameless, f"{platform}.{key}"


def test_actions() -> None:
    """Every action and field is described, with a selector that exists, and has an icon."""
    calls = re.compile(
        r"services\.async_register|async_register_(platform_|admin_)?(entity_)?service\b"
    )
    registered = any(calls.search(path.read_text("utf-8")) for path in ROOT.rglob("*.py"))
    if not (ROOT / "services.yaml").exists():
        assert not registered, "actions are registered, but there is no services.yaml"
        return
    actions = load_yaml_dict(str(ROOT / "services.yaml"))
    texts, icons = load("translations/en.json")["services"], load("icons.json")["services"]
    assert actions.keys() == texts.keys() == icons.keys()
    options = load("translations/en.json").get("selector", {})
    for name, action in actions.items():
        fields = (action or {}).get("fields", {})
        plain = {
            key: field
            for outer, value in fields.items()
            for key, field in value.get("fields", {outer: value}).items()
        }
        assert plain.keys() == texts[name].get("fields", {}).keys(), name
        for key, field in plain.items():
            assert field.keys() <= {"example", "default", "required", "selector", "filter"}, key
            selector.validate_selector(field["selector"])
            choice = field["selector"].get("select") or {}
            if "translation_key" in choice:
                assert choice["translation_key"] in options, f"{name}.{key}"
