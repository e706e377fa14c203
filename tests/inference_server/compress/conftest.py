"""Tiny checkpoints, made and compressed once for all tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch

from checkpoints import Shape, build
from inference_server.compress.layer import Method
from inference_server.compress.run import Task
from inference_server.compress.source import open_source
from inference_server.compress.window import Window, synthetic
from inference_server.recipes import Recipe

SHAPE = Shape(layers=3, vision_layers=3, audio_layers=1)
RECIPE = Recipe("test", 4, 4, 4, 16, 16, 16, 16)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Importing and compressing take longer than what the other tests are given."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Matrices of tests are small: threads would wait for one another."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with the parts that speak, in several shards."""
    return build(tmp_path_factory.mktemp("published") / "checkpoint", SHAPE, talker=True)


@pytest.fixture(scope="session")
def shape() -> Shape:
    """The sizes of the checkpoint."""
    return SHAPE


@pytest.fixture(scope="session")
def windows() -> list[Window]:
    return synthetic(3)


Tasks = Callable[..., Task]


@pytest.fixture(scope="session")
def task(checkpoint: Path, windows: list[Window]) -> Tasks:
    """Make the task that compresses the checkpoint into a folder."""

    def made(
        target: Path, *, recipe: Recipe = RECIPE, shown: Sequence[Window] = (), **more: object
    ) -> Task:
        options = {"method": Method(), "say": lambda _: None, **more}
        work = target.with_name(target.name + ".work")
        return Task(open_source(checkpoint), target, recipe, shown or windows, work, **options)

    return made


@pytest.fixture(scope="session")
def compressed(task: Tasks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint, half of its experts gone and the decoder in four bits."""
    from inference_server.compress.run import compress

    target = tmp_path_factory.mktemp("compressed") / "target"
    compress(task(target))
    return target
