"""REAP beats random experts and GPTQ beats rounding to nearest, by stated margins, over seeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from compressing.compare import compare, margins

SEEDS = 3


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_on_structured_models(tmp_path: Path) -> None:
    results = [each for seed in range(SEEDS) for each in compare(tmp_path / str(seed), seed)]
    reap, gptq = margins(results)
    assert gptq.ratio > 5, str(gptq)
    assert gptq.won == gptq.of, str(gptq)
    assert reap.ratio > 2, str(reap)
    assert reap.won >= 0.7 * reap.of, str(reap)
