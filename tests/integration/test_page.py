"""Where the node's page is, as Home Assistant tells of it."""

from typing import Any

import pytest

from custom_components.omnicam.page import page_link, page_url

APP = {"url": "http://a0d7b954-omnicam:8130", "app": "a0d7b954_omnicam"}


@pytest.mark.parametrize(
    ("data", "camera", "url"),
    [
        ({"url": "http://192.0.2.4:8130"}, None, "http://192.0.2.4:8130/"),
        ({"url": "https://home.example/cam"}, "hall", "https://home.example/cam/#camera=hall"),
        (APP, None, "homeassistant://app/a0d7b954_omnicam"),
        (APP, "hall", "homeassistant://app/a0d7b954_omnicam"),
        # An address that the user has set is one that a browser reaches.
        (APP | {"url": "http://192.0.2.4:81"}, "hall", "http://192.0.2.4:81/#camera=hall"),
    ],
)
def test_page_url(data: dict[str, Any], camera: str | None, url: str) -> None:
    """An app's page is reached through ingress, any other at the node's own address."""
    assert page_url(data, camera) == url


def test_page_link() -> None:
    """Inside the frontend a link needs no scheme."""
    assert page_link(APP, "hall") == "/app/a0d7b954_omnicam"
    assert page_link({"url": "http://192.0.2.4:8130"}, "hall").endswith(":8130/#camera=hall")
