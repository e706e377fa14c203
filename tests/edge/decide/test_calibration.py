"""Tests of the table of calibration and of what it does to decisions."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicam.decide.calibration import (
    FILE,
    IDENTITY,
    LEAST_OFFSET,
    LEAST_SLOPE,
    MOST_OFFSET,
    MOST_SLOPE,
    Calibration,
    CalibrationError,
    Platt,
    key_of,
    parse,
    shipped,
)
from omnicam.decide.decider import Decider
from omnicam.decide.events import Event, Verdict
from omnicam.decide.fusion import MODEL, confidence_of, log_odds_of
from omnicam.decide.track import MAX_LOG_ODDS
from omnicam.taxonomy import ANOMALIES, AnomalyClass
from tests.edge.decide.decide_scenes import START, camera, events, evidence, lasting, play, steps

platts = st.builds(Platt, st.floats(LEAST_SLOPE, MOST_SLOPE), st.floats(LEAST_OFFSET, MOST_OFFSET))
log_odds = st.floats(-24, 24)


@given(platts, log_odds, log_odds)
def test_a_map_keeps_the_order_and_can_be_undone(platt: Platt, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert platt(low) <= platt(high)
    assert platt.inverse(platt(one)) == pytest.approx(one, abs=1e-9)


@given(platts)
def test_nothing_seen_is_far_from_an_event_whatever_the_map(platt: Platt) -> None:
    for row in ANOMALIES.values():
        assert confidence_of(log_odds_of(row.prior) + platt(0.0)) < row.thresholds.low - 0.5


def test_a_label_has_its_own_map_or_its_class_s_or_none() -> None:
    table = Calibration({"camera_tampering": Platt(2.0, 0.0), "abnormal_sound/scream": Platt(0.5)})
    assert table.row(AnomalyClass.CAMERA_TAMPERING, "covered").slope == 2.0
    assert table.row(AnomalyClass.ABNORMAL_SOUND, "scream").slope == 0.5
    assert table.row(AnomalyClass.ABNORMAL_SOUND, "cough") is IDENTITY
    assert key_of(AnomalyClass.ABNORMAL_SOUND, "scream") == "abnormal_sound/scream"


def test_the_shipped_table_can_be_used_and_lets_every_class_alarm() -> None:
    assert parse(json.loads(FILE.read_text(encoding="utf-8"))).rows == shipped().rows
    for key, platt in shipped().rows.items():
        row = ANOMALIES[AnomalyClass(key.partition("/")[0])]
        surest = confidence_of(log_odds_of(row.prior) + platt(MAX_LOG_ODDS))
        assert surest > row.thresholds.high, f"{key} could never alarm"


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ({"format": 2, "rows": {}}, "format = 2"),
        ({"format": 1, "rows": {"fal": {"slope": 1, "offset": 0}}}, "'fal'"),
        ({"format": 1, "rows": {"fall": {"slope": 0.0, "offset": 0}}}, "'fall': slope = 0.0"),
        ({"format": 1, "rows": {"fall": {"slope": -1, "offset": 0}}}, "'fall': slope = -1.0"),
        ({"format": 1, "rows": {"fall": {"slope": math.nan, "offset": 0}}}, "'fall'"),
        ({"format": 1, "rows": {"fall": {"slope": 1, "offset": 9}}}, "'fall': offset = 9.0"),
    ],
)
def test_a_wrong_table_is_named(raw: dict[str, object], named: str) -> None:
    with pytest.raises(CalibrationError, match=named):
        parse(raw)


def highest(table: Calibration) -> Event:
    decider = Decider(camera(), calibration=table)
    return list(events(play(decider, lasting(10, 6, 6.0), until=40)))[-1]


def test_confidence_is_calibrated_and_the_raw_weights_stay_on_record() -> None:
    plain = highest(Calibration())
    event = highest(Calibration({"fall": Platt(0.8, -0.2)}))
    assert event.confidence < plain.confidence
    weights = {part.scorer: part.log_odds for part in event.contributions}
    assert weights.keys() == {"fall", "calibration"}
    said = math.fsum(weights.values())
    assert said == pytest.approx(0.8 * weights["fall"] - 0.2, abs=2e-3)
    # The contributions are of the step of the last rise, the confidence of two of three steps.
    assert event.confidence == pytest.approx(confidence_of(log_odds_of(0.05) + said), abs=0.05)
    assert [part.scorer for part in plain.contributions] == ["fall"]


def test_the_surest_label_is_that_after_calibration() -> None:
    table = Calibration({"abnormal_sound/scream": Platt(0.5, 0.0)})
    said = [
        word
        for second in range(10, 16)
        for label, weight in (("scream", 8.0), ("cough", 6.0))
        for word in [
            evidence(
                second, weight, anomaly=AnomalyClass.ABNORMAL_SOUND, label=label, scorer=label,
                span_s=1.0,
            )
        ]
    ]  # fmt: skip
    labels = [
        {event.label for event in events(play(Decider(camera(), calibration=each), said, until=30))}
        for each in (Calibration(), table)
    ]
    assert labels == [{"scream"}, {"cough"}]


def test_a_model_s_verdict_comes_calibrated_already() -> None:
    decider = Decider(camera(), calibration=Calibration({"fall": Platt(0.25, -4.0)}))
    decider.advance(START)
    verdict = Verdict(
        camera="bedroom", event=None, anomaly=AnomalyClass.FALL, log_odds=log_odds_of(0.97),
        time=START + 1, sentence="lies there",
    )  # fmt: skip
    decisions = decider.verdict(verdict)
    assert steps(decisions) == ["suspected", "verified", "escalated"]
    (event, *_) = events(decisions)
    assert event.confidence == pytest.approx(0.97)
    assert MODEL in {part.scorer for part in event.contributions}
