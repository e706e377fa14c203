"""What each label of a manifest means: which events are right on it, and which are false.

The one table of the project that maps labels to classes. A target is a class, a kind of sound
(`abnormal_sound/scream`) or the spoken trigger (`help_word`). The class `abnormal_sound` is what
any of its kinds is, and needs no row of its own. On a recording of a label a target is

- expected: without an event the recording counts as a miss;
- ambiguous: an event counts neither for nor against, and is counted apart;
- other, whatever is not named: an event is a false one.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from omnicam.taxonomy import WORD_SCORER, AnomalyClass, ClassName, SoundLabel


def target(anomaly: ClassName, label: str | None = None) -> str:
    """Give the name of a class, or of a kind of sound inside it, in tables."""
    return str(anomaly) if label is None else f"{anomaly}/{label}"


FALL = target(AnomalyClass.FALL)
FIGHT = target(AnomalyClass.VIOLENT_CONFLICT)
SMOKE = target(AnomalyClass.SMOKE)
TAMPERING = target(AnomalyClass.CAMERA_TAMPERING)
SCREAM = target(AnomalyClass.ABNORMAL_SOUND, SoundLabel.SCREAM)
GLASS = target(AnomalyClass.ABNORMAL_SOUND, SoundLabel.GLASS_BREAKING)
COUGH = target(AnomalyClass.ABNORMAL_SOUND, SoundLabel.COUGH)
CALL = target(AnomalyClass.ABNORMAL_SOUND, SoundLabel.CALL_FOR_HELP)
CRYING = target(AnomalyClass.ABNORMAL_SOUND, SoundLabel.CRYING)
SMOKE_ALARM = target(AnomalyClass.ABNORMAL_SOUND, SoundLabel.SMOKE_ALARM)
SOUND = target(AnomalyClass.ABNORMAL_SOUND)
"""Any kind of sound: what the class itself says, which has one sensor."""

WORD = WORD_SCORER


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """One row of the table.

    Attributes:
        pattern: labels that it is about, as a shell pattern.
        expected: targets that must be found.
        ambiguous: targets whose events count neither way.
        normal: whether it is ordinary life, in which every other event is a false alarm.
        note: why, where the label does not say it.
    """

    pattern: str
    expected: frozenset[str] = frozenset()
    ambiguous: frozenset[str] = frozenset()
    normal: bool = False
    note: str = ""


def _expects(
    pattern: str, *expected: str, unclear: tuple[str, ...] = (), note: str = ""
) -> Meaning:
    return Meaning(
        pattern=pattern, expected=frozenset(expected), ambiguous=frozenset(unclear), note=note
    )


def _normal(pattern: str, *, unclear: tuple[str, ...] = (), note: str = "") -> Meaning:
    return Meaning(pattern=pattern, ambiguous=frozenset(unclear), normal=True, note=note)


_VOICES = (SCREAM, CALL, CRYING)
_WORDS = (CALL, WORD)

MEANINGS: tuple[Meaning, ...] = (
    # Pictures.
    _expects(
        "fall_sport",
        FALL,
        unclear=(FIGHT, *_VOICES),
        note="on ice and from a bicycle, seen by a camera that is carried",
    ),
    _expects("fall", FALL, unclear=_VOICES, note="who falls may cry out"),
    _expects("fall_*", FALL, unclear=_VOICES),
    _normal("adl"),
    _normal("adl_*"),
    _expects("fight", FIGHT, unclear=(FALL, *_VOICES), note="who fights may fall and shout"),
    _normal("no_fight"),
    _expects("fire_smoke_*", SMOKE),
    _expects("smoke_alarm", SMOKE_ALARM, note="its tone; the sound alone shows no smoke"),
    _expects("smoke_*", SMOKE),
    _expects("smoke", SMOKE),
    _expects("fire", unclear=(SMOKE,), note="flames, with or without smoke"),
    _normal("no_fire"),
    _expects("tamper_*", TAMPERING),
    _normal("person_walking_moving_camera", unclear=(TAMPERING,), note="the camera is carried"),
    _normal("people_*"),
    _normal("person_at_*"),
    _normal("person_present_*"),
    _normal("person_signing_*"),
    _normal("no_person"),
    # Sounds that must be found.
    _expects("scream", SCREAM, unclear=(CALL,)),
    _expects("scream_in_noise", SCREAM, unclear=(CALL,)),
    _expects("glass_breaking", GLASS),
    _expects("glass_breaking_*", GLASS, note="in noise, or mixed with other things that break"),
    _expects("cough", COUGH),
    _expects("crying", CRYING),
    _expects("baby_cry", CRYING),
    _expects("help_*", WORD, unclear=(CALL,), note="the word alone, said calmly, is no call"),
    # Sounds that are neither normal nor one of the kinds.
    _expects(
        "window_hit_*",
        note="a crash against a window that did not break: an abnormal sound, but not this one",
    ),
    _expects("explosion_*", unclear=(SOUND,), note="an abnormal sound, but of none of the kinds"),
    _expects("gunshot_*", unclear=(SOUND,), note="an abnormal sound, but of none of the kinds"),
    # Ordinary sounds.
    _normal("glass_impact_no_break"),
    _normal("glass_negative"),
    _normal("neg_*"),
    _normal("speech"),
    _normal("speech_*"),
    _normal("background_noise"),
    _normal("laugh"),
    _normal("moaning"),
    _normal("sneeze"),
    _normal("person_sneeze"),
    _normal("vocal_*"),
    *(
        _normal(label)
        for label in (
            *("chainsaw", "clock_tick", "dog_bark", "fire_crackling", "helicopter"),
            *("rain", "rooster", "sea_waves"),
        )
    ),
)


def meaning_of(label: str) -> Meaning | None:
    """Give the first row that is about a label; None for a label that the table does not know."""
    return next((row for row in MEANINGS if fnmatchcase(label, row.pattern)), None)


def is_about(name: str, other: str) -> bool:
    """Whether a target is another one, or a kind of it."""
    return name == other or name.startswith(f"{other}/")
