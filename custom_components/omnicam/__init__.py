"""OmniCam: a local camera guardian. This integration shows a node's findings as entities.

A node pushes its findings over MQTT and serves pictures over HTTP. The sensors and events are
what may save a life, so they hang on MQTT alone: an API that is down or refuses the token costs
the live pictures (and asks for a new token), never the sensors. Set-up fails only when neither
the API nor the broker can tell which cameras there are.
"""

from homeassistant.components import mqtt
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryNotReady,
    IntegrationError,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.helpers.entity_platform import async_get_platforms
from homeassistant.helpers.typing import ConfigType

from .actions import async_register_actions
from .activity import async_follow_activity
from .api import (
    ApiAuthError,
    ApiCertificateError,
    ApiContractError,
    ApiVersionError,
    ApiWrongNodeError,
    NodeApi,
)
from .catch_up import async_forget_steps
from .check_in import CHECK_INS, CheckIns, async_follow_falls
from .const import CONF_FINGERPRINT, CONF_NODE, DOMAIN, PLATFORMS
from .data import OmnicamConfigEntry
from .devices import live_identifiers
from .handover import async_claim, async_release, async_wait_until_withdrawn
from .hub import OmnicamHub
from .media_view import EventMediaView
from .voice import async_register_intents
from .watch import ProblemWatch, async_forget

_SETUP_ERRORS: tuple[tuple[type[Exception], type[IntegrationError], str], ...] = (
    (ApiAuthError, ConfigEntryAuthFailed, "invalid_auth"),
    # Whoever watches the API has asked for a decision; the right certificate may also come back.
    (ApiCertificateError, ConfigEntryNotReady, "untrusted_certificate"),
    (ApiVersionError, ConfigEntryNotReady, "unsupported_contract"),
    (ApiWrongNodeError, ConfigEntryNotReady, "wrong_node"),
    (ApiContractError, ConfigEntryNotReady, "bad_answer"),
    (Exception, ConfigEntryNotReady, "cannot_connect"),
)


CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Register what is there whether or not a node is: actions, files for browsers, voice."""
    hass.data[CHECK_INS] = CheckIns(hass)
    async_register_actions(hass)
    hass.http.register_view(EventMediaView())
    async_register_intents(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: OmnicamConfigEntry) -> bool:
    """Set up a node."""
    if not await mqtt.async_wait_for_mqtt_client(hass):
        raise ConfigEntryNotReady(translation_domain=DOMAIN, translation_key="mqtt_unavailable")
    api = NodeApi(
        async_get_clientsession(hass),
        entry.data[CONF_URL],
        entry.data[CONF_TOKEN],
        entry.data.get(CONF_FINGERPRINT),
    )
    hub = OmnicamHub(hass, entry, entry.data[CONF_NODE], api)
    # Before the start: Home Assistant also calls it when set-up fails.
    entry.async_on_unload(hub.async_stop)
    watch = ProblemWatch(hass, entry, hub)
    entry.async_on_unload(watch.async_stop)
    await hub.async_start()
    if hub.info is None:
        watch.async_report()
        raise _setup_error(hub.monitor.error, entry)
    entry.runtime_data = hub
    # First, so that the node's own entities are gone before ours come under the same names.
    await async_claim(hass, hub.node)
    await async_wait_until_withdrawn(hass, hub.node, hub.info.cameras)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    async_follow_falls(hass, entry)
    entry.async_on_unload(async_follow_activity(hass, entry))
    watch.async_start()
    # Last, since whoever follows the events must be there to be told.
    hub.async_follow_events()
    return True


async def async_unload_entry(hass: HomeAssistant, entry: OmnicamConfigEntry) -> bool:
    """Unload a node; it keeps its owner, since the integration comes back after a restart."""
    # Home Assistant would take them away all at once.
    for platform in async_get_platforms(hass, DOMAIN):
        if platform.config_entry is entry:
            for entity in tuple(platform.entities.values()):
                await entity.async_remove()
                await entry.runtime_data.pace.async_pause()
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: OmnicamConfigEntry) -> None:
    """Hand the entities back to the node, which then announces them by MQTT discovery."""
    # Home Assistant would do this later: by then the node may have announced the same names.
    er.async_get(hass).async_clear_config_entry(entry.entry_id)
    async_forget(hass, entry)
    await async_forget_steps(hass, entry)
    await async_release(hass, entry.data[CONF_NODE])


async def async_remove_config_entry_device(
    _hass: HomeAssistant, entry: OmnicamConfigEntry, device: DeviceEntry
) -> bool:
    """Let the user delete a device that the node no longer has."""
    info = entry.runtime_data.info
    return info is None or not device.identifiers & live_identifiers(info)


def _setup_error(error: Exception | None, entry: OmnicamConfigEntry) -> IntegrationError:
    cause = error or Exception()
    failure, key = next(
        (failure, key) for kind, failure, key in _SETUP_ERRORS if isinstance(cause, kind)
    )
    exception = failure(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={
            "name": entry.title,
            "url": entry.data[CONF_URL],
            "error": str(cause),
        },
    )
    exception.__cause__ = error
    return exception
