"""docs/model.md in both languages says what the command says today."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference_server.model import PUBLISHED
from inference_server.plan import measured, report, table
from inference_server.plan.floor import floor
from inference_server.plan.load import Load
from inference_server.plan.window import Window
from inference_server.profiles import PROFILES
from inference_server.recipes import RECIPES

ROOT = Path(__file__).parents[3]
WINDOWS = (Window(), Window(frames=4, side=448), Window(frames=1, side=448))


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def what_fits() -> list[str]:
    """A row a device: the recipe, total and left in GB, the floor in ms."""
    rows = []
    for profile in PROFILES.values():
        found = report.make(PUBLISHED, profile, Load()).chosen
        if found is None:
            rows.append(row(f"`{profile.name}`", *"-" * 6))
            continue
        rows.append(
            row(
                f"`{profile.name}`",
                f"`{found.recipe.name}`",
                report.gb(found.total),
                report.gb(found.left),
                f"{found.floor.first_ms:.0f}",
                f"{found.floor.verdict_ms:.0f}",
                f"{found.floor.token_ms:.1f}",
            )
        )
    return rows


def floors() -> list[str]:
    """A row a window: one question, and all nine, on each device with a GPU."""
    rows = []
    for window in WINDOWS:
        tokens = window.shared(PUBLISHED.vision) + window.question
        cells = [f"{window.frames} x {window.side}x{window.side}", str(tokens)]
        for name in ("orin-nx-16gb", "orin-agx-64gb", "rtx-4090", "h100"):
            found = floor(PUBLISHED, RECIPES["recommended"], Load(window=window), PROFILES[name])
            cells.append(f"{found.first_ms:.0f} / {found.verdict_ms:.0f}")
        rows.append(row(*cells))
    return rows


def comparisons() -> list[str]:
    """A row a run and figure: what is predicted, what was measured."""
    rows = []
    for run in measured.runs(PUBLISHED):
        recipe = run.recipe
        bits = (recipe.vision_bits, recipe.audio_bits, recipe.embedding_bits, recipe.head_bits)
        said = f"{recipe.experts}, {recipe.expert_bits}/{recipe.attention_bits}, "
        said += "/".join(str(number) for number in bits)
        rows += [
            row(
                said,
                f"`{found.name}`",
                report.gb(found.predicted),
                report.gb(found.measured),
                f"{found.percent:+.1f} %",
            )
            for found in measured.compare(PUBLISHED, run)
            if found.name in measured.TOTALS
        ]
    return rows


@pytest.mark.parametrize("name", ["model.md", "model.zh-Hans.md"])
def test_the_document_holds_todays_figures(name: str) -> None:
    lines = (ROOT / "docs" / name).read_text(encoding="utf-8").splitlines()
    for expected in (*what_fits(), *floors(), *comparisons()):
        assert expected in lines, f"docs/{name} lacks: {expected}"
    plan = table.render(report.make(PUBLISHED, PROFILES["orin-nx-16gb"], Load()))
    assert plan in "\n".join(lines), f"docs/{name} lacks this plan:\n{plan}"
