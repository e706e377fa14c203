"""The blueprints, as automations of a real Home Assistant, with entities of any make."""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.components.blueprint.schemas import BLUEPRINT_SCHEMA
from homeassistant.core import Context, HomeAssistant, ServiceCall, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util import yaml as yaml_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_mqtt_message,
    async_fire_time_changed,
    async_mock_service,
)

from custom_components.omnicam import const

from .node import Node, verdict
from .test_event import CALL

FOLDER = Path(const.__file__).parents[2] / "blueprints" / "automation" / "omnicam"
NAMES = (
    "camera_trouble",
    "fall",
    "help_called",
    "night_loitering",
    "scream_or_glass",
    "smoke",
)
SENSOR = "binary_sensor.any"
type Create = Callable[..., Awaitable[None]]

PEOPLE = {"others": ["notify.mary", "notify.john"]}


@pytest.fixture
def calls(hass: HomeAssistant) -> list[ServiceCall]:
    """Everything that the automations call, in its order."""
    heard: list[ServiceCall] = []

    @callback
    def hear(call: ServiceCall) -> None:
        heard.append(call)

    for domain, service in (
        ("notify", "mary"),
        ("notify", "john"),
        ("notify", "mobile_app_mary_s_phone"),
        ("light", "turn_on"),
        ("siren", "turn_on"),
        ("test", "more"),
    ):
        hass.services.async_register(domain, service, hear)
    return heard


def names(calls: list[ServiceCall]) -> list[str]:
    """Give what was called."""
    return [call.service if call.domain != "light" else "light" for call in calls]


@pytest.fixture
def create(hass: HomeAssistant, tmp_path: Path) -> Create:
    """Make an automation of a blueprint, from where Home Assistant imports blueprints to."""

    async def make(name: str, **inputs: Any) -> None:
        shutil.copytree(FOLDER, tmp_path / "blueprints" / "automation" / "omnicam")
        hass.config.config_dir = str(tmp_path)
        hass.states.async_set(SENSOR, "off")
        chosen = {"path": f"omnicam/{name}.yaml", "input": {"sensors": [SENSOR]} | inputs}
        automation = {"id": "one", "alias": "One", "use_blueprint": chosen}
        assert await async_setup_component(hass, "automation", {"automation": [automation]})
        await settle(hass)
        assert hass.states.get("automation.one").state == "on"
        assert not [domain for domain, _ in ir.async_get(hass).issues if domain == "automation"]

    return make


async def alarm(hass: HomeAssistant, **attributes: Any) -> None:
    """Turn the sensor on, and wait until the automation waits or ends."""
    hass.states.async_set(SENSOR, "on", attributes)
    await settle(hass)


async def settle(hass: HomeAssistant) -> None:
    """Let everything run that does not wait for somebody."""
    # Not `async_block_till_done`: it would wait for those who are waited for.
    for _ in range(200):
        await asyncio.sleep(0)


async def press(
    hass: HomeAssistant, call: ServiceCall, index: int, user: str | None = None
) -> None:
    """Press a button of a notification."""
    action = call.data["data"]["actions"][index]["action"]
    context = Context(user_id=user)
    hass.bus.async_fire("mobile_app_notification_action", {"action": action}, context=context)
    await settle(hass)


def test_all_are_here() -> None:
    """Six, in both languages."""
    for folder in (FOLDER, FOLDER / "zh-Hans"):
        assert sorted(path.stem for path in folder.glob("*.yaml")) == sorted(NAMES)


def blueprint(path: Path) -> Blueprint:
    """Read and check a blueprint as Home Assistant does."""
    return Blueprint(
        yaml_util.load_yaml_dict(path), expected_domain="automation", schema=BLUEPRINT_SCHEMA
    )


