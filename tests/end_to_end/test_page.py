"""The node's page in a real browser: who stands in the zone drawn there is an intruder then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from harness.browser import Browser
from harness.footage import Footage, lengthened
from harness.node import Node
from harness.rtsp import RtspServer
from harness.watching import until
from omnicam.config.load import parse

pytestmark = pytest.mark.timeout(120)

CORNERS = ((0.2, 0.66), (0.54, 0.66), (0.54, 0.97), (0.12, 0.97))
"""On the floor, where somebody stands in this room."""
PREFIX = "/api/hassio_ingress/abc"
ZONE = "restricted_area_intrusion"


async def test_a_zone_is_drawn_on_the_still_and_watched(tmp_path: Path, fall: Footage) -> None:
    shown = await lengthened(fall, 60)
    server = RtspServer({"hall": shown.file})
    attic = {"url": str(shown.file), "enabled": False}
    async with server, Node(tmp_path, {"node": "home", "cameras": {"attic": attic}}) as node:
        await _add(node, server.url("hall"))
        assert (await _hall(node))["states"][ZONE]["state"] is None  # nothing to judge it by
        async with Browser(node) as browser:
            page, asked, wrong = browser.page, [], []
            page.on("request", lambda request: asked.append(request.url))
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("console", lambda line: "Content Security" in line.text and wrong.append(line))
            await _enter(browser, node)
            await _draw(page)
            await _is_refused_and_corrected(browser, node)
            await _moves_by_keyboard(page, node)
            await _keeps_its_place(page)
            await _keeps_what_is_not_saved(page)
            await _the_files_camera(browser)
            async with _proxy(node) as address:
                await _on_a_phone(browser, address)
            await _a_line_instead(browser, node)
            assert not wrong
            assert all(url.startswith((f"{node.url}/", f"blob:{node.url}/")) for url in asked)
            assert not any(node.token in url for url in asked)


async def _add(node: Node, url: str) -> None:
    body = {"id": "hall", "name": "Hall", "url": url}
    headers = {"Authorization": f"Bearer {node.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{node.url}/api/cameras", json=body) as response,
    ):
        assert response.status == 201, await response.text()

    async def is_online() -> bool:
        return (await _hall(node))["status"] == "online"

    await until(is_online, 20, "the camera")


async def _hall(node: Node) -> dict[str, Any]:
    cameras = (await node.get("/api/cameras"))["cameras"]
    hall: dict[str, Any] = next(camera for camera in cameras if camera["id"] == "hall")
    return hall


async def _zones(node: Node) -> dict[str, Any]:
    settings = (await node.get("/api/cameras/hall/settings"))["settings"]
    zones: dict[str, Any] = settings.get("zones", {})
    return zones


async def _enter(browser: Browser, node: Node) -> None:
    """The token is asked for once, and a wrong one is told."""
    page = browser.page
    await browser.go("/")
    await page.get_by_label("Token of this node").fill("wrong")
    await page.get_by_role("button", name="Open").click()
    await page.get_by_text("The node refused this token.").wait_for()
    await page.get_by_label("Token of this node").fill(node.token)
    await page.get_by_role("button", name="Open").click()
    card = page.get_by_role("link", name="Hall")
    await card.wait_for()
    still = await card.locator("img").element_handle()
    await page.wait_for_function("still => still.naturalWidth > 0", arg=still)
    await card.click()


async def _draw(page: Page) -> None:
    """Four clicks on the still are four corners, wherever the picture lies and however large."""
    await page.get_by_role("button", name="Draw a zone").click()
    box = await page.locator(".overlay").bounding_box()
    assert box is not None
    for number, (x, y) in enumerate(CORNERS):
        await page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        assert await page.locator(".point").count() == number + 1
    await page.get_by_role("button", name="Done").click()


async def _is_refused_and_corrected(browser: Browser, node: Node) -> None:
    """What the node says of a zone stands at the zone; then it is saved, and watched by."""
    page = browser.page
    name = page.get_by_label("Name")
    await name.fill("Balcony Door")
    await page.get_by_role("button", name="Save").click()
    await page.locator(".fields").get_by_text("must be 1-63 of a-z").wait_for()
    assert await name.get_attribute("aria-invalid") == "true"
    assert await _zones(node) == {}
    await name.fill("balcony_door")
    await page.get_by_label("When it counts").fill("late")
    await page.get_by_role("button", name="Save").click()
    await page.locator(".fields").get_by_text("must be a span of hours").wait_for()
    await page.get_by_label("When it counts").fill("00:00-00:00")
    await browser.keep("zones")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_text("Saved. The node watches by it now.").wait_for()
    saved = (await _zones(node))["balcony_door"]
    assert (saved["kind"], saved["hours"]) == ("restricted", "00:00-00:00")
    assert _near(saved["points"], CORNERS)

    async def is_watched() -> bool:
        return bool((await _hall(node))["states"][ZONE]["state"] == "ON")

    await until(is_watched, 20, "an intrusion")


async def _moves_by_keyboard(page: Page, node: Node) -> None:
    """A point is moved, one is added and one taken away without a pointer."""
    before = (await _zones(node))["balcony_door"]["points"]
    await page.get_by_role("button", name="balcony_door").press("Enter")
    first = page.get_by_label("Point 1 of 4")
    await first.press("ArrowRight")
    await page.get_by_label("Point 1 of 4").press("Shift+ArrowUp")
    await page.get_by_role("button", name="Add a point").press("Enter")
    await page.get_by_label("Point 2 of 5").press("ArrowDown")
    await page.get_by_label("Point 4 of 5").press("Delete")
    await page.get_by_role("button", name="Save").press("Enter")
    await page.get_by_text("Saved.").wait_for()
    x, y = before[0][0] + 0.005, before[0][1] - 0.05
    added = [(x + before[1][0]) / 2, (y + before[1][1]) / 2 + 0.005]
    wanted = [[x, y], added, before[1], before[3]]
    assert _near((await _zones(node))["balcony_door"]["points"], wanted, 0.001)


async def _keeps_its_place(page: Page) -> None:
    """In a narrow window, too, a corner lies on the same place of the picture; it is dragged."""
    await page.get_by_role("button", name="balcony_door").click()
    places = []
    for width in (1280, 420):
        await page.set_viewport_size({"width": width, "height": 1000})
        picture = await page.locator(".stage img").bounding_box()
        point = await page.get_by_label("Point 4 of 4").bounding_box()
        assert picture is not None
        assert point is not None
        middle = point["x"] + point["width"] / 2, point["y"] + point["height"] / 2
        x = (middle[0] - picture["x"]) / picture["width"]
        places.append((x, (middle[1] - picture["y"]) / picture["height"]))
        assert abs(picture["width"] / picture["height"] - 4 / 3) < 0.02
    assert _near(places, [CORNERS[3], CORNERS[3]])
    await page.mouse.move(*middle)
    await page.mouse.down()
    await page.mouse.move(picture["x"] + 0.1 * picture["width"], middle[1], steps=4)
    await page.mouse.up()
    label = await page.locator(".point.chosen").get_attribute("aria-label")
    assert label == "Point 4 of 4: 10 % from the left, 97 % from the top"


async def _keeps_what_is_not_saved(page: Page) -> None:
    """Over a look at all cameras. A zone of two points is refused where it is, then discarded."""
    await page.set_viewport_size({"width": 1280, "height": 1000})
    await page.get_by_role("link", name="Cameras").click()
    await page.get_by_role("link", name="Hall").click()
    await page.get_by_text("Not saved yet.").wait_for()
    await page.get_by_role("button", name="Draw a zone").click()
    for x in (0.2, 0.4):
        await page.locator(".overlay").click(position={"x": 600 * x, "y": 40})
    fields = page.locator("li.open .fields")
    await fields.get_by_label("Name").fill("balcony_door")
    await page.get_by_role("button", name="Save").click()
    await fields.get_by_text("There are two of this name").wait_for()
    await page.get_by_role("button", name="balcony_door").last.click()
    await fields.get_by_label("Name").fill("zone_1")
    await page.get_by_role("button", name="Save").click()
    await fields.get_by_text("must be a list of at least 3 points").wait_for()
    await page.get_by_role("button", name="Discard changes").click()
    await page.get_by_role("button", name="balcony_door").click()
    await page.get_by_label("Point 4 of 4: 12 %").wait_for()
    assert await page.get_by_text("zone_1").count() == 0


async def _the_files_camera(browser: Browser) -> None:
    """A camera of the node's file is not written; one that is switched off has no picture."""
    page = browser.page
    await browser.go("/#camera=attic")
    await page.get_by_text("There is no picture to draw on").wait_for()
    await page.get_by_text("set in the node's configuration file").wait_for()
    assert await page.get_by_role("button", name="Save").count() == 0
    zone = {"kind": "resting", "points": [[0, 0], [1, 0], [0.5, 0.123456]], "direction": "both"}
    zone |= {"group": "zones", "name": "on", "hours": "22:00-06:00，13:00-14:00"}
    line = {"kind": "climbing", "points": [[0, 0.5], [1, 0.5]], "direction": "right_to_left"}
    line |= {"group": "lines", "name": "fence", "hours": ""}
    written = await page.evaluate(
        "async shapes => (await import('./page/shapes.js')).toYaml(shapes)", [zone, line]
    )
    camera = {"url": "rtsp://192.0.2.7/"} | yaml.safe_load(written)
    (read,) = parse({"node": "home", "cameras": {"attic": camera}}, base=Path()).cameras
    assert [(each.name, each.points[2]) for each in read.zones] == [("on", (0.5, 0.1235))]
    assert len(read.zones[0].hours) == 2
    assert [(each.name, each.direction) for each in read.lines] == [("fence", "right_to_left")]


