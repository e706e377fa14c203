"""The locks hold for every machine: hashes everywhere, and no address of any registry."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted(
    path for path in (ROOT / "requirements").glob("*.txt") if path.name != "overrides.txt"
)
OPENCV = re.compile(r"^(opencv[\w-]*)==", re.MULTILINE)


def entries(lock: Path) -> list[str]:
    joined = lock.read_text("utf-8").replace("\\\n", " ")
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_package_is_pinned_with_hashes(lock: Path) -> None:
    found = entries(lock)
    assert found
    for entry in found:
        assert re.match(r"[\w.-]+==[\w.!+-]+ ", entry), entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_no_address(lock: Path) -> None:
    assert not re.search(r"://|index-url|find-links", lock.read_text("utf-8"))


@pytest.mark.parametrize("name", ["edge.txt", "dev.txt"])
def test_one_opencv_alone_and_without_a_gui(name: str) -> None:
    found = OPENCV.findall((ROOT / "requirements" / name).read_text("utf-8"))
    assert found == ["opencv-python-headless"]


def test_edge_lock_holds_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = {
        re.match(r"[\w-]+", line)[0].lower().replace("_", "-") for line in project["dependencies"]
    }
    locked = {
        entry.partition("==")[0].lower() for entry in entries(ROOT / "requirements" / "edge.txt")
    }
    assert asked <= locked
