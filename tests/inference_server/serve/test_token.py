"""The token: from a file or the environment, and never shown."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from inference_server.serve import token
from inference_server.serve.errors import ServeError

GOOD = "sixteen-letters-or-more"


def test_it_is_made_for_its_owner_only_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "new" / "token"
    assert token.make(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    made = token.load(file, {})
    assert len(made) >= 40
    assert not token.make(file)
    assert token.load(file, {}) == made
    assert [path.name for path in file.parent.iterdir()] == ["token"]
    assert not token.readable_by_others(file)
    file.chmod(0o644)
    assert token.readable_by_others(file)
    assert token.make(tmp_path / "other")
    assert token.load(tmp_path / "other", {}) != made


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ServeError, match="no token can be written"):
        token.make(tmp_path / "file" / "token")


def test_the_file_goes_before_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{GOOD}\n")
    assert token.load(file, {token.ENVIRONMENT: "another-one-of-length"}) == GOOD
    assert token.load(None, {token.ENVIRONMENT: f" {GOOD} "}) == GOOD


@pytest.mark.parametrize("content", [b"", b"brief", b"two words of it all", b"caf\xc3\xa9" * 8])
def test_what_is_no_token_is_refused_without_showing_it(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(ServeError, match="--make-token") as caught:
        token.load(file, {})
    shown = content.decode()
    assert not shown or shown not in str(caught.value)


def test_none_at_all_says_both_ways() -> None:
    with pytest.raises(ServeError, match=rf"--token-file.*{token.ENVIRONMENT}"):
        token.load(None, {})
    with pytest.raises(ServeError, match="No such file"):
        token.load(Path("/nowhere/token"), {})
