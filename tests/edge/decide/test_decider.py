"""Tests of the decisions on one camera."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnicam.config.model import Secret, Zone, ZoneKind
from omnicam.decide.decider import Decider, Decision
from omnicam.decide.events import Event, Feedback, FeedbackKind, Step, Verdict
from omnicam.decide.fusion import log_odds_of
from omnicam.decide.states import SensorState, changed
from omnicam.decide.words import HelpCall
from omnicam.evidence import Evidence, Region, WordHeard
from omnicam.taxonomy import AnomalyClass, Level
from tests.edge.decide.decide_scenes import (
    START,
    camera,
    events,
    evidence,
    lasting,
    play,
    steps,
)

FALL = AnomalyClass.FALL


def verdict(probability: float, event: str | None, time: float, **changes: object) -> Verdict:
    word = Verdict(
        camera="bedroom",
        event=event,
        anomaly=FALL,
        log_odds=log_odds_of(probability),
        time=START + time,
        sentence="A woman lies on the floor beside the bed.",
    )
    return replace(word, **changes)  # type: ignore[arg-type]


def test_lasting_evidence_alarms_and_ends() -> None:
    decider = Decider(camera())
    decisions = play(decider, lasting(10, 5), until=30)
    assert steps(decisions) == ["suspected", "escalated", "resolved"]
    first, *_, last = events(decisions)
    assert first.onset == START + 10
    assert START + 10 < first.suspected < START + 12
    assert last.level is Level.HIGH
    assert last.confidence > 0.97
    assert last.reason == "lies on the floor"
    assert last.ended is not None
    assert START + 18 < last.ended < START + 22
    assert last.contributions[0].scorer == "fall"


def test_impulse_alarms_within_half_a_second() -> None:
    decider = Decider(camera())
    decisions = play(decider, [evidence(10.1, 6.0, span_s=3.0)], until=10.6)
    assert steps(decisions) == ["suspected", "escalated"]


def test_middling_evidence_is_for_review_and_alarms_nobody() -> None:
    decider = Decider(camera())
    decisions = play(decider, lasting(10, 8, 4.4))
    assert steps(decisions) == ["suspected"]
    state = decider.states(START + 18)[FALL]
    assert (state.state, state.level) == (SensorState.OFF, Level.LOW)
    assert next(events(decisions)).review


def test_alarm_level_of_the_settings_is_honoured() -> None:
    decider = Decider(camera(fall={"alarm_level": Level.LOW}))
    assert steps(play(decider, lasting(10, 8, 4.4))) == ["suspected", "escalated"]
    assert decider.states(START + 18)[FALL].state is SensorState.ON


def test_disabled_class_is_unknown_and_silent() -> None:
    decider = Decider(camera(fall={"enabled": False}))
    assert play(decider, lasting(10, 5), until=30) == []
    assert decider.verdict(verdict(0.99, None, 31)) == []
    assert decider.states(START + 31)[FALL].state is None


def test_verdict_affirms_a_suspicion_into_an_alarm() -> None:
    decider = Decider(camera())
    suspected = next(events(play(decider, lasting(10, 8, 4.4))))
    decisions = decider.verdict(verdict(0.97, suspected.id, 18))
    assert steps(decisions) == ["verified", "escalated"]
    last = list(events(decisions))[-1]
    assert last.confidence > 0.97
    assert last.description == "A woman lies on the floor beside the bed."
    assert decider.states(START + 18)[FALL].reason == last.description


def test_verdict_dismisses_even_an_alarm_and_the_evidence_asks_again_later() -> None:
    decider = Decider(camera())
    alarm = next(events(play(decider, lasting(10, 5))))
    decisions = decider.verdict(verdict(0.02, alarm.id, 15, sentence="A coat on a chair."))
    assert steps(decisions) == ["dismissed"]
    assert decider.states(START + 15)[FALL].state is SensorState.OFF
    again = play(decider, lasting(15, 45))
    assert steps(again) == ["suspected", "escalated"]
    assert next(events(again)).suspected > START + 15 + 29
    assert next(events(again)).id != alarm.id


def test_undecided_verdict_changes_nothing() -> None:
    decider = Decider(camera())
    suspected = next(events(play(decider, lasting(10, 8, 4.4))))
    before = decider.states(START + 18)
    assert decider.verdict(verdict(0.5, suspected.id, 17.9)) == []
    assert changed(before, decider.states(START + 18)) == ()


def test_verdict_on_an_ended_event_says_nothing() -> None:
    decider = Decider(camera())
    decisions = play(decider, lasting(10, 5), until=60)
    assert decider.verdict(verdict(0.99, next(events(decisions)).id, 60)) == []
    assert decider.open_events == ()


def test_later_denial_does_not_dismiss_what_was_verified() -> None:
    decider = Decider(camera())
    alarm = next(events(play(decider, lasting(10, 5))))
    assert steps(decider.verdict(verdict(0.97, alarm.id, 15))) == ["verified"]
    assert decider.verdict(verdict(0.01, alarm.id, 16)) == []
    assert steps(decider.advance(START + 60)) == ["resolved"]


def test_class_without_a_scorer_is_unknown_until_a_verdict() -> None:
    tool = AnomalyClass.DANGEROUS_TOOL
    decider = Decider(camera())
    decider.advance(START)
    assert decider.states(START)[tool].state is None
    decider.verdict(verdict(0.5, None, 1, anomaly=tool))
    assert decider.states(START + 1)[tool].state is None
    decider.verdict(verdict(0.01, None, 2, anomaly=tool))
    assert decider.states(START + 2)[tool].state is SensorState.OFF
    assert decider.states(START + 100)[tool].state is None
    decisions = decider.verdict(verdict(0.96, None, 101, anomaly=tool))
    assert steps(decisions) == ["suspected", "verified", "escalated"]
    assert decider.states(START + 101)[tool].state is SensorState.ON
    assert steps(decider.advance(START + 160)) == ["resolved"]


def test_sound_is_unknown_on_a_camera_without_sound() -> None:
    quiet = Decider(replace(camera(), audio=False))
    assert quiet.states(START)[AnomalyClass.ABNORMAL_SOUND].state is None
    assert quiet.states(START)[FALL].state is SensorState.OFF
    told = Decider(camera(), judged=[AnomalyClass.SMOKE])
    assert told.states(START)[FALL].state is None
    assert told.states(START)[AnomalyClass.SMOKE].state is SensorState.OFF


def test_false_alarm_dismisses_and_keeps_still_while_the_evidence_lasts() -> None:
    decider = Decider(camera())
    alarm = next(events(play(decider, lasting(10, 5))))
    answer = decider.feedback(Feedback(event=alarm.id, kind=FeedbackKind.FALSE_ALARM))
    assert steps(answer) == ["dismissed"]
    assert play(decider, lasting(15, 120)) == []
    decider.advance(START + 160)
    assert steps(play(decider, lasting(160, 5))) == ["suspected", "escalated"]


def test_confirmed_verifies_once_and_acknowledged_changes_nothing() -> None:
    decider = Decider(camera())
    alarm = next(events(play(decider, lasting(10, 5))))
    assert decider.feedback(Feedback(event=alarm.id, kind=FeedbackKind.ACKNOWLEDGED)) == []
    confirmed = Feedback(event=alarm.id, kind=FeedbackKind.CONFIRMED)
    assert steps(decider.feedback(confirmed)) == ["verified"]
    assert decider.feedback(confirmed) == []
    assert decider.feedback(Feedback(event="unknown", kind=FeedbackKind.FALSE_ALARM)) == []


def test_needing_help_alarms_however_unsure_the_detectors_are() -> None:
    decider = Decider(camera())
    low = next(events(play(decider, lasting(10, 5, 4.4))))
    assert low.level is not Level.HIGH
    word = Feedback(event=low.id, kind=FeedbackKind.NEEDS_HELP)
    said = list(events(decider.feedback(word)))
    assert steps(said) == ["verified", "escalated"]
    assert (said[-1].level, said[-1].review) == (Level.HIGH, False)
    assert decider.feedback(word) == []
    # More evidence, still unsure: the alarm stands.
    later = list(events(play(decider, lasting(15, 3, 4.6))))
    assert all(event.level is Level.HIGH for event in later)
    assert decider.states(START + 17)[low.anomaly].state is SensorState.ON


def test_silence_alarms_and_verifies_nothing() -> None:
    decider = Decider(camera())
    low = next(events(play(decider, lasting(10, 5, 4.4))))
    word = Feedback(event=low.id, kind=FeedbackKind.UNANSWERED)
    assert steps(decider.feedback(word)) == ["escalated"]
    assert decider.feedback(word) == []


def test_dismissed_ends_it() -> None:
    decider = Decider(camera())
    alarm = next(events(play(decider, lasting(10, 5))))
    answer = decider.feedback(Feedback(event=alarm.id, kind=FeedbackKind.DISMISSED))
    assert steps(answer) == ["dismissed"]
    assert play(decider, lasting(15, 120)) == []


def test_scream_makes_a_fight_surer_but_makes_none() -> None:
    fight = {"anomaly": AnomalyClass.VIOLENT_CONFLICT, "scorer": "violence"}
    scream = {
        "anomaly": AnomalyClass.ABNORMAL_SOUND,
        "scorer": "scream",
        "label": "scream",
        "span_s": 3.0,
    }
    alone = play(Decider(camera()), lasting(10, 6, 3.5, **fight))
    assert steps(alone) == []
    both = sorted(
        [*lasting(10, 6, 3.5, **fight), evidence(14.5, 6.0, **scream)], key=lambda word: word.time
    )
    heard = list(events(play(Decider(camera()), both)))
    assert {event.anomaly for event in heard} == {
        AnomalyClass.VIOLENT_CONFLICT,
        AnomalyClass.ABNORMAL_SOUND,
    }
    only = list(events(play(Decider(camera()), [evidence(14.5, 6.0, **scream)], until=30)))
    assert {event.anomaly for event in only} == {AnomalyClass.ABNORMAL_SOUND}
    assert only[0].label == "scream"


def test_evidence_outside_the_zones_of_the_class_does_not_count() -> None:
    left = Zone(name="left", kind=ZoneKind.RESTRICTED, points=((0, 0), (0.5, 0), (0.5, 1), (0, 1)))
    settings_ = replace(camera(fall={"zones": ("left",)}), zones=(left,))
    inside = Region(x=0.1, y=0.4, width=0.2, height=0.4)
    outside = Region(x=0.7, y=0.4, width=0.2, height=0.4)
    assert play(Decider(settings_), lasting(10, 5, region=outside)) == []
    assert steps(play(Decider(settings_), lasting(10, 5, region=inside))) != []
    assert steps(play(Decider(settings_), lasting(10, 5))) != []


def test_late_evidence_is_taken_within_a_second_and_counted_beyond() -> None:
    decider = Decider(camera())
    decider.advance(START + 20)
    decider.observe(evidence(19.2))
    assert decider.ignored == 0
    decider.observe(evidence(18.9))
    assert decider.ignored == 1
    assert decider.now == START + 20


def test_clock_that_was_set_back_leaves_nobody_deaf() -> None:
    decider = Decider(camera())
    play(decider, lasting(3600, 5))
    assert decider.open_events
    decisions = play(decider, lasting(0, 10))
    assert steps(decisions) == ["resolved", "suspected", "escalated"]


def test_leap_of_time_is_no_work() -> None:
    decider = Decider(camera())
    play(decider, lasting(0, 5))
    assert steps(decider.advance(START + 1e9)) == ["resolved"]


def test_evidence_after_a_long_silence_is_judged_at_its_own_time() -> None:
    decider = Decider(camera())
    decider.advance(START)
    impulse = evidence(3600, 6.0, span_s=3.0)
    first = next(events(play(decider, [impulse], until=3601)))
    assert first.onset == START + 3600
    assert first.suspected == START + 3600.25


def test_finish_ends_what_is_open() -> None:
    decider = Decider(camera())
    play(decider, lasting(0, 5))
    assert steps(decider.finish()) == ["resolved"]
    assert decider.open_events == ()
    assert decider.finish() == []


def test_what_belongs_elsewhere_or_means_nothing_is_refused() -> None:
    decider = Decider(camera())
    with pytest.raises(ValueError, match="'hall': this decider is for camera 'bedroom'"):
        decider.observe(evidence(0, camera="hall"))
    with pytest.raises(ValueError, match="this decider is for camera"):
        decider.verdict(verdict(0.9, None, 0, camera="hall"))
    with pytest.raises(ValueError, match="log_odds = nan"):
        decider.observe(evidence(0, math.nan))
    with pytest.raises(ValueError, match="log_odds = inf must be finite"):
        decider.verdict(verdict(0.9, None, 0, log_odds=math.inf))
    with pytest.raises(ValueError, match="stream time = nan"):
        decider.advance(math.nan)


def test_changes_of_state_are_few_and_told_once() -> None:
    decider = Decider(camera())
    before = decider.states(START)
    assert len(changed({}, before)) == len(AnomalyClass)
    told = []
    for word in lasting(10, 20):
        decider.observe(word)
        after = decider.states(decider.now)
        told += changed(before, after)
        before = after
    assert {state.anomaly for state in told} == {FALL}
    assert len(told) < 15
    assert told[-1].state is SensorState.ON
    assert told[-1].confidence == 0.99


def shout(time: float, word: str = "help") -> WordHeard:
    return WordHeard(
        camera="bedroom", word=word, confidence=0.9, time=START + time, onset=START + time - 0.4
    )


def test_one_shout_is_one_call() -> None:
    decider = Decider(camera())
    calls = [
        call.word
        for heard in (shout(1), shout(1.3, "help me"), shout(1.5, "救命"), shout(2.9), shout(3.1))
        for call in decider.observe(heard)
        if isinstance(call, HelpCall)
    ]
    assert calls == ["help", "救命", "help"]


def test_call_carries_what_was_heard() -> None:
    (call,) = Decider(camera()).observe(shout(1))
    assert isinstance(call, HelpCall)
    assert (call.camera, call.confidence, call.onset) == ("bedroom", 0.9, START + 0.6)
    assert "-bedroom-help-" in call.id
    with pytest.raises(ValueError, match=r"confidence = 2\.0 must be between"):
        Decider(camera()).observe(replace(shout(1), confidence=2.0))


SCORERS = (
    (AnomalyClass.FALL, "fall", None),
    (AnomalyClass.FALL, "fallen", None),
    (AnomalyClass.ABNORMAL_SOUND, "scream", "scream"),
    (AnomalyClass.ABNORMAL_SOUND, "cough", "cough"),
    (AnomalyClass.VIOLENT_CONFLICT, "violence", None),
)


WORDS = ("false_alarm", "confirmed", "needs_help", "unanswered", "dismissed")


@st.composite
def nights(draw: st.DrawFn) -> list[Evidence | str]:
    """Give runs of evidence with silences, verdicts and a person's words between them."""
    story: list[Evidence | str] = []
    time = 0.0
    for _ in range(draw(st.integers(1, 8))):
        anomaly, scorer, label = draw(st.sampled_from(SCORERS))
        time += draw(st.floats(0, 20))
        log_odds = draw(st.floats(-8, 12))
        count = draw(st.integers(1, 25))
        for index in range(count):
            word = evidence(
                time + index / 4, log_odds, anomaly=anomaly, scorer=scorer, label=label, span_s=0.25
            )
            story.append(word)
        time += count / 4 - draw(st.floats(0, 2))
        time = max(time, 0.0)
        if draw(st.booleans()):
            story.append(draw(st.sampled_from(["affirm", "deny", *WORDS])))
    return story


