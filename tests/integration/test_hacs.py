"""The rules that HACS applies to a repository of the category integration, checked by our own code.

HACS is in no package registry either. What it asks of the host of the repository (a description,
topics, issues enabled, not archived) is not in the files and is left to whoever publishes it.
"""

import json
import struct
from pathlib import Path

import pytest
import voluptuous as vol
from awesomeversion import AwesomeVersion
from homeassistant.helpers import config_validation as cv

from custom_components.omnicam import const

INTEGRATION = Path(const.__file__).parent
REPOSITORY = INTEGRATION.parents[1]

_LISTING = vol.Schema(
    {
        vol.Required("name"): str,
        "content_in_root": False,
        "country": [vol.Match(r"^[A-Z]{2}$")],
        "filename": str,
        "hacs": vol.Coerce(AwesomeVersion),
        "hide_default_branch": bool,
        "homeassistant": vol.Coerce(AwesomeVersion),
        "persistent_directory": str,
        "zip_release": bool,
    }
)
_MANIFEST = vol.Schema(
    {
        vol.Required("codeowners"): vol.All([str], vol.Length(min=1)),
        vol.Required("documentation"): cv.url,
        vol.Required("domain"): INTEGRATION.name,
        vol.Required("issue_tracker"): cv.url,
        vol.Required("name"): str,
        vol.Required("version"): vol.Coerce(AwesomeVersion),
    },
    extra=vol.ALLOW_EXTRA,
)


def test_listing() -> None:
    """hacs.json has the keys that HACS knows, and no other."""
    _LISTING(json.loads((REPOSITORY / "hacs.json").read_text("utf-8")))


def test_manifest() -> None:
    """The manifest has what HACS shows, the version first of all."""
    _MANIFEST(json.loads((INTEGRATION / "manifest.json").read_text("utf-8")))


def test_one_integration() -> None:
    """HACS takes the first folder that it finds, so there is one."""
    folders = [path for path in INTEGRATION.parent.iterdir() if (path / "manifest.json").exists()]
    assert folders == [INTEGRATION]


@pytest.mark.parametrize("name", ["README.md", "LICENSE"])
def test_repository(name: str) -> None:
    """A file with information and a licence stand at the root."""
    assert (REPOSITORY / name).read_text("utf-8").strip()


def test_brand() -> None:
    """The brand's icon lies in the integration: a square PNG of 256 pixels."""
    head = (INTEGRATION / "brand" / "icon.png").read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", head[16:24]) == (256, 256)
