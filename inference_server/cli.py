"""The command line of the model's server: plan, check, compress, serve and scale."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from inference_server import __version__, machine
from inference_server.compress import command as compress
from inference_server.plan import cli as plan
from inference_server.profiles import PROFILES
from inference_server.scale import cli as scale
from inference_server.serve import cli as serve
from inference_server.serve.checks import Wish, examine


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 when all is well, 1 when it is not, 2 for wrong usage."""
    options = _parser().parse_args(arguments)
    return COMMANDS[options.command](options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="inference_server", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("profiles", help="list the devices that the model is meant for")
    checker = commands.add_parser("check", help="say what this machine lacks for a profile")
    checker.add_argument("--profile", required=True, choices=list(PROFILES))
    checker.add_argument("--model", type=Path, metavar="DIR", help="a checkpoint to look at too")
    plan.add_to(commands)
    scale.add_to(commands)
    compress.add_to(commands)
    serve.add_to(commands)
    return parser


def _profiles(_: argparse.Namespace) -> int:
    for profile in PROFILES.values():
        print(
            f"{profile.name:<15} {profile.memory_gib:>4g} GiB "
            f"{profile.bandwidth_gb_s:>5g} GB/s  {profile.title}"
        )
    return 0


def _check(options: argparse.Namespace) -> int:
    try:
        found = machine.inspect()
    except OSError as error:
        print(f"this machine cannot be inspected: {error}", file=sys.stderr)
        return 1
    checked = examine(PROFILES[options.profile], found, Wish(model=options.model), os.environ)
    serve.show(checked.findings)
    return 0 if checked.holds else 1


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = MappingProxyType(
    {
        "profiles": _profiles,
        "check": _check,
        "plan": plan.run,
        "scale": scale.run,
        "compress": compress.run,
        "serve": serve.run,
    }
)


if __name__ == "__main__":
    sys.exit(main())
