"""What a number of cameras needs: the arithmetic, and that its constants are the node's."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_server.scale import demand as scale
from inference_server.scale.demand import Assumptions, cameras_a_node, demand, windows_a_camera
from omnicam.config.model import CameraSettings, Language, ModelSettings
from omnicam.verify import gate

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "bench" / "results"
shares = st.floats(0.01, 1.0)


def test_a_camera_asks_as_its_gate_does() -> None:
    model = ModelSettings(url="http://192.0.2.1/v1", name="omni", language=Language.ENGLISH)
    assert scale.LOOK_S == gate.LOOK_S
    assert (Assumptions().budget, Assumptions().audits) == (
        model.windows_per_minute,
        model.audits_per_hour,
    )
    assert {field.name: field.default for field in fields(CameraSettings)}["ring_s"] == scale.RING_S


def test_what_a_camera_costs_is_what_was_measured() -> None:
    alone = (RESULTS / "pipeline-2026-11-23.txt").read_text("utf-8")
    eight = (RESULTS / "pipeline-8-streams-2026-11-23.txt").read_text("utf-8")
    for name, cost in (
        ("empty", scale.EMPTY_CORE),
        ("person", scale.PERSON_CORE),
        ("speech", scale.SPEECH_CORE),
    ):
        assert f"{name}: {cost:.3f} (target" in alone
    assert f"a further camera adds {scale.CAMERA_MIB} " in alone
    (main,) = (line.split() for line in eight.splitlines() if line.startswith("main process"))
    assert float(main[2]) == scale.MAIN_CORE


def test_the_busiest_hour_by_hand() -> None:
    found = demand(1000, Assumptions(people=0.4, suspicions=2.0, audits=1.0, rate=10.0, load=0.5))
    # 0.4 of an hour at one look each 20 s are 72 windows, and 3 more: 75 an hour.
    assert found.windows == pytest.approx(1000 * 75 / 3600)
    assert (found.gpus, found.spares) == (5 + 1, 1)  # 20.8 a second at 5 a GPU
    assert found.windows_most == pytest.approx(100.0)
    assert found.gpus_most == 10
    assert found.camera_mbit == pytest.approx(4500.0)
    assert found.stored_gb == pytest.approx(1000 * 5 * (7.5e-3 + 1e-4))


@given(st.integers(1, 100_000), st.integers(1, 1000), shares, shares, st.floats(0.5, 100.0))
def test_more_cameras_never_need_less(
    cameras: int, more: int, people: float, load: float, rate: float
) -> None:
    given_ = Assumptions(people=people, load=load, rate=rate)
    few, many = demand(cameras, given_), demand(cameras + more, given_)
    for name in ("windows", "gpus", "gpus_most", "servers", "nodes", "camera_mbit", "stored_gb"):
        assert getattr(few, name) <= getattr(many, name)
    # What is left when the spares are lost still carries the busiest hour.
    assert (few.gpus - few.spares) * rate * load >= few.windows * (1 - 1e-9)
    assert few.nodes * few.cameras_a_node >= cameras


@given(shares, st.floats(0.01, 1e4))
def test_no_camera_asks_beyond_its_budget(people: float, suspicions: float) -> None:
    given_ = Assumptions(people=people, suspicions=suspicions)
    assert windows_a_camera(given_) <= given_.budget / 60 + 1e-12


def test_a_node_is_bound_by_cores_or_by_memory() -> None:
    given_ = Assumptions()
    assert cameras_a_node(replace(given_, cores=1000.0)) == cameras_a_node(
        replace(given_, cores=2000.0)
    )
    assert cameras_a_node(replace(given_, cores=8.0)) > cameras_a_node(given_)
    with pytest.raises(ValueError, match="--memory-gib"):
        cameras_a_node(replace(given_, memory_gib=0.5))