def texts(value: Any) -> Iterator[tuple[str, Any]]:
    """Give the leaves of a blueprint that are for people, by their key."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("name", "description", "default", "label", "unit_of_measurement"):
                yield key, inner
            else:
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def bare(value: Any) -> Any:
    """Give a blueprint without what is for people and may differ from language to language."""
    if isinstance(value, dict):
        kept = {
            key: bare(inner)
            for key, inner in value.items()
            if key not in ("name", "description", "label", "unit_of_measurement", "source_url")
        }
        default = kept.get("default")
        worded = isinstance(default, str) or (isinstance(default, list) and " " in str(default))
        return kept | {"default": type(default)} if worded and "selector" in kept else kept
    if isinstance(value, list):
        return [bare(inner) for inner in value]
    return value


@pytest.mark.parametrize("name", NAMES)
def test_languages_do_the_same(name: str) -> None:
    """The Chinese file differs from the English one in its texts only, and those are Chinese."""
    english, chinese = (
        blueprint(folder / f"{name}.yaml") for folder in (FOLDER, FOLDER / "zh-Hans")
    )
    assert bare(english.data) == bare(chinese.data)
    assert english.metadata["source_url"].endswith(f"/omnicam/{name}.yaml")
    assert chinese.metadata["source_url"].endswith(f"/omnicam/zh-Hans/{name}.yaml")
    for key, text in texts(chinese.data["blueprint"]["input"]):
        if key in ("name", "description", "label"):
            assert any("\u4e00" <= letter <= "\u9fff" for letter in text), text


@pytest.mark.parametrize("folder", ["", "zh-Hans/"])
@pytest.mark.parametrize("name", NAMES)
async def test_nothing_chosen_but_the_sensor(
    hass: HomeAssistant, create: Create, calls: list[ServiceCall], folder: str, name: str
) -> None:
    """What is optional may be left out, and then nobody is called."""
    await create(
        f"{folder}{name}",
        **({"after": "00:00:00", "before": "23:59:59"} if "night" in name else {}),
    )
    await alarm(hass, event_id="e1", reason="on the floor")
    assert calls == []


async def test_fall_escalates(
    hass: HomeAssistant, create: Create, calls: list[ServiceCall], freezer: FrozenDateTimeFactory
) -> None:
    """One after the other, twice, and when nobody answers the house wakes the neighbours."""
    hass.states.async_set("camera.any", "idle")
    await create(
        "fall",
        picture="camera.any",
        link="/events/{event_id}",
        lights={"entity_id": ["light.hall"]},
        sirens={"entity_id": ["siren.hall"]},
        more=[{"action": "test.more", "data": {"of": "{{ event_id }}"}}],
        patience=3,
        **PEOPLE,
    )
    await alarm(hass, event_id="e1", reason="lies still", friendly_name="Bedroom fall")
    assert names(calls) == ["mary"]
    first = calls[0].data
    assert first["title"] == "A fall"
    assert first["message"] == "Bedroom fall: lies still"
    assert first["data"]["image"] == "/api/camera_proxy/camera.any"
    assert [button["title"] for button in first["data"]["actions"]] == [
        "I am on my way",
        "False alarm",
        "See it",
    ]
    assert first["data"]["actions"][2]["uri"] == "/events/e1"
    for expected in (
        ["mary", "john"],
        ["mary", "john", "mary"],
        ["mary", "john", "mary", "john"],
        ["mary", "john", "mary", "john", "light", "turn_on", "more"],
    ):
        freezer.tick(timedelta(minutes=3, seconds=2))
        async_fire_time_changed(hass)
        await settle(hass)
        assert names(calls) == expected
    assert calls[-3].data["entity_id"] == ["light.hall"]
    assert calls[-1].data == {"of": "e1"}


@pytest.mark.parametrize(
    ("button", "text", "hook"),
    [
        (0, "Mary is on the way.", "on_my_way"),
        (1, "Mary says that it was a false alarm.", "on_false_alarm"),
    ],
)
async def test_fall_is_answered(
    hass: HomeAssistant, create: Create, calls: list[ServiceCall], button: int, text: str, hook: str
) -> None:
    """An answer ends the escalation, and everybody is told who gave it."""
    hass.states.async_set("person.mary", "home", {"user_id": "u1", "friendly_name": "Mary"})
    await create(
        "fall",
        sirens={"entity_id": ["siren.hall"]},
        **{hook: [{"action": "test.more", "data": {"of": "{{ event_id }}"}}]},
        **PEOPLE,
    )
    own = async_mock_service(hass, const.DOMAIN, "mark_false_alarm")
    await alarm(hass, event_id="e1")
    # A button of an older alarm does nothing.
    hass.bus.async_fire("mobile_app_notification_action", {"action": "OMNICAM_WAY_old"})
    await settle(hass)
    assert names(calls) == ["mary"]
    await press(hass, calls[0], button, "u1")
    assert sorted(names(calls)) == ["john", "mary", "mary", "more"]
    assert own == []  # the event of another maker's sensor
    told = [call.data for call in calls[1:] if call.domain == "notify"]
    assert [data["message"] for data in told] == [text, text]
    assert {data["data"]["tag"] for data in told} == {calls[0].data["data"]["tag"]}


async def test_answered_by_nobody_known(
    hass: HomeAssistant, create: Create, calls: list[ServiceCall]
) -> None:
    """Whoever has no person in Home Assistant is somebody."""
    await create("fall", **PEOPLE)
    await alarm(hass)
    await press(hass, calls[0], 0)
    assert calls[1].data["message"] == "Somebody is on the way."


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"id": "fine", "sentence": "yes", "slots": {}}, ["mary", "john"]),
        ({"id": "not_fine", "sentence": "help", "slots": {}}, ["mary"]),
        ({"id": None, "sentence": "", "slots": {}}, ["mary"]),
        (None, ["mary"]),
    ],
)
async def test_check_in(
    hass: HomeAssistant,
    create: Create,
    calls: list[ServiceCall],
    answer: dict[str, Any] | None,
    expected: list[str],
) -> None:
    """ "Yes" calms; "help", silence and a voice assistant that fails call the first person."""
    hass.states.async_set("assist_satellite.bedroom", "idle")
    asked = async_mock_service(
        hass,
        "assist_satellite",
        "ask_question",
        response=answer,
        supports_response=SupportsResponse.ONLY,
        raise_exception=None if answer else HomeAssistantError("no microphone"),
    )
    await create("fall", satellite="assist_satellite.bedroom", **PEOPLE)
    await alarm(hass, event_id="e1")
    assert asked[0].data["question"] == "I think that you fell. Are you all right?"
    assert [choice["id"] for choice in asked[0].data["answers"]] == ["fine", "not_fine"]
    assert "I am fine" in asked[0].data["answers"][0]["sentences"]
    assert names(calls) == expected
    buttons = "actions" in calls[0].data["data"]
    assert buttons is (expected == ["mary"])


@pytest.mark.parametrize(
    ("outcome", "calm"), [("all_right", True), ("needs_help", False), ("no_answer", False)]
)
async def test_check_in_of_omnicam(
    hass: HomeAssistant,
    node: Node,
    loaded: MockConfigEntry,
    create: Create,
    calls: list[ServiceCall],
    outcome: str,
    calm: bool,
) -> None:
    """For OmniCam's own sensor the integration asks, so that nobody is asked twice."""
    hass.states.async_set("assist_satellite.bedroom", "idle")
    reply = {"outcome": outcome, "event_id": "e1"}
    optional = SupportsResponse.OPTIONAL
    asked = async_mock_service(
        hass, const.DOMAIN, "start_check_in", response=reply, supports_response=optional
    )
    await create(
        "fall",
        satellite="assist_satellite.bedroom",
        sensors=["binary_sensor.bedroom_fall"],
        others=["notify.mary"],
    )
    payload = json.dumps(verdict("ON", level="high", event="e1"))
    async_fire_mqtt_message(hass, "omnicam/home/bedroom/fall", payload, qos=1)
    await settle(hass)
    assert [call.data for call in asked] == [
        {
            "entity_id": ["binary_sensor.bedroom_fall"],
            "event_id": "e1",
            "satellites": "assist_satellite.bedroom",
        }
    ]
    assert names(calls) == ["mary"]
    assert ("actions" not in calls[0].data["data"]) is calm


