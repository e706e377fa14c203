"""The command line of the model's server: `profiles`, `check` and `compress`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from inference_server import __version__, machine
from inference_server.check import check
from inference_server.compress import command as compress
from inference_server.profiles import PROFILES


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 when all is well, 1 when a check fails, 2 for wrong usage."""
    options = _parser().parse_args(arguments)
    if options.command == "profiles":
        for profile in PROFILES.values():
            print(
                f"{profile.name:<15} {profile.memory_gib:>4g} GiB "
                f"{profile.bandwidth_gb_s:>5g} GB/s  {profile.title}"
            )
        return 0
    if options.command == "compress":
        return compress.run(options)
    return _check(options.profile)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="inference_server", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("profiles", help="list the devices that the model is meant for")
    checker = commands.add_parser("check", help="say what this machine lacks for a profile")
    checker.add_argument("--profile", required=True, choices=list(PROFILES))
    compressor = commands.add_parser("compress", help="make the model small enough for a device")
    compress.add_arguments(compressor)
    return parser


def _check(name: str) -> int:
    try:
        findings = check(PROFILES[name], machine.inspect())
    except OSError as error:
        print(f"this machine cannot be inspected: {error}", file=sys.stderr)
        return 1
    for finding in findings:
        mark = "ok" if finding.holds else "MISSING"
        print(f"{mark:<8} {finding.subject}: {finding.found}")
        if finding.remedy:
            print(f"         -> {finding.remedy}")
    return 0 if all(finding.holds for finding in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
