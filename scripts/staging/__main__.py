"""`python -m staging list` and `python -m staging render SCENE --out FILE`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from staging.render import PRE_ROLL_S, Take, render
from staging.scenes import SCENES


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m staging", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="name all scenes")
    renderer = commands.add_parser("render", help="render a scene")
    renderer.add_argument("scene", choices=list(SCENES), metavar="SCENE")
    renderer.add_argument("--out", type=Path, required=True, metavar="FILE")
    renderer.add_argument("--seed", type=int, default=1)
    renderer.add_argument("--size", default="640x480", metavar="WxH")
    renderer.add_argument("--pre-roll", type=float, default=PRE_ROLL_S, metavar="SECONDS")
    options = parser.parse_args()
    if options.command == "list":
        for name, scene in SCENES.items():
            print(f"{name:<26} {scene.anomaly or '-':<26} {scene.about}")
        return 0
    try:
        width, height = (int(number) for number in options.size.split("x"))
    except ValueError:
        parser.error(f"--size {options.size}: write it as 640x480")
    try:
        take = Take(scene=options.scene, seed=options.seed, width=width, height=height,
                    pre_roll_s=options.pre_roll)  # fmt: skip
    except ValueError as error:
        parser.error(str(error))
    try:
        render(take, options.out)
    except (OSError, RuntimeError) as error:
        print(f"{options.scene}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
