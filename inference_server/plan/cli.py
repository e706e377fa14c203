"""`inference_server plan`: its options, and the exit status."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from inference_server.model import PUBLISHED, ConfigError, read
from inference_server.plan import report, table
from inference_server.plan.fit import recipes
from inference_server.plan.load import Load
from inference_server.profiles import PROFILES


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("plan", help="say which recipe fits a device, and how fast it is")
    parser.add_argument("--profile", required=True, choices=list(PROFILES))
    parser.add_argument(
        "--config",
        type=Path,
        help="config.json of a Qwen3-Omni checkpoint, or its folder (default: the published model)",
    )
    parser.add_argument("--recipe", metavar="NAME", help="this recipe only (default: all)")
    parser.add_argument(
        "--windows", type=_positive, default=4, metavar="N", help="windows at a time (default 4)"
    )
    parser.add_argument(
        "--kv-bits", type=int, choices=(16, 8), default=16, help="KV cache: bf16 or fp8"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")


def run(options: argparse.Namespace) -> int:
    """Print the plan; 0 where something fits, 1 where nothing does, 2 for wrong input."""
    try:
        shape = PUBLISHED if options.config is None else read(options.config)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    known = recipes(shape)
    if options.recipe is not None and options.recipe not in known:
        print(
            f"error: --recipe: there is no recipe {options.recipe!r}; choose from "
            f"{', '.join(known)}",
            file=sys.stderr,
        )
        return 2
    only = None if options.recipe is None else known[options.recipe]
    load = Load(windows=options.windows, kv_bits=options.kv_bits)
    plan = report.make(shape, PROFILES[options.profile], load, only)
    print(json.dumps(report.as_json(plan), indent=2) if options.json else table.render(plan))
    return 0 if plan.chosen is not None else 1


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value
