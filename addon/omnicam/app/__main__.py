"""Write the node's configuration from what the Supervisor hands to the app.

python -m omnicam.app --options /data/options.json --out /run/omnicam/node.yaml
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from omnicam.app.files import write_private
from omnicam.app.options import Place, configuration
from omnicam.app.supervisor import SupervisorError, mqtt_service
from omnicam.config.errors import ConfigError, Problem
from omnicam.config.load import parse, read
from omnicam.serve.token import load_or_create

PORT = 8130
EXIT_WRONG = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the configuration; 2 where it cannot be made, with the reasons on stderr."""
    given = _parser().parse_args(arguments)
    place = Place(
        data=given.data,
        pose_model=given.pose_model,
        port=PORT,
        url=f"http://{socket.gethostname()}:{PORT}",
        folder=given.folder,
    )
    try:
        options = _options(given.options)
        file = _user_file(options, given.folder)
        settings = configuration(options, file, _service(options, file), place)
        parse(settings, base=given.folder)  # its complaints are better heard here, before the start
        # YAML and not JSON: a user's file may hold dates, and any text comes back as it was.
        # In ASCII: beyond it, YAML folds U+0085 of a password into a space.
        write_private(given.out, yaml.safe_dump(settings))
        if given.token_copy is not None:
            # The user cannot look into the app's own data, and needs the token once.
            write_private(given.token_copy, load_or_create(given.data).reveal() + "\n")
    except (ConfigError, SupervisorError, OSError) as error:
        print(error, file=sys.stderr)
        return EXIT_WRONG
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m omnicam.app", description=__doc__)
    parser.add_argument("--options", type=Path, required=True, help="the Supervisor's options.json")
    parser.add_argument("--out", type=Path, required=True, help="the configuration to write")
    parser.add_argument("--folder", type=Path, default=Path("/config"), help="the user's folder")
    parser.add_argument("--data", type=Path, default=Path("/data/node"), help="the node's records")
    parser.add_argument("--token-copy", type=Path, help="where the user finds the API's token")
    parser.add_argument(
        "--pose-model",
        type=Path,
        default=Path("/usr/share/omnicam/pose_landmarker_lite.task"),
        help="the bundle that the image brings",
    )
    return parser


def _options(path: Path) -> dict[str, Any]:
    try:
        options = json.loads(path.read_bytes())
    except ValueError:
        options = None
    if not isinstance(options, dict):
        message = "is not the Supervisor's JSON: save the app's options again"
        raise ConfigError([Problem(field=str(path), value="", message=message)])
    return options


def _user_file(options: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Read the user's own file; one that lies outside the user's folder is not theirs to read."""
    name = options.get("config_file")
    if not isinstance(name, str) or not name.strip():
        return {}
    path = (folder / name.strip()).resolve()
    if not path.is_relative_to(folder.resolve()):
        message = f"must lie in {folder}: put it there and give its name alone"
        raise ConfigError([Problem(field="config_file", value=repr(name), message=message)])
    value = read(path)
    if value is None:  # an empty file says nothing, which is no mistake
        return {}
    if not isinstance(value, dict):
        message = "must be a mapping of keys to values; see docs/configuration.md"
        raise ConfigError([Problem(field=name, value="", message=message)])
    return value


def _service(options: Mapping[str, Any], file: Mapping[str, Any]) -> dict[str, Any] | None:
    """Ask for the installation's broker, unless the user has named one."""
    broker = options.get("mqtt")
    named = isinstance(broker, Mapping) and broker.get("host")
    token = os.environ.get("SUPERVISOR_TOKEN")
    if named or "mqtt" in file or not token:
        return None
    return mqtt_service(token)


if __name__ == "__main__":
    sys.exit(main())
