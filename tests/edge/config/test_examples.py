"""The examples can be used, and the documents tell of every setting what the schema has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import voluptuous as vol
import yaml

from omnicam.config.load import load, parse, read
from omnicam.config.model import (
    ApiSettings,
    CameraSettings,
    Hours,
    LearningSettings,
    Line,
    ModelSettings,
    MqttSettings,
    NodeSettings,
    Question,
    RetentionSettings,
)
from omnicam.config.schema import NODE
from omnicam.taxonomy import ANOMALIES, AnomalyClass, Thresholds

DOCS = Path(__file__).resolve().parents[3] / "docs"
EXAMPLES = sorted((DOCS / "examples").glob("*.yaml"))
LANGUAGES = sorted(DOCS.glob("configuration*.md"))
MINIMAL = {"node": "home", "cameras": {"bedroom": {"url": "rtsp://192.0.2.7/stream"}}}

DEFAULTS: dict[str, type] = {
    "": NodeSettings,
    "cameras.<id>": CameraSettings,
    "lines.<id>": Line,
    "classes.<class>": Thresholds,
    "mqtt": MqttSettings,
    "api": ApiSettings,
    "retention": RetentionSettings,
    "learning": LearningSettings,
    "model": ModelSettings,
    "questions.<id>": Question,
}


def blocks(document: Path, language: str = "yaml") -> list[str]:
    fenced = re.compile(rf"^```{language}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return fenced.findall(document.read_text("utf-8"))


def merged(below: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = dict(below)
    for key, value in over.items():
        nested = isinstance(value, dict) and isinstance(below.get(key), dict)
        both[key] = merged(below[key], value) if nested else value
    return both


def descend(validator: Any) -> Iterator[vol.Schema]:
    """Give the mappings inside a validator."""
    if isinstance(validator, vol.Schema) and isinstance(validator.schema, dict):
        yield validator
    elif isinstance(validator, vol.All):
        for part in validator.validators:
            yield from descend(part)


def placeholder(key: Any) -> str:
    """Name a key that is a validator: `<class>` where only classes are taken, else `<id>`."""
    try:
        key("not_a_class")
    except vol.Invalid:
        return "<class>"
    return "<id>"


def settings(schema: vol.Schema = NODE, section: str = "") -> Iterator[tuple[str, str, Any, bool]]:
    """Give section, name, validator and necessity; a camera's classes are those of the node.

    A section is named by the mapping that holds it: `cameras.<id>`, `zones.<id>`, `mqtt`.
    """
    for key, validator in schema.schema.items():
        name = getattr(key, "schema", key)
        if isinstance(name, str):
            yield section, name, validator, isinstance(key, vol.Required)
            inner = name
        else:
            inner = f"{section.rpartition('.')[2]}.{placeholder(name)}"
        for mapping in descend(validator):
            yield from settings(mapping, inner)


SETTINGS = {(section, name): validator for section, name, validator, _ in settings()}
REQUIRED = {(section, name) for section, name, _, required in settings() if required}


def rows(document: Path) -> dict[tuple[str, str], list[str]]:
    """Give the cells of every row about a setting, by the path in its section's heading."""
    found: dict[tuple[str, str], list[str]] = {}
    section, wanted = "", False
    for line in document.read_text("utf-8").splitlines():
        if line.startswith("#"):
            path = re.search(r"`([^`]+)`", line)
            section = path.group(1) if path else ""
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and (name := re.fullmatch("`(.+)`", cells[0])):
            wanted = True
            assert (section, name.group(1)) not in found, f"{section}.{name.group(1)}: two rows"
            found[section, name.group(1)] = cells
    assert wanted, f"{document.name} has no table of settings"
    return found


def complaint(validator: Any) -> str:
    """Tell what a validator of a single value wants, by what it says about a wrong one."""
    if not callable(validator) or isinstance(validator, vol.Schema | vol.All):
        return ""
    try:
        validator("?")
    except vol.Invalid as error:
        return error.error_message
    return ""


def shown(value: object) -> list[str]:
    """Give the texts by which a default must be shown; none for those that words describe."""
    match value:
        case bool():
            return [str(value).lower()]
        case StrEnum():
            return [f"`{value}`"]
        case int() | float():
            return [f"{value:g}"]
        case Hours():
            return [f"`{value.start:%H:%M}-{value.end:%H:%M}`"]
        case str():
            return [f"`{value}`"]
        case tuple():
            return [text for part in value for text in shown(part)]
    return []


def has_number(cell: str, number: str) -> bool:
    return re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.]*\d)", cell) is not None


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_an_example_can_be_used(file: Path) -> None:
    assert load(file).cameras


