"""Full-text search in English and Chinese with one index.

The `unicode61` tokenizer takes a run of Chinese characters for one word, so nothing inside it would
be found; `trigram` finds nothing shorter than three characters, and most Chinese words have two.
Therefore every Chinese character is set apart as a word of its own, in the index and in the query,
and a word of several characters is looked for as a phrase.
"""

from __future__ import annotations

import re

from omnicam.decide.events import Event
from omnicam.taxonomy import ANOMALIES, AnomalyClass

LONGEST_QUERY = 200
"""Characters of a search text that are looked at."""

_HAN = re.compile("([\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])")


def apart(text: str) -> str:
    """Set Chinese characters apart from their neighbours."""
    return _HAN.sub(r" \1 ", text)


def words_of(event: Event, camera_name: str, class_names: str = "") -> str:
    """Give all words under which an event is found, its names in both languages among them.

    Args:
        event: the event.
        camera_name: what people call its camera.
        class_names: what people call its class, where that is their own.
    """
    if isinstance(event.anomaly, AnomalyClass):
        row = ANOMALIES[event.anomaly]
        class_names = f"{row.english} {row.chinese}"
    parts = (
        event.reason,
        event.description,
        class_names,
        str(event.anomaly),
        event.label or "",
        event.camera,
        camera_name,
    )
    return apart(" ".join(parts))


def match_of(text: str) -> str | None:
    """Make an FTS5 query of what a user typed: all words, each by its beginning.

    Gives None where no letter or digit was typed, so that nothing can be found.
    """
    terms = []
    for word in text[:LONGEST_QUERY].split():
        tokens = re.findall(r"\w+", apart(word).replace("_", " "))
        if tokens:
            terms.append(f'"{" ".join(tokens)}"*')
    return " AND ".join(terms) or None
