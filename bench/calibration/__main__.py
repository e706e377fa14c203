"""The command line of `bench/calibrate`."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from calibration.reliability import at_base
from calibration.samples import InputError, Material, read
from calibration.target import Verdict, judge
from omnicam.decide.calibration import FORMAT, IDENTITY, CalibrationError, parse
from omnicam.record.files import write_atomic

TABLE = Path(__file__).resolve().parents[2] / "addon/omnicam/decide/calibration.json"

TOLERANCE = 0.1
"""Nats by which a committed map may differ from a fitted one where the levels begin."""

_RARE = 0.05

_LEVELS = (4.0, 5.4)


def main() -> int:
    """Fit and write, or check; 1 where a check fails, 2 where a file cannot be used."""
    options = _arguments()
    try:
        material = read(options.results, options.manifest)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    verdicts = [judge(key, samples, options.base) for key, samples in material.samples.items()]
    _print(material, verdicts)
    table = _table(verdicts, material, options)
    if options.check:
        return _check(table, options.out)
    write_atomic(options.out, (json.dumps(table, indent=2) + "\n").encode())
    print(f"\nwritten: {options.out.name}, {len(table['rows'])} maps")
    return 0


def _table(verdicts: Sequence[Verdict], material: Material, options: Any) -> dict[str, Any]:
    used = [verdict for verdict in verdicts if verdict.fitted.platt != IDENTITY]
    return {
        "format": FORMAT,
        "source": f"bench/calibrate, {material.recordings} recordings",
        "results_sha256": hashlib.sha256(options.results.read_bytes()).hexdigest(),
        "manifest_sha256": hashlib.sha256(options.manifest.read_bytes()).hexdigest(),
        "rows": {
            verdict.key: {
                "slope": verdict.fitted.platt.slope,
                "offset": verdict.fitted.platt.offset,
                "base": round(verdict.base, 4),
                "right": sum(sample.right for sample in verdict.samples),
                "wrong": sum(not sample.right for sample in verdict.samples),
                "groups": len({sample.group for sample in verdict.samples}),
            }
            for verdict in used
        },
    }


def _check(fitted: dict[str, Any], file: Path) -> int:
    """Say where the committed table differs from what these results would give."""
    try:
        committed = json.loads(file.read_text(encoding="utf-8"))
        rows = parse(committed).rows
    except (OSError, ValueError, KeyError, TypeError, CalibrationError) as error:
        print(f"error: {file}: {error}", file=sys.stderr)
        return 2
    wanted = parse(fitted).rows
    wrong = 0
    print()
    for key in sorted({*rows, *wanted}):
        ours, theirs = rows.get(key, IDENTITY), wanted.get(key, IDENTITY)
        apart = max(abs(ours(at) - theirs(at)) for at in _LEVELS)
        fits = apart <= TOLERANCE
        wrong += not fits
        print(
            f"{key:34} committed {ours.slope:.3f} x {ours.offset:+.3f}, these results "
            f"{theirs.slope:.3f} x {theirs.offset:+.3f}: {'fits' if fits else f'{apart:.2f} apart'}"
        )
    print("the table fits these results" if not wrong else f"{wrong} rows do not fit")
    return 1 if wrong else 0


def _print(material: Material, verdicts: Sequence[Verdict]) -> None:
    left = ", ".join(f"{count} {reason}" for reason, count in sorted(material.left_out.items()))
    print(f"{material.recordings} recordings{f'; left out: {left}' if left else ''}")
    print(
        "Recordings in which something was said, at the base rate that stands beside each target;\n"
        "the last column is the share where one recording in twenty shows it.\n"
        "'after' is of groups that the map had not seen."
    )
    for verdict in verdicts:
        right = sum(sample.right for sample in verdict.samples)
        wrong = len(verdict.samples) - right
        platt = verdict.fitted.platt
        what = verdict.fitted.reason or "used"
        print(
            f"\n{verdict.key}: {right} with, {wrong} without, base {verdict.base:.3f}; "
            f"map {platt.slope} x {platt.offset:+}: {what}"
        )
        if verdict.before is None or verdict.after is None:
            continue
        for name, figures, counts in (
            ("before", verdict.before, verdict.plain),
            ("after", verdict.after, verdict.tried),
        ):
            print(
                f"  {name:6} Brier {figures.brier:.4f}  log loss {figures.log_loss:.4f}  "
                f"ECE {figures.error:.4f}  "
                f"events {counts.found}/{right} right, {counts.false}/{wrong} false; "
                f"alarms {counts.alarmed}/{right} right, {counts.false_alarms}/{wrong} false"
            )
            for part in figures.bins:
                if part.said is not None and part.share is not None:
                    low, high = part.interval
                    print(
                        f"         {part.low:.2f}-{part.high:.2f}: said {part.said:.3f}, "
                        f"{part.right}/{part.count} with it = {part.share:.3f} "
                        f"[{low:.3f}, {high:.3f}]; "
                        f"{at_base(part.share, verdict.base, _RARE):.3f} at one in twenty"
                    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/calibrate", description=__doc__)
    parser.add_argument("results", type=Path, help="of omnicam eval --json")
    parser.add_argument("--manifest", type=Path, required=True, help="with the groups")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 where the table does not fit"
    )
    parser.add_argument(
        "--out", type=Path, default=TABLE, help="the table (default: the project's)"
    )
    parser.add_argument(
        "--base",
        type=_share,
        help="share of recordings with the target for which confidences shall hold "
        "(default: the set's own, target by target)",
    )
    return parser.parse_args()


def _share(text: str) -> float:
    share = float(text)
    if not 0.0 < share < 1.0:
        msg = f"{text} is no share between 0 and 1"
        raise argparse.ArgumentTypeError(msg)
    return share


if __name__ == "__main__":
    sys.exit(main())