async def test_check_in_is_no_condition(
    hass: HomeAssistant, create: Create, calls: list[ServiceCall]
) -> None:
    """A voice assistant that is not there, its integration not even loaded, delays nobody."""
    await create("fall", satellite="assist_satellite.gone", **PEOPLE)
    await alarm(hass)
    assert names(calls) == ["mary"]


async def test_fall_with_a_phone_that_is_gone(
    hass: HomeAssistant, create: Create, calls: list[ServiceCall], freezer: FrozenDateTimeFactory
) -> None:
    """The next is told in time, and the sirens go on all the same."""
    await create(
        "fall",
        others=["notify.gone", "notify.john"],
        rounds=1,
        sirens={"entity_id": ["siren.hall"]},
    )
    await alarm(hass)
    assert calls == []
    for expected in (["john"], ["john", "turn_on"]):
        freezer.tick(timedelta(minutes=2, seconds=2))
        async_fire_time_changed(hass)
        await settle(hass)
        assert names(calls) == expected


async def test_phones(
    hass: HomeAssistant,
    create: Create,
    calls: list[ServiceCall],
    device_registry: dr.DeviceRegistry,
) -> None:
    """A phone that was chosen is told by the notify action of its name, renamed or not."""
    entry = MockConfigEntry(domain="mobile_app")
    entry.add_to_hass(hass)
    phone = device_registry.async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={("mobile_app", "1")}, name="Mary's phone"
    )
    device_registry.async_update_device(phone.id, name_by_user="Something else")
    await create("smoke", phones=[phone.id], others=["notify.john"])
    await alarm(hass)
    assert names(calls) == ["mobile_app_mary_s_phone", "john"]


