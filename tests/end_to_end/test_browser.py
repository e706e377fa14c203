"""What a household sees in Home Assistant, walked through in a real browser."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.browser import Browser
from harness.footage import Footage
from harness.home_assistant import HomeAssistant
from harness.house import DISCOVERY_S, House, open_house
from harness.node import ROOT
from harness.rtsp import RtspServer
from harness.watching import until

pytestmark = pytest.mark.timeout(300)

SENSORS = (
    "Abnormal sound",
    "Camera tampering",
    "Dangerous tool",
    "Fall",
    "Night loitering",
    "Perimeter climbing",
    "Restricted area intrusion",
    "Smoke",
    "Violent conflict",
)


BLUEPRINT = ROOT / "blueprints" / "automation" / "omnicam" / "fall.yaml"
AUTOMATIONS = "automation: !include automations.yaml\n"


async def test_from_the_discovery_card_to_the_clip_of_the_fall(tmp_path: Path, fall: Footage):
    _have_the_blueprint(tmp_path / "home-assistant")
    server = RtspServer({"bedroom": fall.file}, {"bedroom": [fall.onset_s]})
    async with server:
        cameras = {"bedroom": {"url": server.url("bedroom"), "enabled": False}}
        async with open_house(tmp_path, cameras, set_up=False, more=AUTOMATIONS) as house:
            hass = house.home_assistant
            assert hass is not None
            await hass.discovered_flow("omnicam", DISCOVERY_S)
            async with Browser(hass) as browser:
                await _set_up(browser, house)
                await _automate(browser)
                await _nine_sensors(browser, hass)
                await _a_fall_appears(browser, house, server, fall)
                await _is_notified(browser)
                await _live(browser)
                await house.switch("bedroom", on=False)
                await _clip(browser, house)


def _have_the_blueprint(folder: Path) -> None:
    """Put it where an import from its address puts it: no address is reached here."""
    blueprints = folder / "blueprints" / "automation" / "omnicam"
    blueprints.mkdir(parents=True)
    shutil.copy(BLUEPRINT, blueprints)
    (folder / "automations.yaml").write_text("[]\n", encoding="utf-8")


async def _set_up(browser: Browser, house: House) -> None:
    """The card of what was discovered, and its dialog with the node's token."""
    await browser.go("/config/integrations/dashboard")
    card = browser.page.locator("ha-config-flow-card", has_text="OmniCam")
    await card.wait_for()
    await browser.keep("discovered")
    await card.get_by_text("Add", exact=True).click()
    dialog = browser.page.locator("dialog-data-entry-flow")
    await dialog.locator("input[name=token]").fill(house.node.token)
    assert await dialog.locator("input[name=url]").input_value() == house.node.url
    await browser.keep("set-up")
    await dialog.get_by_text("Submit", exact=True).click()
    await browser.page.locator("step-flow-create-entry").wait_for()


async def _nine_sensors(browser: Browser, hass: HomeAssistant) -> None:
    """The camera's own page."""
    await browser.go(f"/config/devices/device/{await _device(hass, 'Bedroom')}")
    for name in SENSORS:
        await browser.page.get_by_text(name, exact=True).first.wait_for()


async def _a_fall_appears(
    browser: Browser, house: House, server: RtspServer, fall: Footage
) -> None:
    """The sensor turns on the camera's page, while it is looked at, and so does its story."""
    await house.switch("bedroom", on=True)
    await server.mark("bedroom", fall.onset_s, 60)
    await browser.page.get_by_text("Unsafe", exact=True).first.wait_for()
    await browser.page.locator("ha-logbook").get_by_text("Suspected", exact=True).wait_for()
    await browser.keep("fall")


async def _live(browser: Browser) -> None:
    """The dialog of the camera plays."""
    dialog = await browser.more_info("camera.bedroom")
    assert await browser.plays(dialog.locator("video").first, 1.0) == 640
    await browser.keep("live")


async def _automate(browser: Browser) -> None:
    """An automation from the blueprint: this sensor, and whom to tell."""
    page = browser.page
    await browser.go("/config/blueprint/dashboard")
    await page.get_by_text("OmniCam: a fall").first.click()
    await page.get_by_text("Select an entity").first.click()
    # Not typed before the field is there: Home Assistant takes single keys for its shortcuts.
    await page.locator("ha-picker-combo-box input").fill("bedroom fall")
    await page.locator("ha-combo-box-item", has_text="Binary sensor").first.click()
    told = page.locator("ha-settings-row", has_text="Other notify actions").last
    await told.get_by_text("Add", exact=True).click()
    await told.locator("input").last.fill("notify.persistent_notification")
    await page.keyboard.press("Tab")
    await browser.keep("blueprint")
    await page.get_by_role("button", name="Save").last.click()
    await page.get_by_text("Traces", exact=True).wait_for()


async def _is_notified(browser: Browser) -> None:
    """The automation has told of the fall."""
    await browser.page.locator("ha-sidebar").get_by_text("Notifications", exact=True).click()
    await browser.page.locator("notification-drawer").get_by_text("A fall", exact=True).wait_for()
    await browser.keep("notified")
    await browser.page.keyboard.press("Escape")


async def _clip(browser: Browser, house: House) -> None:
    """The event's clip plays from the media browser."""

    async def is_cut() -> bool:
        events = (await house.node.get("/api/events"))["events"]
        return bool(events and events[0]["clip"])

    await until(is_cut, 30, "the clip")
    await browser.go("/media-browser/browser")
    folder = browser.page.locator("ha-media-player-browse")
    for name in ("OmniCam", "Bedroom", "20", "Fall"):
        await folder.locator(".title", has_text=name).first.click()
    await folder.locator(".title", has_text=" Fall").wait_for()
    await browser.keep("media")
    await folder.locator(".title", has_text=" Fall").click()
    assert await browser.plays(browser.page.locator("video").first, 1.0) == 640
    await browser.keep("clip")


async def _device(hass: HomeAssistant, name: str) -> str:
    async def found() -> str | None:
        async with hass.websocket() as socket:
            devices = await socket.call("config/device_registry/list")
        for device in devices:
            ours = any(domain == "omnicam" for domain, _ in device["identifiers"])
            if ours and device["name"] == name:
                return str(device["id"])
        return None

    return await until(found, 20, f"the device {name}") or ""
