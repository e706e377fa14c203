"""The command line of the model's server: `profiles`, `check`, `plan`, `scale` and `compress`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from inference_server import __version__, machine
from inference_server.check import check
from inference_server.compress import command as compress
from inference_server.plan import cli as plan
from inference_server.profiles import PROFILES
from inference_server.scale import cli as scale


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
    plan.add_to(commands)
    scale.add_to(commands)
    compress.add_to(commands)
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
        findings = check(PROFILES[options.profile], machine.inspect())
    except OSError as error:
        print(f"this machine cannot be inspected: {error}", file=sys.stderr)
        return 1
    for finding in findings:
        mark = "ok" if finding.holds else "MISSING"
        print(f"{mark:<8} {finding.subject}: {finding.found}")
        if finding.remedy:
            print(f"         -> {finding.remedy}")
    return 0 if all(finding.holds for finding in findings) else 1


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = MappingProxyType(
    {
        "profiles": _profiles,
        "check": _check,
        "plan": plan.run,
        "scale": scale.run,
        "compress": compress.run,
    }
)


if __name__ == "__main__":
    sys.exit(main())
