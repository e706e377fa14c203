"""`inference_server scale`: its options, a table, and the exit status."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from types import MappingProxyType

from inference_server.scale.demand import Assumptions, Demand, demand

CAMERAS = (1, 10, 100, 1000, 10_000)

ROWS: Mapping[str, Callable[[Demand], str]] = MappingProxyType(
    {
        "windows a second, busiest hour": lambda found: _figure(found.windows),
        "windows a second, mean of a day": lambda found: _figure(found.windows_day),
        "windows a second, every camera at its budget": lambda found: _figure(found.windows_most),
        "GPUs for the busiest hour": lambda found: f"{found.gpus:,}",
        "of them spare": lambda found: f"{found.spares:,}",
        "GPUs for every camera at its budget": lambda found: f"{found.gpus_most:,}",
        "model servers": lambda found: f"{found.servers:,}",
        "nodes": lambda found: f"{found.nodes:,}",
        "cameras to nodes, Mbit/s": lambda found: _figure(found.camera_mbit),
        "nodes to model, Mbit/s": lambda found: _figure(found.model_mbit),
        "stored a day, GB": lambda found: _figure(found.stored_gb),
        "MQTT messages a second": lambda found: _figure(found.messages),
    }
)

_SHARES = frozenset({"load", "people", "people_day", "speech", "node_load"})


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and an option for each assumption."""
    parser = commands.add_parser(
        "scale", help="say how many GPUs, nodes and so on a number of cameras needs"
    )
    parser.add_argument(
        "--cameras", type=_count, nargs="+", default=CAMERAS, metavar="N", help="how many"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    for field in fields(Assumptions):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=_share if field.name in _SHARES else _count if field.type == "int" else _amount,
            default=field.default,
            metavar="X",
            help=f"see docs/scaling.md (default {field.default})",
        )


def run(options: argparse.Namespace) -> int:
    """Print the plan; 0 where there is one, 2 for wrong input."""
    given = Assumptions(
        **{field.name: getattr(options, field.name) for field in fields(Assumptions)}
    )
    try:
        found = [demand(cameras, given) for cameras in options.cameras]
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.json:
        said = {"assumptions": asdict(given), "plans": [asdict(each) for each in found]}
        print(json.dumps(said, indent=2))
    else:
        print(f"{found[0].cameras_a_node} cameras a node; {given.rate:g} windows a second a GPU")
        print("\n".join(table(found)))
    return 0


def table(found: Sequence[Demand]) -> list[str]:
    """Give the lines of a Markdown table, a column for each number of cameras."""
    head = ("cameras", *(f"{each.cameras:,}" for each in found))
    rows = ((name, *(figure(each) for each in found)) for name, figure in ROWS.items())
    rule = ("---", *("---:" for _ in found))
    return [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]


def _figure(value: float) -> str:
    """Give two significant digits: more would be a claim."""
    if value == 0.0:
        return "0"
    digits = 1 - math.floor(math.log10(abs(value)))
    return f"{round(value, digits):,.{max(digits, 0)}f}"


def _amount(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and value > 0.0):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0.0 < value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and at most 1")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value