@pytest.mark.parametrize("document", LANGUAGES, ids=lambda file: file.name)
def test_every_block_of_a_document_can_be_used(document: Path, tmp_path: Path) -> None:
    assert blocks(document)
    for text in blocks(document):
        file = tmp_path / "omnicam.yaml"
        file.write_text(text, "utf-8")
        raw = merged(MINIMAL, read(file))
        if secret := raw.get("mqtt", {}).get("password_file"):
            (tmp_path / secret).write_text("secret\n", "utf-8")
        assert parse(raw, base=tmp_path).cameras, text


def test_both_languages_are_there_with_the_same_blocks() -> None:
    names = [document.name for document in LANGUAGES]
    assert names == ["configuration.md", "configuration.zh-Hans.md"]
    english, chinese = (
        [yaml.safe_load(text) for text in blocks(document)] for document in LANGUAGES
    )
    assert english == chinese


def test_the_walk_sees_the_whole_schema() -> None:
    assert {section for section, _ in SETTINGS} == {
        "", "cameras.<id>", "zones.<id>", "lines.<id>", "classes.<class>", "mqtt", "api",
        "retention", "sound", "learning", "model", "questions.<id>",
    }  # fmt: skip


@pytest.mark.parametrize("document", LANGUAGES, ids=lambda file: file.name)
def test_every_setting_is_documented_and_no_other(document: Path) -> None:
    assert set(rows(document)) == set(SETTINGS)


@pytest.mark.parametrize("document", LANGUAGES, ids=lambda file: file.name)
@pytest.mark.parametrize(("section", "name"), sorted(SETTINGS))
def test_ranges_and_choices_are_those_of_the_schema(
    document: Path, section: str, name: str
) -> None:
    wanted = complaint(SETTINGS[section, name])
    cell = rows(document)[section, name][1]
    if limits := re.search(r"number from (\S+) to (\S+)", wanted):
        for text in limits.groups():
            assert has_number(cell, f"{float(text):.15g}"), f"{cell}: {text} is missing"
    if options := re.fullmatch(r"must be one of: (.+)", wanted):
        assert set(re.findall("`([^`]+)`", cell)) == set(options.group(1).split(", "))


@pytest.mark.parametrize("document", LANGUAGES, ids=lambda file: file.name)
def test_what_is_required_is_said_so(document: Path) -> None:
    marked = {place for place, cells in rows(document).items() if cells[2] in ("required", "必填")}
    assert marked == REQUIRED


@pytest.mark.parametrize("document", LANGUAGES, ids=lambda file: file.name)
@pytest.mark.parametrize("section", sorted(DEFAULTS))
def test_defaults_are_those_of_the_model(document: Path, section: str) -> None:
    documented = rows(document)
    for field in fields(DEFAULTS[section]):
        place = (section, field.name)
        if place not in documented or place in REQUIRED or field.default in (MISSING, None, ()):
            continue
        cell = documented[place][2]
        for text in shown(field.default):
            assert has_number(cell, text) if text[0].isdigit() else text in cell, (
                f"{section}.{field.name}: {cell} does not show {text}"
            )


@pytest.mark.parametrize("document", LANGUAGES, ids=lambda file: file.name)
@pytest.mark.parametrize("name", ["window_s", "refractory_s", "release_s"])
def test_defaults_of_classes_are_those_of_the_taxonomy(document: Path, name: str) -> None:
    cell = rows(document)["classes.<class>", name][2]
    usual, *exceptions = re.findall(r"(?:`(\w+)` )?(\d+)", cell)
    told = dict.fromkeys(AnomalyClass, float(usual[1]))
    told |= {AnomalyClass(anomaly): float(number) for anomaly, number in exceptions}
    assert told == {anomaly: getattr(row, name) for anomaly, row in ANOMALIES.items()}


@pytest.mark.parametrize("document", LANGUAGES, ids=lambda file: file.name)
def test_the_needs_of_every_class_are_told(document: Path) -> None:
    named = re.findall(r"^\| `(\w+)` \| [^|]+ \|$", document.read_text("utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(AnomalyClass)


@pytest.mark.parametrize("document", LANGUAGES, ids=lambda file: file.name)
def test_the_shown_complaints_are_real(document: Path) -> None:
    """What the document shows is what the node says about such a file."""
    raw = {
        "node": "My Home",
        "cameras": {
            "bedroom": {
                "url": "rtsp://192.0.2.7/stream",
                "framerate": 6,
                "zones": {"bed": {"kind": "sofa", "points": [[0, 0], [1, 0], [1, 1]]}},
            }
        },
    }
    with pytest.raises(ValueError, match="My Home") as caught:
        parse(raw, base=DOCS)
    assert blocks(document, "text") == [f"{caught.value}\n"]


@pytest.mark.parametrize("document", sorted(DOCS.glob("home-assistant*.md")), ids=lambda f: f.name)
def test_automations_are_yaml(document: Path) -> None:
    assert blocks(document)
    for text in blocks(document):
        assert isinstance(yaml.safe_load(text), dict | list), text
