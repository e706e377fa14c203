"""`inference_server compress`: its options, and its errors in words. Needs no torch to start."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

from inference_server.compress.errors import CompressError
from inference_server.compress.source import Source, open_source
from inference_server.model import ConfigError, read
from inference_server.plan.errors import PlanError
from inference_server.plan.fit import consider
from inference_server.plan.load import Load
from inference_server.profiles import PROFILES
from inference_server.recipes import RECIPES, Recipe

NEEDED = (
    "torch",
    "torchvision",
    "transformers",
    "safetensors",
    "compressed_tensors",
    "llmcompressor",
)
INSTALL = "pip install 'omnicam[compress]'"
STAGED = 32


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("compress", help="make the model small enough for a device")
    parser.add_argument("source", type=Path, metavar="SOURCE", help="the published checkpoint")
    parser.add_argument("target", type=Path, metavar="TARGET", help="a folder that is empty or new")
    parser.add_argument(
        "--recipe", required=True, choices=list(RECIPES), help="what is kept of each part"
    )
    parser.add_argument(
        "--profile", choices=list(PROFILES), help="begin only if the result fits this device"
    )
    parser.add_argument(
        "--windows",
        type=Path,
        metavar="DIR|MANIFEST",
        help="recordings with pictures and sound that calibrate; without it, staged scenes",
    )
    parser.add_argument(
        "--evaluate",
        type=Path,
        metavar="MANIFEST",
        help="labelled recordings: how often the nine verdicts are right before and after",
    )
    parser.add_argument(
        "--work",
        type=Path,
        metavar="DIR",
        help="for the journal and what is between layers (default: TARGET.work)",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command: 0 when the target is complete, 1 with a message on stderr when not."""
    try:
        _run(options)
    except CompressError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def _run(options: argparse.Namespace) -> None:
    source = open_source(options.source)
    recipe = RECIPES[options.recipe]
    if options.profile is not None:
        _fits(source, recipe, options.profile)
    if options.target.exists() and not options.target.is_dir():
        raise CompressError(f"{options.target} is a file; TARGET is a folder")
    _require()
    # Only now the modules that compute: they take seconds to import.
    from inference_server.compress.recordings import load
    from inference_server.compress.run import Task, compress
    from inference_server.compress.windows import staged

    if options.windows is None:
        _say(
            f"no --windows: {STAGED} staged windows calibrate; recordings of your own do it better"
        )
        windows = staged(STAGED)
    else:
        windows = load(options.windows)
    work = options.work or options.target.with_name(options.target.name + ".work")
    compress(Task(source, options.target, recipe, windows, work, say=_say))
    if options.evaluate is not None:
        from inference_server.compress.evaluate import evaluate

        _say(evaluate(options.source, options.target, options.evaluate, say=_say).table())


def _require() -> None:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise CompressError(f"{', '.join(missing)}: not installed here; {INSTALL}")


def _fits(source: Source, recipe: Recipe, profile: str) -> None:
    try:
        made = consider(read(source.folder), recipe, Load(), PROFILES[profile])
    except (ConfigError, PlanError) as error:
        raise CompressError(str(error)) from error
    if not made.fits:
        raise CompressError(
            f"{recipe.name} leaves {made.left / 1e9:.1f} GB of {profile}, which is too little; "
            f"`inference_server plan --profile {profile}` says what fits"
        )


def _say(text: str) -> None:
    print(text, flush=True)
