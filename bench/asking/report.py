"""The figures as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def show(results: Mapping[str, Any]) -> str:
    """Give tables of what was measured."""
    lines = [
        f"{results['device']}, vLLM {results['vllm']}, torch {results['torch']}",
        f"recipe {results['recipe']}, started in {results['start_s']} s",
        "",
        f"{'ms, one window at a time':<44}{'median':>9}{'p95':>9}{'least':>9}{'rounds':>8}",
    ]
    for name, figures in results.items():
        if name.startswith("alone") and isinstance(figures, dict):
            rows = {name: figures} if "median" in figures else figures
            lines.append(name)
            lines += [_row(f"  {way}", row) for way, row in rows.items() if _timed(row)]
    lines += ["", f"{'32 windows at a time':<44}{'a second':>9}{'median':>9}{'p95':>9}{'busy':>8}"]
    for name, figures in results.items():
        if isinstance(figures, dict) and "windows_a_second" in figures:
            share = figures.get("busy_share")
            lines.append(
                f"{name:<44}{figures['windows_a_second']:>9}{figures['median']:>9}"
                f"{figures['p95']:>9}{'' if share is None else f'{share:.1%}':>8}"
            )
    lines += ["", *_verdict(results)]
    for name in ("alone, watched", "load, watched"):
        seen = results.get(name, {})
        if "kernels" in seen:
            lines += [
                "",
                f"{name}: GPU busy {seen['busy_ms']} ms of {seen['span_ms']} ms",
                f"(from the first to the last of {seen['events']} kernels and copies)",
            ]
            lines += [f"  {ms:>9} ms  {kernel}" for kernel, ms in seen["kernels"].items()]
    for name, tables in results.items():
        if name.startswith("host") and isinstance(tables, dict):
            for process, text in tables.items():
                lines += ["", f"{name}, {process}", str(text)]
    return "\n".join(lines) + "\n"


def _verdict(results: Mapping[str, Any]) -> list[str]:
    lines = []
    for name, figures in results.items():
        if not name.startswith("alone: ") or "failed" in figures:
            continue
        nine = figures["nine verdicts"]["median"]
        answer = next(row["median"] for way, row in figures.items() if way.startswith("answer"))
        lines.append(f"{name[7:]}: nine verdicts {nine} ms, {answer / nine:.1f} times faster")
        lines[-1] += " than the written answer"
    return lines


def _timed(row: Any) -> bool:
    return isinstance(row, dict) and "median" in row


def _row(name: str, row: Mapping[str, Any]) -> str:
    cells = "".join(f"{row[key]:>9}" for key in ("median", "p95", "least"))
    return f"{name:<44}{cells}{row['rounds']:>8}"
