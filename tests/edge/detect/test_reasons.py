"""Reasons in the household's language."""

from __future__ import annotations

from omnicam.config.model import Language
from omnicam.detect.reasons import CHINESE, in_language
from omnicam.evidence import Evidence, WordHeard
from omnicam.taxonomy import ANOMALIES, AnomalyClass


def test_every_scorer_of_the_taxonomy_has_a_chinese_reason() -> None:
    assert set(CHINESE) == {name for row in ANOMALIES.values() for name in row.scorers}


def test_the_reason_alone_changes_with_the_language() -> None:
    said = Evidence(
        camera="c", anomaly=AnomalyClass.FALL, log_odds=5.0, time=1.0, span_s=1.0, scorer="fall",
        why="fell and has been lying for 1 s",
    )  # fmt: skip
    assert in_language(said, Language.ENGLISH) == said
    chinese = in_language(said, Language.CHINESE)
    assert isinstance(chinese, Evidence)
    assert chinese.why == CHINESE["fall"]
    assert (chinese.log_odds, chinese.scorer) == (5.0, "fall")
    word = WordHeard(camera="c", word="救命", confidence=0.9, time=1.0, onset=0.5)
    assert in_language(word, Language.CHINESE) is word
