"""A headless browser that looks at Home Assistant, or at a node, and keeps pictures of it.

Chromium is Debian's; Playwright only drives it. Playwright looks through shadow roots, of which
Home Assistant's frontend has many, so that places are named by what a reader sees.
"""

from __future__ import annotations

import json
import time
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from playwright.async_api import Locator, Page, async_playwright

from harness.home_assistant import HomeAssistant
from harness.node import ROOT, Node

CHROMIUM = Path("/usr/bin/chromium")
SCREENSHOTS = ROOT / ".cache" / "screenshots"
PATIENCE_MS = 30_000.0
SESSION_S = 86_400
_SWITCHES = (
    "--no-sandbox",  # it runs as root in a test's container, and shows our own pages only
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Browser:
    """Chromium, logged in where it looks at a Home Assistant; use it as a context manager.

    Args:
        at: what it looks at, running.
        language: of the frontend, such as `en-GB` or `zh-CN`.
        folder: where pictures go.
    """

    def __init__(
        self,
        at: HomeAssistant | Node,
        *,
        language: str = "en-GB",
        folder: Path = SCREENSHOTS,
    ) -> None:
        self._at = at
        self._language = language
        self.folder = folder
        self._stack = AsyncExitStack()
        self._page: Page | None = None

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            playwright = await stack.enter_async_context(async_playwright())
            chromium = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=list(_SWITCHES)
            )
            stack.push_async_callback(chromium.close)
            context = await chromium.new_context(
                viewport={"width": 1280, "height": 1000}, locale=self._language
            )
            if isinstance(self._at, HomeAssistant):
                stored = json.dumps(json.dumps(_tokens(self._at)))
                await context.add_init_script(f"localStorage.hassTokens = {stored}")
            self._page = await context.new_page()
            self._page.set_default_timeout(PATIENCE_MS)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None and self._page is not None:
            await self.keep("failed")
        await self._stack.aclose()

    @property
    def page(self) -> Page:
        """The one page that is open."""
        if self._page is None:
            raise RuntimeError("use the browser as a context manager")
        return self._page

    async def go(self, path: str) -> None:
        """Open a path of what it looks at."""
        await self.page.goto(f"{self._at.url}{path}")

    async def keep(self, name: str) -> Path:
        """Keep a picture of what is seen."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{name}.png"
        await self.page.screenshot(path=file)
        return file

    async def more_info(self, entity: str) -> Locator:
        """Open the dialog about an entity, as a click on it would, and give it."""
        await self.page.evaluate(
            """entity => document.querySelector("home-assistant").dispatchEvent(new CustomEvent(
            "hass-more-info", {detail: {entityId: entity}, bubbles: true, composed: true}))""",
            entity,
        )
        dialog = self.page.locator("ha-more-info-dialog")
        await dialog.wait_for(state="attached")
        return dialog

    async def plays(self, video: Locator, seconds: float) -> int:
        """Wait until a video has played for some seconds, and give its width in pixels."""
        await video.wait_for()
        element = await video.element_handle()
        await self.page.wait_for_function(
            "([video, seconds]) => video.videoWidth > 0 && video.currentTime >= seconds",
            arg=[element, seconds],
        )
        return int(await video.evaluate("video => video.videoWidth"))


def _tokens(hass: HomeAssistant) -> dict[str, object]:
    return {
        "access_token": hass.token,
        "refresh_token": "",
        "token_type": "Bearer",
        "expires_in": SESSION_S,
        "expires": (time.time() + SESSION_S) * 1000,
        "hassUrl": hass.url,
        "clientId": f"{hass.url}/",
    }
