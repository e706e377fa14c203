"""The app's folder, read once."""

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def addon() -> Path:
    return ROOT / "addon"


@pytest.fixture(scope="session")
def manifest(addon: Path) -> dict[str, Any]:
    return yaml.safe_load((addon / "config.yaml").read_text("utf-8"))
