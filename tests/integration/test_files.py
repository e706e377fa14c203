"""The files beside the code agree with it: manifest, translations, icons."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from custom_components.omnicam import const
from custom_components.omnicam.binary_sensor import DESCRIPTIONS

ROOT = Path(const.__file__).parent
LANGUAGES = ("en", "zh-Hans")


def load(name: str) -> dict[str, Any]:
    """Read one of the integration's JSON files."""
    value: dict[str, Any] = json.loads((ROOT / name).read_text("utf-8"))
    return value


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Give every text with its path."""
    if isinstance(value, str):
        yield path, value
        return
    for key, inner in value.items():
        yield from texts(inner, f"{path}.{key}" if path else key)


def placeholders(text: str) -> set[str]:
    """Give the names in braces."""
    return set(re.findall(r"{(\w+)}", text))


def test_languages_agree() -> None:
    """Every language has every text, with the same placeholders."""
    english, *others = (dict(texts(load(f"translations/{name}.json"))) for name in LANGUAGES)
    for other in others:
        assert other.keys() == english.keys()
        assert {path: placeholders(text) for path, text in other.items()} == {
            path: placeholders(text) for path, text in english.items()
        }


def test_chinese_is_chinese() -> None:
    """No text was left in English."""
    for path, text in texts(load("translations/zh-Hans.json")):
        assert path == "config.flow_title" or re.search(r"[\u4e00-\u9fff]", text), path


def test_every_field_is_described() -> None:
    """Each field of a form says what to enter."""
    texts = load("translations/en.json")
    for name, step in (
        *texts["config"]["step"].items(),
        *texts["config_subentries"]["camera"]["step"].items(),
    ):
        assert step.get("data", {}).keys() == step.get("data_description", {}).keys(), name


@pytest.mark.parametrize("section", ["error", "abort"])
def test_keys_in_the_flow_are_translated(section: str) -> None:
    """What the flow answers stands in the translations."""
    source = (ROOT / "config_flow.py").read_text("utf-8")
    found = load("translations/en.json")["config"]
    if section == "abort":
        used = set(re.findall(r'reason="(\w+)"', source))
    else:
        used = set(re.findall(r'"(invalid_auth|cannot_connect|unsupported_contract)"', source))
        used |= {"wrong_node", "bad_answer", "invalid_url"}
    assert used
    assert used <= found[section].keys()


def test_every_class_has_name_and_icon() -> None:
    """All nine, in translations and icons."""
    classes = {name.value for name in const.AnomalyClass}
    assert {description.key for description in DESCRIPTIONS} == classes
    assert load("translations/en.json")["entity"]["binary_sensor"].keys() == classes
    assert load("icons.json")["entity"]["binary_sensor"].keys() == classes


def test_manifest() -> None:
    """The manifest and the code speak of the same."""
    manifest = load("manifest.json")
    assert manifest["mqtt"] == [const.DISCOVERY_TOPIC]
    assert "mqtt" in manifest["dependencies"]
    assert not (ROOT / "strings.json").exists()
