"""quality_scale.yaml tells the truth: each `done` has its evidence, each exemption its reason.

Evidence is one of
  FILE              a file of the repository,
  FILE:TEXT         a text in it,
  FILE::TEST        a test in it,
  FILE#HEADING      a section, not empty, in a document and in its Chinese translation.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from homeassistant.util.yaml import load_yaml_dict

from custom_components.omnicam import const

INTEGRATION = Path(const.__file__).parent
REPOSITORY = INTEGRATION.parents[1]
CODE = "custom_components/omnicam"
TESTS = "tests/integration"
DOCS = "docs/home-assistant.md"
RULES: dict[str, dict[str, Any]] = {
    rule: {"status": value, "comment": ""} if isinstance(value, str) else value
    for rule, value in load_yaml_dict(str(INTEGRATION / "quality_scale.yaml"))["rules"].items()
}

# What each rule asks for: https://developers.home-assistant.io/docs/core/integration-quality-scale
EVIDENCE: dict[str, tuple[str, ...]] = {
    "action-setup": (f"{CODE}/__init__.py:async def async_setup(", f"{CODE}/services.yaml"),
    "appropriate-polling": (
        f"{CODE}/manifest.json:local_push",
        f"{CODE}/entity.py:_attr_should_poll = False",
        f"{CODE}/watch.py:_ASK_EVERY",
    ),
    "brands": (f"{CODE}/brand/icon.png", f"{TESTS}/test_hacs.py::test_brand"),
    "common-modules": (f"{CODE}/entity.py", f"{CODE}/hub.py"),
    "config-flow": (
        f"{CODE}/config_flow.py:ConfigFlow, domain=DOMAIN",
        f'{CODE}/manifest.json:"config_flow": true',
        f"{TESTS}/test_files.py::test_every_field_is_described",
    ),
    "config-flow-test-coverage": ("scripts/test:config_flow.py' --fail-under=100",),
    "docs-actions": (f"{DOCS}#Actions",),
    "docs-high-level-description": (f"{DOCS}#Home Assistant",),
    "docs-installation-instructions": (f"{DOCS}#Install",),
    "docs-removal-instructions": (f"{DOCS}#Remove",),
    "entity-event-setup": (
        f"{CODE}/entity.py:async_added_to_hass",
        f"{CODE}/event.py:async_added_to_hass",
    ),
    "entity-unique-id": (
        f"{CODE}/entity.py:_attr_unique_id",
        f"{TESTS}/snapshots/test_init.ambr:unique_id",
    ),
    "has-entity-name": (f"{CODE}/entity.py:_attr_has_entity_name = True",),
    "runtime-data": (
        f"{CODE}/data.py:type OmnicamConfigEntry = ConfigEntry[OmnicamHub]",
        f"{CODE}/__init__.py:entry.runtime_data = hub",
    ),
    "test-before-configure": (f"{TESTS}/test_config_flow.py:cannot_connect",),
    "test-before-setup": (
        f"{CODE}/__init__.py:ConfigEntryNotReady",
        f"{TESTS}/test_init.py::test_setup_fails",
        f"{TESTS}/test_init.py::test_setup_nobody_there",
    ),
    "unique-config-entry": (
        f"{CODE}/config_flow.py:_abort_if_unique_id_configured",
        f"{TESTS}/test_config_flow.py:already_configured",
    ),
    "action-exceptions": (f'{CODE}/translations/en.json:"exceptions"', f"{DOCS}#Actions"),
    "config-entry-unloading": (
        f"{CODE}/__init__.py:async_unload_entry",
        f"{TESTS}/test_init.py::test_unload_keeps_the_owner",
    ),
    "docs-configuration-parameters": (f"{DOCS}#Change the settings",),
    "docs-installation-parameters": (f"{DOCS}#Set up",),
    "entity-unavailable": (
        f"{TESTS}/test_binary_sensor.py::test_node_offline",
        f"{TESTS}/test_binary_sensor.py::test_camera_offline",
        f"{TESTS}/test_init.py::test_broker_lost",
    ),
    "integration-owner": (f'{CODE}/manifest.json:"codeowners": ["@',),
    "log-when-unavailable": (
        f'{TESTS}/test_binary_sensor.py:count("Node home is offline") == 1',
        f'{TESTS}/test_binary_sensor.py:count("Node home is back online") == 1',
    ),
    "reauthentication-flow": (
        f"{CODE}/config_flow.py:async_step_reauth_confirm",
        f"{TESTS}/test_config_flow.py:reauth_successful",
    ),
    "test-coverage": ("scripts/test:--cov-fail-under=98",),
    "devices": (f"{CODE}/devices.py:via_device_id", f"{TESTS}/snapshots/test_init.ambr"),
    "diagnostics": (
        f"{CODE}/diagnostics.py:async_redact_data",
        f"{TESTS}/test_diagnostics.py::test_diagnostics",
    ),
    "discovery": (
        f"{CODE}/config_flow.py:async_step_mqtt",
        f'{CODE}/manifest.json:"mqtt": [',
        f"{CODE}/config_flow.py:async_step_zeroconf",
        f'{CODE}/manifest.json:"zeroconf": [',
    ),
    "discovery-update-info": (
        f"{CODE}/config_flow.py:_follow_known",
        f"{TESTS}/test_config_flow.py:node_known",
    ),
    "docs-data-update": (f"{DOCS}#How data is updated",),
    "docs-examples": (f"{DOCS}#Automations", "docs/blueprints.md#Fall"),
    "docs-known-limitations": (f"{DOCS}#Known limitations",),
    "docs-supported-devices": (f"{DOCS}#Supported devices",),
    "docs-supported-functions": (f"{DOCS}#Entities", f"{DOCS}#Binary sensors", f"{DOCS}#Events"),
    "docs-troubleshooting": (f"{DOCS}#Troubleshooting",),
    "docs-use-cases": (f"{DOCS}#Use cases",),
    "dynamic-devices": (f"{TESTS}/test_init.py::test_cameras_come_and_go",),
    "entity-category": (f"{CODE}/sensor.py:EntityCategory.DIAGNOSTIC",),
    "entity-device-class": (
        f"{CODE}/binary_sensor.py:BinarySensorDeviceClass.SMOKE",
        f"{CODE}/binary_sensor.py:BinarySensorDeviceClass.TAMPER",
    ),
    "entity-disabled-by-default": (f"{CODE}/sensor.py:entity_registry_enabled_default",),
    "entity-translations": (
        f"{CODE}/binary_sensor.py:translation_key",
        f"{TESTS}/test_files.py::test_every_class_has_name_and_icon",
    ),
    "exception-translations": (
        f"{CODE}/__init__.py:translation_key=",
        f'{CODE}/translations/zh-Hans.json:"exceptions"',
    ),
    "icon-translations": (
        f"{CODE}/icons.json",
        f"{TESTS}/test_hassfest.py::test_icons_and_names_belong_together",
    ),
    "reconfiguration-flow": (
        f"{CODE}/config_flow.py:async_step_reconfigure",
        f"{TESTS}/test_config_flow.py:reconfigure_successful",
    ),
    "repair-issues": (
        f"{CODE}/repairs.py:async_create_fix_flow",
        f"{TESTS}/test_repairs.py::test_camera_away_is_switched_off",
        f"{DOCS}#Repairs",
    ),
    "stale-devices": (
        f"{TESTS}/test_init.py::test_stale_device_from_before",
        f"{CODE}/__init__.py:async_remove_config_entry_device",
    ),
    "inject-websession": (f"{CODE}/__init__.py:async_get_clientsession(hass)",),
    "strict-typing": (
        f"{CODE}/py.typed",
        "pyproject.toml:strict = true",
        "scripts/test:mypy custom_components/omnicam",
    ),
    "parallel-updates": tuple(
        f"{CODE}/{platform.value}.py:PARALLEL_UPDATES" for platform in const.PLATFORMS
    ),
}


def _sources() -> str:
    return "\n".join(path.read_text("utf-8") for path in INTEGRATION.glob("*.py"))


# When an exemption holds; a reason that no longer does fails the test, so that the rule is met.
REASONS: dict[str, Callable[[], bool]] = {
    "docs-conditions": lambda: not (INTEGRATION / "conditions.yaml").exists(),
    "docs-triggers": lambda: not (INTEGRATION / "triggers.yaml").exists(),
    "dependency-transparency": lambda: (
        json.loads((INTEGRATION / "manifest.json").read_text("utf-8"))["requirements"] == []
    ),
    "async-dependency": lambda: (
        json.loads((INTEGRATION / "manifest.json").read_text("utf-8"))["requirements"] == []
    ),
}


def _sections(path: Path) -> list[tuple[str, str]]:
    """Give the headings of a document with what stands below each, outside of code."""
    text = re.sub(r"^```.*?^```", "code", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    parts = re.split(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def _missing(evidence: str) -> str | None:
    """Give what is missing of a piece of evidence, None where it is there."""
    if "#" in evidence:
        name, heading = evidence.split("#")
        english = _sections(REPOSITORY / name)
        titles = [title for title, _ in english]
        if heading not in titles:
            return f"no section {heading} in {name}"
        chinese = _sections(REPOSITORY / name.replace(".md", ".zh-Hans.md"))
        if len(chinese) != len(english):
            return f"{name} has {len(english)} sections, its translation {len(chinese)}"
        both = (english[titles.index(heading)], chinese[titles.index(heading)])
        short = any(len(body.split()) < 3 and len(body.strip()) < 20 for _, body in both)
        return f"the section {heading} of {name} says nothing" if short else None
    name, _, wanted = evidence.partition(":")
    path = REPOSITORY / name
    if not path.is_file():
        return f"no file {name}"
    if wanted.startswith(":"):
        pattern = rf"^(async )?def {re.escape(wanted[1:])}\("
        found = re.search(pattern, path.read_text("utf-8"), re.MULTILINE)
        return None if found else f"no test {wanted[1:]} in {name}"
    if wanted and wanted not in path.read_text("utf-8"):
        return f"no {wanted!r} in {name}"
    return None


def test_all_rules() -> None:
    """All 54 are done or exempt, and an exemption has its reason in words."""
    assert RULES.keys() == EVIDENCE.keys() | REASONS.keys()
    assert len(RULES) == 54
    for rule, value in RULES.items():
        assert value["status"] in ("done", "exempt"), f"{rule} is left to do"
        assert value["status"] == "done" or value["comment"], rule


@pytest.mark.parametrize(
    "rule", [rule for rule, value in RULES.items() if value["status"] == "done"]
)
def test_done(rule: str) -> None:
    """What shows that the rule is met is there."""
    assert [gap for piece in EVIDENCE[rule] if (gap := _missing(piece))] == []


@pytest.mark.parametrize(
    "rule", [rule for rule, value in RULES.items() if value["status"] == "exempt"]
)
def test_exempt(rule: str) -> None:
    """The reason of the exemption holds."""
    assert REASONS[rule](), f"the reason not to meet {rule} no longer holds: meet it, say done"
