"""`bench/stillness`: tokens sent and encoded against every picture whole, as a table."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from still.sent import Count, Sent, play

_WAYS = ("every", "whole", "windows", "asked")
_HEAD = (
    "| recording | seconds | every picture whole | windows, pictures whole | windows as sent "
    "| of these encoded | saved against whole windows | looks of the gate | their tokens encoded |"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Play recordings and print what each way of sending costs, in visual tokens."""
    parser = argparse.ArgumentParser(prog="bench/stillness", description=main.__doc__)
    parser.add_argument("recordings", nargs="+", metavar="RECORDING", help="below --root")
    parser.add_argument("--root", type=Path, required=True, help="folder of the recordings")
    parser.add_argument("--json", type=Path, help="write everything here, too")
    options = parser.parse_args(arguments)
    rows: list[Sent] = []
    print(f"{_HEAD}\n|{'---|' * 9}")
    for path in options.recordings:
        rows.append(play(path, options.root))
        print(_row(rows[-1]), flush=True)
    print(_row(_total(rows)))
    if options.json is not None:
        text = json.dumps([asdict(row) for row in rows], indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


def _row(sent: Sent) -> str:
    saved = 1.0 - sent.windows.encoded / sent.whole.tokens if sent.whole.tokens else 0.0
    cells = (
        sent.path, f"{sent.seconds:.0f}", f"{sent.every.tokens:,}", f"{sent.whole.tokens:,}",
        f"{sent.windows.tokens:,}", f"{sent.windows.encoded:,}", f"{100 * saved:.1f} %",
        str(sent.looks), f"{sent.asked.encoded:,}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _total(rows: Sequence[Sent]) -> Sent:
    total = Sent("together", sum(row.seconds for row in rows), looks=sum(row.looks for row in rows))
    for way in _WAYS:
        counts: list[Count] = [getattr(row, way) for row in rows]
        for name in ("pictures", "pixels", "tokens", "encoded"):
            setattr(getattr(total, way), name, sum(getattr(count, name) for count in counts))
    return total


if __name__ == "__main__":
    raise SystemExit(main())
