"""What the cameras of these tests show; rendered once, and kept beside the demo's scenes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from harness.demo import SCENES
from harness.footage import Footage, quiet_room, staged


@pytest.fixture(scope="session")
def fall() -> Footage:
    """Somebody falls and stays down."""
    return asyncio.run(staged("fall", SCENES))


@pytest.fixture(scope="session")
def call() -> Footage:
    """Somebody calls for help, unseen."""
    return asyncio.run(staged("call_for_help", SCENES))


@pytest.fixture(scope="session")
def quiet() -> Path:
    """Three minutes in which nothing happens, with sound."""
    return asyncio.run(quiet_room(SCENES))