async def _a_line_instead(browser: Browser, node: Node) -> None:
    """The zone is deleted and a line drawn, in one change."""
    page = browser.page
    await browser.go("/#camera=hall")
    await page.get_by_role("button", name="balcony_door").click()
    await page.get_by_role("button", name="Delete balcony_door").click()
    await page.get_by_role("button", name="Draw a line").click()
    box = await page.locator(".overlay").bounding_box()
    assert box is not None
    for x in (0.1, 0.9):
        await page.mouse.click(box["x"] + x * box["width"], box["y"] + 0.8 * box["height"])
    await page.keyboard.press("Enter")
    await page.get_by_label("Kind").select_option("crossing")
    await page.get_by_label("Which way counts").select_option("left_to_right")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_text("Saved.").wait_for()
    settings = (await node.get("/api/cameras/hall/settings"))["settings"]
    assert "zones" not in settings
    line = settings["lines"]["line_1"]
    assert (line["kind"], line["direction"]) == ("crossing", "left_to_right")
    assert _near(line["points"], ((0.1, 0.8), (0.9, 0.8)))


async def _on_a_phone(browser: Browser, address: str) -> None:
    """Behind a path of a proxy's, which knows the token: Chinese, dark, and nothing is asked."""
    chromium = browser.page.context.browser
    assert chromium is not None
    size = {"width": 390, "height": 844}
    context = await chromium.new_context(
        locale="zh-CN", color_scheme="dark", viewport=size, has_touch=True
    )
    page = await context.new_page()
    await page.goto(f"{address}#camera=hall")
    await page.get_by_role("button", name="balcony_door").click()
    await page.locator(".point").first.wait_for()
    await page.get_by_role("button", name="保存").wait_for()
    assert await page.evaluate("document.documentElement.lang") == "zh-Hans"
    assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    await page.screenshot(path=browser.folder / "zones-phone.png")
    await _drag_by_finger(page)
    await context.close()