def tell(decider: Decider, story: list[Evidence | str]) -> list[Decision]:
    decisions: list[Decision] = []
    for part in story:
        if isinstance(part, Evidence):
            decisions += decider.observe(part)
            continue
        for event in decider.open_events:
            if part in {"affirm", "deny"}:
                decisions += decider.verdict(
                    verdict(
                        0.95 if part == "affirm" else 0.05,
                        event.id,
                        decider.now - START,
                        anomaly=event.anomaly,
                    )
                )
            else:
                decisions += decider.feedback(Feedback(event=event.id, kind=FeedbackKind(part)))
    return decisions + decider.advance(START + 10_000)


@given(nights())
@settings(max_examples=120, deadline=None)
def test_every_life_is_whole(story: list[Evidence | str]) -> None:
    decisions = list(events(tell(Decider(camera()), story)))
    lives: dict[str, list[Event]] = {}
    open_now: dict[AnomalyClass, str] = {}
    for event in decisions:
        life = lives.setdefault(event.id, [])
        if event.step is Step.SUSPECTED:
            assert life == []
            assert event.anomaly not in open_now, "two open events of one class"
            open_now[event.anomaly] = event.id
        else:
            assert life, "a life begins with suspected"
            assert open_now[event.anomaly] == event.id
        if life:
            before = life[-1]
            assert before.open, "nothing follows an end"
            assert event.level.rank >= before.level.rank
            assert event.confidence >= before.confidence
            assert event.updated >= before.updated
            assert event.taken == (*before.taken, event.step)
        assert event.onset <= event.suspected <= event.updated
        assert len(set(event.taken)) == len(event.taken)
        if not event.open:
            del open_now[event.anomaly]
        life.append(event)
    assert open_now == {}, "without evidence every event ends"
    assert [event.updated for event in decisions] == sorted(event.updated for event in decisions)


