import math

import pytest

from omnicam.decide.calibration import Calibration, Platt
from omnicam.decide.decider import Decider
from omnicam.decide.fusion import confidence_of, log_odds_of
from omnicam.decide.words import HelpCall
from omnicam.evaluate.entries import Listener
from omnicam.evidence import Evidence
from omnicam.taxonomy import AnomalyClass, Level, Thresholds
from tests.edge.decide.decide_scenes import camera


def hear(*evidence, until=12.0, calibration=None):
    """Let a decider take evidence and a listener follow it, in steps of a tenth of a second."""
    listener = Listener(Thresholds())
    decider = Decider(camera(), observer=listener.read, calibration=calibration or Calibration())
    waiting = sorted(evidence, key=lambda each: each.time)
    for tick in range(round(until * 10)):
        now = tick / 10
        while waiting and waiting[0].time <= now:
            for decision in decider.observe(waiting.pop(0)):
                listener.decide(decision, now)
        for decision in decider.advance(now):
            listener.decide(decision, now)
    for decision in decider.finish():
        listener.decide(decision, until)
    return listener


def said(time, log_odds, label="scream", anomaly=AnomalyClass.ABNORMAL_SOUND):
    return Evidence(
        camera="bedroom",
        anomaly=anomaly,
        log_odds=log_odds,
        time=time,
        span_s=1.0,
        scorer=label or "fall",
        why="said",
        label=label,
    )


def steadily(start, end, log_odds, **about):
    return [said(start + i / 4, log_odds, **about) for i in range(round((end - start) * 4))]


def test_an_event_is_one_entry_with_its_peak():
    listener = hear(*steadily(2.0, 4.0, 9.0))
    (entry,) = listener.entries
    assert (entry.anomaly, entry.label, entry.level) == ("abnormal_sound", "scream", Level.HIGH)
    assert 2.0 < entry.time_s <= entry.alarm_s < 4.0
    assert entry.confidence == pytest.approx(
        confidence_of(listener.peaks["abnormal_sound/scream"]), abs=1e-9
    )


def test_evidence_is_what_was_said_before_prior_and_calibration():
    key = "abnormal_sound/scream"
    plain = hear(*steadily(2.0, 4.0, 9.0))
    mapped = hear(*steadily(2.0, 4.0, 9.0), calibration=Calibration({key: Platt(0.5, 1.0)}))
    assert mapped.evidence == plain.evidence
    prior = log_odds_of(0.05)
    assert plain.peaks[key] == pytest.approx(prior + plain.evidence[key], abs=1e-9)
    assert mapped.peaks[key] == pytest.approx(prior + 0.5 * plain.evidence[key] + 1.0, abs=1e-9)


def test_a_class_of_the_picture_has_no_label():
    listener = hear(
        *steadily(2.0, 5.0, 6.0, label="covered", anomaly=AnomalyClass.CAMERA_TAMPERING)
    )
    (entry,) = listener.entries
    assert entry.label is None
    assert "camera_tampering/covered" in listener.peaks


def test_two_sounds_in_one_event_are_two_entries():
    listener = hear(*steadily(2.0, 4.0, 9.0), *steadily(4.0, 6.0, 6.5, label="glass_breaking"))
    scream, glass = listener.entries
    assert (scream.label, glass.label) == ("scream", "glass_breaking")
    assert scream.confidence > glass.confidence >= 0.75
    assert glass.time_s > 4.0


def test_what_stays_below_the_lowest_level_has_a_peak_and_no_entry():
    listener = hear(*steadily(2.0, 4.0, 2.0))
    assert listener.entries == []
    assert -2.0 < listener.peaks["abnormal_sound/scream"] < math.log(3.0)


def test_a_lone_step_counts_for_nothing():
    strong = said(2.1, 12.0)
    listener = hear(strong, said(2.3, -12.0), said(2.31, -12.0))
    assert listener.entries == []


def test_a_call_for_help_is_an_entry_of_its_own_word():
    listener = Listener(Thresholds())
    call = HelpCall(id="x", camera="c", word="help me", confidence=0.8, time=2.0, onset=1.5)
    listener.decide(call, 2.4)
    (entry,) = listener.entries
    assert (entry.anomaly, entry.label, entry.time_s) == ("abnormal_sound", "help me", 2.4)
    assert entry.target == "help_word"
    # The trigger goes out at once, however sure.
    assert (entry.level, entry.alarm_s) == (Level.LOW, 2.4)
