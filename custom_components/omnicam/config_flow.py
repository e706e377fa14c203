"""Set-up of a node: found through its retained info on MQTT, or by its address and token."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, override

import probatio
from homeassistant.components import mqtt
from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
)
from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PORT, CONF_TOKEN, CONF_URL
from homeassistant.core import callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.mqtt import MqttServiceInfo

from .api import (
    ApiAuthError,
    ApiConnectionError,
    ApiContractError,
    ApiError,
    ApiVersionError,
    ApiWrongNodeError,
    NodeApi,
    normalise_url,
)
from .const import (
    CONF_ANNOUNCED_URL,
    CONF_APP,
    CONF_NODE,
    DISCOVERY_TOPIC,
    DOMAIN,
    LOGGER,
    SUBENTRY_CAMERA,
    TOPIC_ROOT,
)
from .flow_camera import CameraSubentryFlow
from .models import NodeInfo, parse_info
from .options import OmnicamOptionsFlow
from .payload import PayloadError, UnsupportedContractError, read_object

_URL: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.URL))
_PASSWORD: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
)
_TOKEN_SCHEMA: Final = probatio.Schema({probatio.Required(CONF_TOKEN): _PASSWORD})
_NODE_SCHEMA: Final = probatio.Schema(
    {probatio.Required(CONF_URL): _URL, probatio.Required(CONF_TOKEN): _PASSWORD}
)

_ERRORS: Final[tuple[tuple[type[ApiError], str, str], ...]] = (
    (ApiAuthError, CONF_TOKEN, "invalid_auth"),
    (ApiConnectionError, CONF_URL, "cannot_connect"),
    (ApiVersionError, "base", "unsupported_contract"),
    (ApiWrongNodeError, CONF_URL, "wrong_node"),
    (ApiContractError, CONF_URL, "bad_answer"),
)


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """What a node's API made of an address and a token: the entry's data, or errors by field."""

    name: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


class OmnicamConfigFlow(ConfigFlow, domain=DOMAIN):
    """One entry for each node; its unique id is the node's id."""

    VERSION = 1
    MINOR_VERSION = 1

    _discovered: NodeInfo
    _app: Mapping[str, Any]

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Cameras can be added to a node."""
        return {SUBENTRY_CAMERA: CameraSubentryFlow}

    @override
    async def async_step_hassio(self, discovery_info: HassioServiceInfo) -> ConfigFlowResult:
        """Look at what the app told through the Supervisor: its node's address and token."""
        found = _read_app(discovery_info.config)
        if found is None:
            return self.async_abort(reason="invalid_discovery_info")
        found[CONF_APP] = discovery_info.slug
        node = found[CONF_NODE]
        # A card that was found through the broker asks for a token; this one needs none.
        entry = await self.async_set_unique_id(node, raise_on_progress=False)
        for flow in self._async_in_progress(include_uninitialized=True):
            if flow["context"].get("unique_id") == node:
                self.hass.config_entries.flow.async_abort(flow["flow_id"])
        if entry is not None:
            return await self._async_follow_app(entry, found)
        self._app = found
        self.context.update(
            {
                "title_placeholders": {"name": found[CONF_NAME]},
                "configuration_url": f"homeassistant://hassio/addon/{discovery_info.slug}/info",
            }
        )
        return await self.async_step_hassio_confirm()

    async def _async_follow_app(
        self, entry: ConfigEntry, found: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """End the flow of a known node; take over a new address or token of the app, if it works.

        An address that the user has corrected is left alone as long as its token works.
        """
        known = {key: entry.data.get(key) for key in (CONF_URL, CONF_TOKEN, CONF_APP)}
        if entry.data and known != {key: found[key] for key in known}:
            moved = known[CONF_URL] == entry.data.get(CONF_ANNOUNCED_URL)
            if moved or known[CONF_TOKEN] != found[CONF_TOKEN]:
                answer = await self._async_try(found, found[CONF_NODE])
                if answer.data:
                    updates = answer.data | {CONF_APP: found[CONF_APP]}
                    return self.async_update_reload_and_abort(
                        entry, data_updates=updates, reason="node_known"
                    )
        return self.async_abort(reason="node_known")

    async def async_step_hassio_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask whether to add the app's node: there is nothing to type."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if not await mqtt.async_wait_for_mqtt_client(self.hass):
                errors = {"base": "mqtt_unavailable"}
            else:
                answer = await self._async_try(self._app, self._app[CONF_NODE])
                if answer.data:
                    data = answer.data | {CONF_APP: self._app[CONF_APP]}
                    return self.async_create_entry(title=answer.name, data=data)
                errors = dict.fromkeys(("base",), *answer.errors.values())
        return self.async_show_form(
            step_id="hassio_confirm",
            errors=errors,
            description_placeholders={"name": self._app[CONF_NAME]},
        )

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OmnicamOptionsFlow:
        """Offer the options."""
        return OmnicamOptionsFlow()

    @override
    async def async_step_mqtt(self, discovery_info: MqttServiceInfo) -> ConfigFlowResult:
        """Look at a node's info that the broker brought."""
        try:
            info = _read_discovery(discovery_info)
        except UnsupportedContractError as error:
            LOGGER.warning("Ignoring the node on %s: %s", discovery_info.topic, error)
            return self.async_abort(reason="unsupported_contract")
        except PayloadError as error:
            LOGGER.warning("Malformed message on %s: %s", discovery_info.topic, error)
            return self.async_abort(reason="invalid_discovery_info")
        if info is None:
            return self.async_abort(reason="invalid_discovery_info")
        if (entry := await self.async_set_unique_id(info.node)) is not None:
            return self._follow_known(entry, info)
        self._discovered = info
        self.context["title_placeholders"] = {"name": info.name}
        return await self.async_step_confirm()

    def _follow_known(self, entry: ConfigEntry, info: NodeInfo) -> ConfigFlowResult:
        """End the flow of a known node; follow it if it moved.

        The reason is not `already_configured`: on that one the MQTT integration may stop
        listening to the topic, and further nodes would never be found.
        """
        address = _announced(info)
        known = entry.data.get(CONF_ANNOUNCED_URL)
        # An address that the user has corrected is left alone.
        if address and known and known != address and entry.data[CONF_URL] == known:
            return self.async_update_reload_and_abort(
                entry,
                data_updates={CONF_URL: address, CONF_ANNOUNCED_URL: address},
                reason="node_known",
            )
        return self.async_abort(reason="node_known")

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the token of a node that was found, and let its address be corrected."""
        found = self._discovered
        errors: dict[str, str] = {}
        if user_input is not None:
            answer = await self._async_try(user_input, found.node)
            if answer.data:
                return self.async_create_entry(title=found.name, data=answer.data)
            errors = answer.errors
        return self.async_show_form(
            step_id="confirm",
            data_schema=self._suggest(user_input, _announced(found)),
            errors=errors,
            description_placeholders={"name": found.name, "cameras": str(len(found.cameras))},
        )

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take a node by hand: its API tells which one it is."""
        if not await mqtt.async_wait_for_mqtt_client(self.hass):
            return self.async_abort(reason="mqtt_unavailable")
        errors: dict[str, str] = {}
        if user_input is not None:
            answer = await self._async_try(user_input)
            if answer.data:
                await self.async_set_unique_id(answer.data[CONF_NODE], raise_on_progress=False)
                self._abort_if_unique_id_configured()
                return self.async_create_entry(title=answer.name, data=answer.data)
            errors = answer.errors
        return self.async_show_form(
            step_id="user", data_schema=self._suggest(user_input, None), errors=errors
        )

    async def async_step_reauth(self, _entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Begin anew because the node refused the token."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the new token."""
        entry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            url = entry.data[CONF_URL]
            answer = await self._async_try(
                {CONF_URL: url, CONF_TOKEN: user_input[CONF_TOKEN]}, entry.data[CONF_NODE]
            )
            if answer.data:
                return self.async_update_reload_and_abort(
                    entry, data_updates={CONF_TOKEN: answer.data[CONF_TOKEN]}
                )
            # This form has no field for the address, so say it above the form.
            errors = {
                where if where == CONF_TOKEN else "base": key
                for where, key in answer.errors.items()
            }
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=_TOKEN_SCHEMA,
            errors=errors,
            description_placeholders={"name": entry.title},
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the address or the token of the same node."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            answer = await self._async_try(user_input, entry.data[CONF_NODE])
            if answer.data:
                return self.async_update_reload_and_abort(entry, data_updates=answer.data)
            errors = answer.errors
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self._suggest(user_input, entry.data[CONF_URL]),
            errors=errors,
            description_placeholders={"name": entry.title},
        )

    async def _async_try(self, user_input: Mapping[str, Any], node: str | None = None) -> _Answer:
        """Ask the API whether address and token are right."""
        try:
            url = normalise_url(user_input[CONF_URL])
        except ValueError:
            return _Answer(errors={CONF_URL: "invalid_url"})
        token = user_input[CONF_TOKEN].strip()
        try:
            info = await NodeApi(async_get_clientsession(self.hass), url, token).info(node)
        except ApiError as error:
            LOGGER.debug("The node's API was refused: %s", error)
            where, key = next(
                (where, key) for kind, where, key in _ERRORS if isinstance(error, kind)
            )
            return _Answer(errors={where: key})
        data = {
            CONF_NODE: info.node,
            CONF_URL: url,
            CONF_TOKEN: token,
            CONF_ANNOUNCED_URL: _announced(info),
        }
        return _Answer(name=info.name, data=data)

    def _suggest(self, user_input: Mapping[str, Any] | None, url: str | None) -> probatio.Schema:
        """Give the form with the address filled in, never the token."""
        return self.add_suggested_values_to_schema(
            _NODE_SCHEMA, {CONF_URL: user_input[CONF_URL] if user_input else url}
        )


def _announced(info: NodeInfo) -> str | None:
    try:
        return normalise_url(info.api) if info.api else None
    except ValueError:
        return None


def _read_app(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """Read what the app told; None where something is missing or no text."""
    texts = {key: config.get(key) for key in (CONF_HOST, CONF_TOKEN, CONF_NODE)}
    port = config.get(CONF_PORT)
    if not all(isinstance(text, str) and text for text in texts.values()) or type(port) is not int:
        return None
    try:
        url = normalise_url(f"http://{texts[CONF_HOST]}:{port}")
    except ValueError:
        return None
    return {
        CONF_URL: url,
        CONF_TOKEN: texts[CONF_TOKEN],
        CONF_NODE: texts[CONF_NODE],
        CONF_NAME: str(config.get(CONF_NAME) or texts[CONF_NODE]),
    }


def _read_discovery(found: MqttServiceInfo) -> NodeInfo | None:
    """Read the info that was found; None for an empty one and for one under another's topic."""
    if not found.payload or found.subscribed_topic != DISCOVERY_TOPIC:
        return None
    info, _ = parse_info(read_object(found.payload))
    return info if found.topic == f"{TOPIC_ROOT}/{info.node}/info" else None
