"""Prints what integrations of an unpacked Home Assistant require, read from their manifests.

Usage: home_assistant_requirements.py HOMEASSISTANT_FOLDER INTEGRATIONS_FILE
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path


def requirements(components: Path, domains: Iterable[str]) -> set[str]:
    """Return the requirements of `domains` and of all the integrations that they depend on.

    Raises FileNotFoundError where this Home Assistant has no such integration.
    """
    waiting, seen, found = list(domains), set[str](), set[str]()
    while waiting:
        domain = waiting.pop()
        if domain in seen:
            continue
        seen.add(domain)
        manifest = json.loads((components / domain / "manifest.json").read_text("utf-8"))
        found.update(manifest.get("requirements", []))
        waiting.extend(manifest.get("dependencies", []))
    return found


def main() -> None:
    """Print one requirement a line."""
    home_assistant, listing = map(Path, sys.argv[1:3])
    lines = (line.partition("#")[0].strip() for line in listing.read_text("utf-8").splitlines())
    print("\n".join(sorted(requirements(home_assistant / "components", filter(None, lines)))))


if __name__ == "__main__":
    main()
