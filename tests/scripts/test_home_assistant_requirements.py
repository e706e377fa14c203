import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = (
    Path(__file__).resolve().parents[2] / "scripts" / "setup" / "home_assistant_requirements.py"
)


def manifest(home_assistant: Path, domain: str, **content: list[str]) -> None:
    folder = home_assistant / "components" / domain
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"domain": domain, **content}))


def run(home_assistant: Path, listing: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(home_assistant), str(listing)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def listing(tmp_path: Path) -> Path:
    path = tmp_path / "integrations"
    path.write_text("# a comment\nstream\n\nmqtt  # and why\n")
    return path


def test_follows_dependencies_once_even_round_a_circle(tmp_path: Path, listing: Path) -> None:
    manifest(tmp_path, "stream", requirements=["av==19"], dependencies=["http"])
    manifest(tmp_path, "http", requirements=["aiohttp==3"], dependencies=["stream"])
    manifest(tmp_path, "mqtt", requirements=["paho-mqtt==2", "av==19"])
    manifest(tmp_path, "unasked", requirements=["never==1"])

    done = run(tmp_path, listing)

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["aiohttp==3", "av==19", "paho-mqtt==2"]


def test_unknown_integration_is_an_error_that_names_it(tmp_path: Path, listing: Path) -> None:
    manifest(tmp_path, "stream")

    done = run(tmp_path, listing)

    assert done.returncode != 0
    assert "mqtt" in done.stderr