@given(nights())
@settings(max_examples=40, deadline=None)
def test_same_evidence_gives_the_same_decisions(story: list[Evidence | str]) -> None:
    assert tell(Decider(camera()), story) == tell(Decider(camera()), story)


@given(nights(), st.floats(0.05, 3))
@settings(max_examples=40, deadline=None)
def test_letting_time_go_on_in_between_changes_nothing(
    story: list[Evidence | str], every: float
) -> None:
    """A tick up to the time of the next word, but not at it, is only time that goes on."""
    in_order = sorted((part for part in story if isinstance(part, Evidence)), key=lambda p: p.time)
    plain = tell(Decider(camera()), list(in_order))
    ticking = Decider(camera())
    decisions: list[Decision] = []
    tick = START
    for word in in_order:
        while tick < word.time:
            decisions += ticking.advance(tick)
            tick += every
        decisions += ticking.observe(word)
    decisions += ticking.advance(START + 10_000)
    assert decisions == plain


def test_order_of_one_moment_leaves_no_trace() -> None:
    words = [
        evidence(index / 6, log_odds, scorer=scorer, why=scorer)
        for index in range(40)
        for scorer, log_odds in (("fall", 3.0), ("fallen", 5.0), ("fall", 2.0))
    ]
    backwards = sorted(words, key=lambda word: (word.time, word.log_odds))
    assert play(Decider(camera()), words, until=60) == play(Decider(camera()), backwards, until=60)


def test_settings_keep_their_secret() -> None:
    decider = Decider(replace(camera(), url=Secret("rtsp://u:hunter2@camera.invalid")))
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is what is tested
        decider.observe(evidence(0, camera="hall"))
    assert "hunter2" not in str(caught.value)
