"""`inference_server compress`: its arguments, and its errors in words. Needs no torch to start."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

from inference_server.compress.errors import CompressError
from inference_server.compress.source import open_source
from inference_server.profiles import PROFILES
from inference_server.recipes import RECIPES

NEEDED = (
    "torch",
    "torchvision",
    "transformers",
    "safetensors",
    "compressed_tensors",
    "llmcompressor",
)
INSTALL = "pip install 'omnicam[compress]'"
SYNTHETIC = 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("source", type=Path, metavar="SOURCE", help="the published checkpoint")
    parser.add_argument(
        "target", type=Path, metavar="TARGET", help="an empty folder, made if absent"
    )
    parser.add_argument(
        "--recipe", required=True, choices=list(RECIPES), help="what is kept of each part"
    )
    parser.add_argument(
        "--profile", choices=list(PROFILES), help="check that the result fits this device"
    )
    parser.add_argument(
        "--windows",
        type=Path,
        metavar="DIR|MANIFEST",
        help="recordings with pictures and sound that calibrate; without it staged noise does",
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
        help="for what is between the layers, about 0.3 GB; beside TARGET where not given",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command: 0 when the target is complete, 1 with a message on stderr when not."""
    try:
        _require()
        _run(options)
    except CompressError as error:
        print(f"compress: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("compress: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def _require() -> None:
    """Say what is not installed before anything else is done."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise CompressError(f"{', '.join(missing)} not installed here; {INSTALL}")


def _run(options: argparse.Namespace) -> None:
    source = open_source(options.source)
    recipe = RECIPES[options.recipe]
    if options.target.exists() and not options.target.is_dir():
        raise CompressError(f"{options.target} is a file; TARGET is a folder")
    # Only now the modules that compute: they take seconds to import.
    from inference_server.compress.run import Task, compress
    from inference_server.compress.window import synthetic

    if options.windows is None:
        _say(
            f"no --windows: {SYNTHETIC} windows of staged noise calibrate, which suits a trial only"
        )
        windows = synthetic(SYNTHETIC)
    else:
        from inference_server.compress.windows import load

        windows = load(options.windows)
    work = options.work or options.target.with_name(options.target.name + ".work")
    compress(Task(source, options.target, recipe, windows, work, say=_say))
    if options.evaluate is not None:
        from inference_server.compress.evaluate import evaluate

        _say(evaluate(options.source, options.target, options.evaluate, say=_say))


def _say(text: str) -> None:
    print(text, flush=True)
