"""The tables of `bench/footprint`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PARTS = ("experts", "attention", "embedding", "lm_head", "vision", "audio", "other")


def show(results: Mapping[str, Mapping[str, Any]]) -> None:
    """Print bytes and milliseconds of every recipe; GB are 10^9 bytes."""
    if not results:
        return
    any_result = next(iter(results.values()))
    print(f"{any_result['device']}, vLLM {any_result['vllm']}, torch {any_result['torch']}")
    heads = (*_PARTS, "weights", "KV", "stays", "peak", "loading", "reserved", "device")
    print(f"\n{'GB':<14}" + "".join(f"{head:>10}" for head in heads))
    for name, result in results.items():
        print_ = result["footprint"]
        figures = [print_["parts"].get(part, 0) for part in _PARTS]
        figures += [print_[key] for key in ("weights", "cache", "buffers", "peak", "loading_peak")]
        figures += [print_["reserved"], print_["device"]]
        print(f"{name:<14}" + "".join(f"{figure / 1e9:>10.2f}" for figure in figures))
    heads = ("tokens", "first", "nine", "p95", "others", "answer")
    print(f"\n{'ms (medians)':<46}" + "".join(f"{head:>8}" for head in heads))
    for name, result in results.items():
        for row in result["latency"]:
            print(
                f"{name:<14}{row['window']:<32}{row['tokens']:>8}{row['first']:>8}{row['nine']:>8}"
                f"{row['nine_p95']:>8}{row['others']:>8}{row['answer']:>8}"
            )
