"""The page itself: one file that needs nothing else, in light and dark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from omnicam import __version__
from omnicam.evaluate.entries import Entry
from omnicam.evaluate.judged import Judged, Role
from omnicam.evaluate.labels import SOUND
from omnicam.evaluate.report.curves import recall_drawing, reliability_drawing
from omnicam.evaluate.report.pictures import pictures
from omnicam.evaluate.sections import WORDS_FIRST, Section
from omnicam.evaluate.tables import peaks_of
from omnicam.record.files import write_atomic

NAME = "index.html"

MOST = 24
"""So many recordings of one kind are shown as pictures; the others are listed."""

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --faint: #d0d7de;
        --mark: #0969da; --soft: #57606a }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --paper: #0d1117; --faint: #30363d; --mark: #58a6ff; --soft: #9198a1 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
       margin: 0 auto; max-width: 82rem; padding: 1rem 1.5rem 4rem }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--faint) }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-size: 13px }
th, td { padding: .2rem .7rem; text-align: right; white-space: nowrap;
         border-bottom: 1px solid var(--faint); font-variant-numeric: tabular-nums }
th.word, td.word { text-align: left }
figure { display: inline-block; margin: .5rem 1rem .5rem 0; vertical-align: top }
figcaption, .note { color: var(--soft); font-size: 13px; overflow-wrap: anywhere }
svg text { font-size: 10px; fill: var(--soft) }
svg .faint { stroke: var(--faint) }
svg .bar { stroke: var(--mark); stroke-width: 2 }
svg .line { fill: none; stroke: var(--mark); stroke-width: 2 }
svg circle { fill: var(--mark) }
.clip { margin: .6rem 0 }
.clip img { display: block; max-width: 100%; height: auto }
""".strip()


_RECALL = (
    "<h2>Recall over false events</h2><p class=note>Over the threshold on the highest confidence "
    "of each recording. Marked: any event, and an alarm.</p>"
)


def write_report(
    folder: Path,
    root: Path,
    files: Sequence[Judged],
    tables: Mapping[str, Any],
    sections: Sequence[Section],
) -> None:
    """Write the page as `index.html`; pictures are cut from the recordings once more.

    Raises:
        RecordError: it could not be written.
    """
    names = [row["target"] for row in tables["found"] if row["folder"] == "all"]
    parts = [
        *(_section(each) for each in sections),
        _RECALL,
        *_recall(files, names),
        "<h2>Confidences</h2><p class=note>Bars are 95 % intervals.</p>",
        *_reliability(tables["reliability"]),
        *_clips(root, [each for each in files if each.known], names),
    ]
    title = "OmniCam: how well it sees and hears"
    page = (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{title}</h1><p class=note>Version {escape(__version__)}, {len(files)} recordings.</p>"
        + "\n".join(parts)
        + "</body></html>\n"
    )
    write_atomic(folder / NAME, page.encode())


def _section(section: Section) -> str:
    notes = "".join(f"<p class=note>{escape(note)}</p>" for note in section.notes)
    return f"<h2>{escape(section.title)}</h2>{_table(section)}{notes}"


def _table(section: Section) -> str:
    if not section.rows:
        return ""
    head = _cells("th", section.head)
    body = "".join(f"<tr>{_cells('td', row)}</tr>" for row in section.rows)
    return (
        f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cells(kind: str, cells: Sequence[str]) -> str:
    return "".join(
        f"<{kind}{' class=word' if i < WORDS_FIRST else ''}>{escape(cell)}</{kind}>"
        for i, cell in enumerate(cells)
    )


def _recall(files: Sequence[Judged], names: Sequence[str]) -> Iterator[str]:
    known = [each for each in files if each.known]
    for name in names:
        expected, other = peaks_of(known, name)
        if expected and other:
            yield recall_drawing(name, expected, other)


def _reliability(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for name in dict.fromkeys(row["target"] for row in rows):
        yield reliability_drawing(name, [row for row in rows if row["target"] == name])


def _clips(root: Path, files: Sequence[Judged], names: Sequence[str]) -> Iterator[str]:
    for name in names:
        if name == SOUND:
            continue  # its kinds follow
        missed = [
            (each, each.onset_s, _why_missed(each, name))
            for each in files
            if each.role(name) is Role.EXPECTED and not each.right(name, alarms=True)
        ]
        false = [(each, entry.time_s, _said(entry)) for each in files for entry in each.false(name)]
        for title, clips in ((f"{name}: missed, or no alarm", missed), (f"{name}: false", false)):
            if clips:
                yield f"<h2>{escape(title)} ({len(clips)})</h2>"
                yield from (_clip(root, *clip) for clip in clips[:MOST])
                yield from (
                    f"<p class=note>{escape(f'{each.path}: {said}')}</p>"
                    for each, _, said in clips[MOST:]
                )


def _clip(root: Path, each: Judged, moment_s: float | None, said: str) -> str:
    images = "".join(
        f'<img loading=lazy alt="{escape(each.path)}" src="{address}">'
        for address in pictures(root, each.outcome.recording, moment_s)
    )
    about = f"{each.path} ({each.label}): {said}"
    return f"<div class=clip>{images}<div class=note>{escape(about)}</div></div>"


def _why_missed(each: Judged, name: str) -> str:
    if each.error is not None:
        return each.error
    best = max(each.right(name), key=lambda entry: entry.confidence, default=None)
    if best is not None:
        return f"for review only, {_said(best)}"
    return f"nothing; its highest confidence was {each.peak(name):.2f}"


def _said(entry: Entry) -> str:
    return f"{entry.level.value} at {entry.time_s:.1f} s, confidence {entry.confidence:.2f}"