async def test_one_that_fails_does_not_silence_the_others(
    hass: HomeAssistant, create: Create, calls: list[ServiceCall]
) -> None:
    """A phone that is gone must not keep the next from ringing."""
    await create(
        "smoke",
        others=["notify.gone", "notify.john"],
        sirens={"entity_id": ["siren.hall"]},
    )
    await alarm(hass)
    assert sorted(names(calls)) == ["john", "turn_on"]


@pytest.mark.parametrize(
    ("label", "rings"), [("scream", True), ("glass_breaking", True), ("cough", False), (None, True)]
)
async def test_sound(
    hass: HomeAssistant, create: Create, calls: list[ServiceCall], label: str | None, rings: bool
) -> None:
    """The kinds that were chosen ring; a plain sensor without kinds always does."""
    await create("scream_or_glass", **PEOPLE)
    await alarm(hass, **({} if label is None else {"label": label}))
    assert names(calls) == (["mary", "john"] if rings else [])


@pytest.mark.parametrize(("hour", "rings"), [(23, True), (3, True), (12, False)])
async def test_night(
    hass: HomeAssistant,
    create: Create,
    calls: list[ServiceCall],
    freezer: FrozenDateTimeFactory,
    hour: int,
    rings: bool,
) -> None:
    """By day somebody at the door is no news."""
    await hass.config.async_set_time_zone("UTC")
    freezer.move_to(f"2026-11-23 {hour:02}:30:00+00:00")
    await create("night_loitering", lights={"entity_id": "light.garden"}, **PEOPLE)
    await alarm(hass)
    assert names(calls) == (["mary", "john", "light"] if rings else [])