async def _drag_by_finger(page: Page) -> None:
    """A finger on a point moves the point and not the page."""
    point = await page.locator(".point").first.bounding_box()
    assert point is not None
    x, y = point["x"] + point["width"] / 2, point["y"] + point["height"] / 2
    before = await page.locator(".point").first.get_attribute("aria-label")
    finger = await page.context.new_cdp_session(page)
    for kind, down in (("Start", 0), ("Move", 20), ("Move", 40), ("End", None)):
        points = [] if down is None else [{"x": x, "y": y + down}]
        await finger.send(
            "Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points}
        )
    moved = await page.locator(".point.chosen").bounding_box()
    assert moved is not None
    assert abs(moved["y"] + moved["height"] / 2 - y - 40) < 2
    assert await page.locator(".point").first.get_attribute("aria-label") != before
    assert await page.evaluate("scrollY") == 0


@asynccontextmanager
async def _proxy(node: Node) -> AsyncIterator[str]:
    """Put the node below a path, as Home Assistant's ingress does."""
    headers = {"Authorization": f"Bearer {node.token}"}
    async with aiohttp.ClientSession(node.url, headers=headers) as session:

        async def forward(request: web.Request) -> web.Response:
            path, body = request.match_info["path"], await request.read()
            async with session.request(request.method, f"/{path}", data=body) as response:
                kind = response.headers["Content-Type"]
                return web.Response(
                    body=await response.read(),
                    status=response.status,
                    headers={"Content-Type": kind},
                )

        app = web.Application()
        app.router.add_route("*", f"{PREFIX}/{{path:.*}}", forward)
        async with TestServer(app) as server:
            yield str(server.make_url(f"{PREFIX}/"))


def _near(points: Any, wanted: Any, most: float = 0.005) -> bool:
    pairs = zip(points, wanted, strict=True)
    return all(abs(one[axis] - other[axis]) <= most for one, other in pairs for axis in (0, 1))
