"""The household's own questions: what becomes of them, and what is said about the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from omnicam import payloads
from omnicam.config.errors import ConfigError
from omnicam.config.load import parse
from omnicam.config.model import NodeSettings, When
from omnicam.publish import discovery
from omnicam.taxonomy import AnomalyClass, Level, OwnClass

STOVE = OwnClass("stove_alone")
ASKED = {"question": "Is the stove on?", "english": "Stove on", "chinese": "灶台开着"}


def settings(questions: Any, **changes: Any) -> NodeSettings:
    hall, yard = {"url": "rtsp://192.0.2.7/"}, {"url": "rtsp://192.0.2.8/"}
    raw = {"node": "home", "cameras": {"hall": hall, "yard": yard}}
    model = {"url": "http://192.0.2.9/v1", "name": "omni", "questions": questions}
    return parse(raw | {"model": model} | changes, base=Path("/"))


def complaint(questions: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        settings(questions)
    return str(caught.value)


def test_a_question_is_a_class_of_the_cameras_that_it_names() -> None:
    node = settings({"stove_alone": ASKED | {"cameras": ["hall"], "when": "nobody"}})
    hall, yard = node.cameras
    assert list(hall.classes) == [*AnomalyClass, STOVE]
    assert list(yard.classes) == [*AnomalyClass]
    stove = hall.classes[STOVE]
    assert stove.question is not None
    assert (stove.question.text, stove.question.when) == ("Is the stove on?", When.NOBODY)
    assert (stove.alarm_level, stove.release_s) == (Level.HIGH, 150.0)
    assert STOVE in settings({"stove_alone": ASKED}).cameras[1].classes


def test_a_camera_that_is_not_shown_to_the_model_has_none() -> None:
    cameras = {"hall": {"url": "rtsp://192.0.2.7/", "verify": False}}
    node = settings({"stove_alone": ASKED}, cameras=cameras)
    assert STOVE not in node.cameras[0].classes


def test_names_follow_from_the_id_and_from_each_other() -> None:
    node = settings({"stove_alone": {"question": "Is the stove on?"}})
    asked = node.cameras[0].classes[STOVE].question
    assert asked is not None
    assert (asked.english, asked.chinese) == ("Stove alone", "Stove alone")


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("fall", {}, "model.questions.fall"),
        ("help", {}, "is taken: choose another id"),
        ("Stove", {}, "must be 1-63 of a-z"),
        (
            "stove",
            {"question": "on?"},
            "model.questions.stove.question = 'on?': must be a question",
        ),
        ("stove", {"question": 7}, "that yes or no answers"),
        ("stove", {"cameras": ["attic"]}, "is an unknown camera; known here: hall, yard"),
        ("stove", {"every_s": 1}, "model.questions.stove.every_s = 1: must be a number from 10"),
        ("stove", {"when": "never"}, "must be one of: always, people, nobody"),
        ("stove", {"low": 0.95}, "thresholds must rise"),
        ("stove", {"evry_s": 30}, "did you mean every_s?"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_remedy(
    name: str, changes: dict[str, Any], said: str
) -> None:
    assert said in complaint({name: ASKED | changes})


def test_without_its_words_or_in_a_crowd_it_is_refused() -> None:
    assert "model.questions.stove.question: is missing" in complaint({"stove": {}})
    assert "at most 16 questions" in complaint({f"q{number}": ASKED for number in range(17)})


@pytest.mark.parametrize(("language", "name"), [("en", "Stove on"), ("zh-Hans", "灶台开着")])
def test_home_assistant_is_offered_its_sensor(language: str, name: str) -> None:
    node = settings({"stove_alone": ASKED | {"cameras": ["hall"]}}, language=language)
    hall, yard = node.cameras
    sensor = discovery.payload(node, hall)["cmps"]["stove_alone"]
    assert (sensor["p"], sensor["name"]) == ("binary_sensor", name)
    assert sensor["state_topic"] == "omnicam/home/hall/stove_alone"
    assert "stove_alone" not in discovery.payload(node, yard)["cmps"]
    info = payloads.info(node, {}, "")
    assert info["classes"] == [*AnomalyClass, "stove_alone"]
    assert info["questions"] == [
        {"id": "stove_alone", "english": "Stove on", "chinese": "灶台开着", "cameras": ["hall"]}
    ]