async def test_camera_trouble(
    hass: HomeAssistant, create: Create, calls: list[ServiceCall], freezer: FrozenDateTimeFactory
) -> None:
    """Covered rings at once, away after the minutes that were chosen."""
    hass.states.async_set("camera.any", "idle")
    await create("camera_trouble", watched=["camera.any"], offline_minutes=5, **PEOPLE)
    await alarm(hass, reason="covered")
    assert names(calls) == ["mary", "john"]
    calls.clear()
    hass.states.async_set("camera.any", "unavailable")
    await settle(hass)
    freezer.tick(timedelta(minutes=4))
    async_fire_time_changed(hass)
    await settle(hass)
    assert calls == []
    freezer.tick(timedelta(minutes=2))
    async_fire_time_changed(hass)
    await settle(hass)
    assert names(calls) == ["mary", "john"]


async def test_help_by_button(
    hass: HomeAssistant, create: Create, calls: list[ServiceCall]
) -> None:
    """A button calls; the old call of an entity that comes back does not."""
    await create("help_called", **PEOPLE)
    hass.states.async_set(SENSOR, "2026-11-22T10:00:00+00:00", {"word": "help"})
    await settle(hass)
    assert calls == []
    await alarm(hass)
    assert names(calls) == ["mary", "john"]


async def test_help_called_late(
    hass: HomeAssistant, create: Create, calls: list[ServiceCall]
) -> None:
    """Who is told afterwards is told when it was."""
    await create("help_called", others=["notify.mary"])
    await hass.config.async_set_time_zone("Asia/Shanghai")
    called = {"word": "help", "late": True, "time": "2026-11-22T10:01:10.000+00:00"}
    hass.states.async_set(SENSOR, dt_util.utcnow().isoformat(), called)
    await settle(hass)
    (call,) = calls
    assert call.data["message"].endswith("somebody called for help. help (2026-11-22 18:01)")


@pytest.mark.parametrize(
    ("name", "entity", "suffix", "message", "text"),
    [
        (
            "fall",
            "binary_sensor.bedroom_fall",
            "fall",
            verdict("ON", level="high", event="e1", reason="lies by the bed"),
            "Bedroom: lies by the bed",
        ),
        (
            "help_called",
            "event.bedroom_help_called",
            "help",
            CALL,
            "Bedroom: somebody called for help. help",
        ),
    ],
)
async def test_with_the_integration(
    hass: HomeAssistant,
    node: Node,
    loaded: MockConfigEntry,
    create: Create,
    calls: list[ServiceCall],
    name: str,
    entity: str,
    suffix: str,
    message: dict[str, Any],
    text: str,
) -> None:
    """OmniCam's own entities: a fall and a call for help, told with room, reason and word."""
    await create(name, picture="camera.bedroom", sensors=[entity], others=["notify.mary"])
    async_fire_mqtt_message(hass, f"omnicam/home/bedroom/{suffix}", json.dumps(message), qos=1)
    await settle(hass)
    assert [call.data["message"] for call in calls] == [text]
    assert calls[0].data["data"]["image"] == "/api/camera_proxy/camera.bedroom"


@pytest.mark.parametrize(("button", "action"), [(0, "acknowledge_event"), (1, "mark_false_alarm")])
async def test_the_node_learns_of_the_answer(
    hass: HomeAssistant,
    node: Node,
    loaded: MockConfigEntry,
    create: Create,
    calls: list[ServiceCall],
    button: int,
    action: str,
) -> None:
    """OmniCam's own action is used for OmniCam's own sensor, without being asked for."""
    told = async_mock_service(hass, const.DOMAIN, action)
    await create("fall", sensors=["binary_sensor.bedroom_fall"], others=["notify.mary"])
    payload = json.dumps(verdict("ON", level="high", event="e1"))
    async_fire_mqtt_message(hass, "omnicam/home/bedroom/fall", payload, qos=1)
    await settle(hass)
    await press(hass, calls[0], button)
    assert [call.data for call in told] == [{"event_id": "e1"}]
