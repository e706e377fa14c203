"""Where the node's own page is, on which zones and lines are drawn."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from homeassistant.const import CONF_URL
from yarl import URL

from .const import CONF_APP

_SCHEME = "homeassistant:/"


def page_url(data: Mapping[str, Any], camera: str | None = None) -> str:
    """Give the page's address for a device, or that of one camera on it.

    A browser cannot reach an app inside the Supervisor's network: it goes through ingress, which
    passes no camera on, so that the page begins with all of them.
    """
    app, url = data.get(CONF_APP), data[CONF_URL]
    # The Supervisor makes an app's host name of its slug; any other address was set by the user.
    if app and URL(url).host == app.replace("_", "-"):
        return f"{_SCHEME}/app/{app}"
    return f"{url}/" + (f"#{urlencode({'camera': camera})}" if camera else "")


def page_link(data: Mapping[str, Any], camera: str) -> str:
    """Give the same address as a link in a text of Home Assistant's own frontend."""
    return page_url(data, camera).removeprefix(_SCHEME)
