"""The command line of `bench/footprint`: real-size recipes, one after the other, on a GPU."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from inference_server.recipes import RECIPES, Recipe
from real_size import tables

_RUN_TIMEOUT_S = 900.0
_REAL_FILES = ("recommended", "smallest")
"""Recipes whose checkpoint is really written and read; of the others vLLM invents the weights."""


def main() -> int:
    """Measure every recipe asked for; exit status 1 where one does not run."""
    options = _arguments()
    if options.one is not None:
        return _one(options)
    results: dict[str, Any] = {}
    failed = []
    for name in options.recipes:
        folder = options.work / name.replace("/", "-")
        report = options.out / f"{folder.name}.json"
        command = [sys.executable, "-m", "real_size", name, "--one", str(report)]
        command += ["--work", str(options.work), "--out", str(options.out)]
        command += ["--windows", str(options.windows), "--rounds", str(options.rounds)]
        command += ["--eager"] * options.eager
        print(f"== {name}", flush=True)
        try:
            status = subprocess.run(command, timeout=_RUN_TIMEOUT_S, check=False).returncode
        except subprocess.TimeoutExpired:
            print(f"{name}: gave nothing in {_RUN_TIMEOUT_S:.0f} s", file=sys.stderr)
            status = 1
        shutil.rmtree(folder, ignore_errors=True)
        if status:
            failed.append(name)
            continue
        results[name] = json.loads(report.read_text(encoding="utf-8"))
    (options.out / "footprint.json").write_text(json.dumps(results, indent=2) + "\n", "utf-8")
    tables.show(results)
    if failed:
        print(f"error: did not run: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _one(options: argparse.Namespace) -> int:
    """Measure one recipe in this process, whose end gives the GPU's memory back."""
    from real_size import checkpoint, engine
    from real_size import folder as folders

    name = options.recipes[0]
    recipe = recipe_of(name)
    folder = options.work / name.replace("/", "-")
    folders.make(folder, recipe)
    on_disk = None
    if name in _REAL_FILES:
        on_disk = checkpoint.write(folder, recipe, "cuda")
        print(f"written: {on_disk / 1e9:.2f} GB", flush=True)
    result = engine.measure(
        folder,
        windows=options.windows,
        rounds=options.rounds,
        dummy=on_disk is None,
        eager=options.eager,
    )
    result |= {"recipe": name, "on_disk": on_disk}
    options.one.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


def recipe_of(name: str) -> Recipe:
    """Give a recipe by name, or by `EXPERTS/ENCODERS[/EMBEDDING]` in bits: `48/16`, `64/8/8`."""
    if name in RECIPES:
        return RECIPES[name]
    experts, *bits = name.split("/")
    if not experts.isdigit() or not bits or len(bits) > 2 or not {"8", "16"}.issuperset(bits):
        raise SystemExit(
            f"no recipe {name!r}: choose from {', '.join(RECIPES)}, or such as 48/16 or 64/8/8"
        )
    encoders, ends = int(bits[0]), int(bits[-1]) if len(bits) == 2 else 16
    return replace(
        RECIPES["full-w4"],
        name=name,
        experts=int(experts),
        vision_bits=encoders,
        audio_bits=encoders,
        embedding_bits=ends,
        head_bits=ends,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/footprint", description=__doc__)
    parser.add_argument("recipes", nargs="+", help=f"{', '.join(RECIPES)}, or such as 64/8/8")
    parser.add_argument("--work", type=Path, required=True, help="folder for the checkpoints")
    parser.add_argument("--out", type=Path, required=True, help="folder for the figures")
    parser.add_argument("--windows", type=int, default=4, help="windows at a time (default 4)")
    parser.add_argument("--rounds", type=int, default=20, help="timed repetitions (default 20)")
    parser.add_argument("--eager", action="store_true", help="without CUDA graphs")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    return options


if __name__ == "__main__":
    sys.exit(main())
