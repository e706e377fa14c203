"""When the household's own questions are asked, and what is remembered of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from omnicam.config.load import parse
from omnicam.config.model import CameraSettings, Question, When
from omnicam.taxonomy import AnomalyClass, OwnClass
from omnicam.verify import calibration, store
from omnicam.verify.calibration import Line, Look, Memory, Reference
from omnicam.verify.gate import Ask, Gate
from omnicam.verify.line import Urgency
from omnicam.verify.window import WHOLE
from tests.edge.verify.verify_scenes import FALL, model, standing

HELMET, STOVE = OwnClass("no_helmet"), OwnClass("stove_alone")
ASKED = {
    "no_helmet": {"question": "Is somebody without a helmet?", "when": "people"},
    "stove_alone": {"question": "Is the stove on?", "when": "nobody", "every_s": 30},
}
START = 1_000_000.0


def camera(**changes: Any) -> CameraSettings:
    questions = {name: asked | changes for name, asked in ASKED.items()}
    settings = {"url": "http://h/v1", "name": "omni", "questions": questions}
    raw = {"node": "home", "cameras": {"hall": {"url": "rtsp://h/"}}, "model": settings}
    return parse(raw, base=Path("/")).cameras[0]


def asks(gate: Gate, seconds: int, people: int, *, start: float = START) -> list[Ask]:
    quiet = [standing(0.05, name, judged=name in set(AnomalyClass)) for name in camera().classes]
    found = [gate.reached(start + second, quiet, people=people) for second in range(seconds)]
    return [ask for ask in found if ask is not None]


def about(found: list[Ask], name: OwnClass) -> list[float]:
    return [ask.time - START for ask in found if name in ask.events]


def test_each_is_asked_by_its_own_clock_and_condition() -> None:
    settings = model(audits_per_hour=0, windows_per_minute=60)
    empty = asks(Gate(camera(), settings), 100, people=0)
    assert about(empty, STOVE) == [0.0, 30.0, 60.0, 90.0]
    assert about(empty, HELMET) == []
    assert {ask.urgency for ask in empty} == {Urgency.LOOK}
    assert {ask.region for ask in empty} == {WHOLE}
    peopled = asks(Gate(camera(), settings), 100, people=1)
    assert about(peopled, STOVE) == []
    first, second = about(peopled, HELMET)
    assert second - first == 60.0
    assert all(ask.region is None for ask in peopled)


def test_a_suspicion_goes_first_and_the_question_follows() -> None:
    gate = Gate(camera(), model(audits_per_hour=0))
    first = gate.reached(START, [standing(0.9)], people=0)
    second = gate.reached(START + 0.25, [standing(0.9)], people=0)
    assert first is not None
    assert list(first.events) == [FALL]
    assert second is not None
    assert list(second.events) == [STOVE]


def test_what_cannot_be_afforded_waits_for_its_next_time() -> None:
    gate = Gate(camera(every_s=10), model(audits_per_hour=0, windows_per_minute=1))
    found = asks(gate, 60, people=0)
    assert about(found, STOVE) == [0.0]
    assert gate.over_budget == 5


def test_audits_show_its_normal_scene_unless_something_goes_on() -> None:
    settings = model(audits_per_hour=12)
    hall = camera(every_s=3600)
    seen = [ask for ask in asks(Gate(hall, settings), 3600, people=0) if ask.audit]
    assert seen
    assert all({HELMET, STOVE} <= set(ask.events) for ask in seen)
    gate = Gate(hall, settings)
    alight = replace(standing(0.95, STOVE, judged=False), event=object())  # type: ignore[arg-type]
    gate._audit_slot = None
    found = [gate._audit(START, [alight, standing(0.05)])]
    assert found[0] is not None
    assert STOVE not in found[0].events


def test_a_clock_that_was_set_back_asks_again() -> None:
    gate = Gate(camera(), model(audits_per_hour=0))
    assert about(asks(gate, 2, people=0), STOVE) == [0.0]
    assert [ask.time for ask in asks(gate, 2, people=0, start=START - 500)] == [START - 500]


def test_what_is_known_holds_for_the_very_words(tmp_path: Path) -> None:
    words = Question(text="Is the stove on?", english="Stove on", chinese="灶台")
    memory = Memory(
        lines={STOVE: Line(slope=1.0, offset=0.5), FALL: Line(slope=1.0, offset=0.0)},
        references={
            calibration.reference_key("hall", STOVE): Reference(mean=1.0, count=9),
            calibration.reference_key("hall", FALL): Reference(mean=2.0, count=9),
        },
        looks=(Look(event="e", anomaly=STOVE, score=1.0), Look(event="f", anomaly=FALL, score=1.0)),
    )
    store.write(tmp_path, "omni", memory, {STOVE: words})
    assert store.read(tmp_path, "omni", {STOVE: words}) == memory
    other = {STOVE: replace(words, text="Is the stove burning?", when=When.PEOPLE)}
    for own in (other, {}):
        kept = store.read(tmp_path, "omni", own)
        assert set(kept.lines) == {FALL}
        assert set(kept.references) == {"hall/fall"}
        assert [look.event for look in kept.looks] == ["f"]


def test_people_calibrate_it_like_any_other_class() -> None:
    memory = Memory()
    for number in range(16):
        score = 3.0 if number % 2 else -1.0
        memory = calibration.looked(memory, f"e{number}", OwnClass("stove_alone"), score)
        memory = calibration.answered(memory, f"e{number}", right=bool(number % 2))
    assert memory.lines[STOVE].right == memory.lines[STOVE].wrong == 8
