"""Set-up of a node: found by broker, Supervisor or network, or by its address and token.

However it was found, it is one entry. The token goes to no server before its certificate is
trusted: the one that the node announced, that an authority vouches for, or that the user has seen.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, override

import probatio
from homeassistant.components import mqtt
from homeassistant.config_entries import (
    SOURCE_MQTT,
    SOURCE_REAUTH,
    SOURCE_ZEROCONF,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
)
from homeassistant.const import CONF_NAME, CONF_TOKEN, CONF_URL
from homeassistant.core import callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.mqtt import MqttServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo

from .ask_node import Answer, async_ask_node
from .const import (
    CONF_ANNOUNCED_FINGERPRINT,
    CONF_ANNOUNCED_URL,
    CONF_APP,
    CONF_FINGERPRINT,
    CONF_NODE,
    DOMAIN,
    LOGGER,
    SUBENTRY_CAMERA,
)
from .discovery import (
    FoundNode,
    followed,
    proven,
    read_app,
    read_mqtt,
    read_zeroconf,
    spelled,
)
from .flow_camera import CameraSubentryFlow
from .options import OmnicamOptionsFlow
from .payload import PayloadError, UnsupportedContractError

_URL: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.URL))
_PASSWORD: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
)
_TOKEN_SCHEMA: Final = probatio.Schema({probatio.Required(CONF_TOKEN): _PASSWORD})
_NODE_SCHEMA: Final = probatio.Schema(
    {probatio.Required(CONF_URL): _URL, probatio.Required(CONF_TOKEN): _PASSWORD}
)

_CREDENTIALS: Final = (CONF_TOKEN, CONF_FINGERPRINT, CONF_ANNOUNCED_FINGERPRINT)


class OmnicamConfigFlow(ConfigFlow, domain=DOMAIN):
    """One entry for each node; its unique id is the node's id."""

    VERSION = 1
    MINOR_VERSION = 1

    _discovered: FoundNode
    _app: Mapping[str, Any]
    _pinned: str | None = None
    _shown: str
    _typed: dict[str, Any]
    _ask_again: Callable[[dict[str, Any]], Awaitable[ConfigFlowResult]]

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
        found = read_app(discovery_info.config)
        if found is None:
            return self.async_abort(reason="invalid_discovery_info")
        found[CONF_APP] = discovery_info.slug
        node = found[CONF_NODE]
        # A card that was found through the broker asks for a token; this one needs none.
        entry = await self.async_set_unique_id(node, raise_on_progress=False)
        self._replace_cards(node, SOURCE_MQTT, SOURCE_ZEROCONF)
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

    def _replace_cards(self, node: str, *sources: str) -> None:
        """End the flows by which the same node was found in another way."""
        for flow in self._async_in_progress(include_uninitialized=True):
            context = flow["context"]
            if context.get("unique_id") == node and context["source"] in sources:
                self.hass.config_entries.flow.async_abort(flow["flow_id"])

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
            told = read_mqtt(discovery_info)
        except UnsupportedContractError as error:
            LOGGER.warning("Ignoring the node on %s: %s", discovery_info.topic, error)
            return self.async_abort(reason="unsupported_contract")
        except PayloadError as error:
            LOGGER.warning("Malformed message on %s: %s", discovery_info.topic, error)
            return self.async_abort(reason="invalid_discovery_info")
        if told is None:
            return self.async_abort(reason="invalid_discovery_info")
        # A known node is followed even while its owner is asked for a new token or certificate.
        entry = await self.async_set_unique_id(told.node, raise_on_progress=False)
        if entry is not None:
            return self._follow_known(entry, told)
        # Only who may write to the broker can have said this, anybody what the network brought.
        self._replace_cards(told.node, SOURCE_ZEROCONF)
        await self.async_set_unique_id(told.node)
        self._show_card(told)
        return await self.async_step_confirm()

    @override
    async def async_step_zeroconf(self, discovery_info: ZeroconfServiceInfo) -> ConfigFlowResult:
        """Look at a node that announced itself in the network."""
        try:
            told = read_zeroconf(discovery_info)
        except UnsupportedContractError as error:
            LOGGER.debug("Ignoring %s: %s", discovery_info.name, error)
            return self.async_abort(reason="unsupported_contract")
        except PayloadError as error:
            LOGGER.debug("%s is no node: %s", discovery_info.name, error)
            return self.async_abort(reason="invalid_discovery_info")
        entry = await self.async_set_unique_id(told.node, raise_on_progress=False)
        if entry is not None:
            if proven(entry.data, told):
                return self._follow_known(entry, told)
            return self.async_abort(reason="node_known")
        await self.async_set_unique_id(told.node)
        self._show_card(told)
        return await self.async_step_zeroconf_confirm()

    def _show_card(self, told: FoundNode) -> None:
        self._discovered = told
        self._pinned = told.fingerprint
        self.context["title_placeholders"] = {"name": told.name}

    def _follow_known(self, entry: ConfigEntry, told: FoundNode) -> ConfigFlowResult:
        """End the flow of a known node; follow it if it moved or has a new certificate.

        The reason is not `already_configured`: on that one the MQTT integration may stop
        listening to the topic, and further nodes would never be found.
        """
        if not (changes := followed(entry.data, told)):
            return self.async_abort(reason="node_known")
        for flow in list(entry.async_get_active_flows(self.hass, {SOURCE_REAUTH})):
            # It asks about what has just been answered; if not, it comes again.
            self.hass.config_entries.flow.async_abort(flow["flow_id"])
        return self.async_update_reload_and_abort(entry, data_updates=changes, reason="node_known")

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
            if answer.certificate:
                return self._ask_trust(answer.certificate, user_input, self.async_step_confirm)
            errors = answer.errors
        return self.async_show_form(
            step_id="confirm",
            data_schema=self._suggest(user_input, found.url),
            errors=errors,
            description_placeholders={"name": found.name, "cameras": str(found.cameras)},
        )

    async def async_step_zeroconf_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the token of a node that was found in the network, and for nothing else."""
        found = self._discovered
        errors: dict[str, str] = {}
        if user_input is not None:
            if not await mqtt.async_wait_for_mqtt_client(self.hass):
                errors = {"base": "mqtt_unavailable"}
            else:
                answer = await self._async_try({CONF_URL: found.url} | user_input, found.node)
                if answer.data:
                    return self.async_create_entry(title=found.name, data=answer.data)
                if answer.certificate:
                    return self._ask_trust(
                        answer.certificate, user_input, self.async_step_zeroconf_confirm
                    )
                errors = _without_address(answer.errors)
        return self.async_show_form(
            step_id="zeroconf_confirm",
            data_schema=_TOKEN_SCHEMA,
            errors=errors,
            description_placeholders={"name": found.name, "url": str(found.url)},
        )

    def _ask_trust(
        self,
        certificate: str,
        typed: dict[str, Any],
        again: Callable[[dict[str, Any]], Awaitable[ConfigFlowResult]],
    ) -> ConfigFlowResult:
        """Show a certificate; if the user trusts it, the step that met it tries again."""
        self._shown, self._typed, self._ask_again = certificate, typed, again
        changed = self._pinned is not None
        return self.async_show_form(
            step_id="certificate_changed" if changed else "certificate",
            description_placeholders={
                "found": spelled(certificate),
                "expected": spelled(self._pinned or ""),
            },
        )

    async def async_step_certificate(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take the certificate that was shown for the right one."""
        if user_input is None:
            return self._ask_trust(self._shown, self._typed, self._ask_again)
        self._pinned = self._shown
        return await self._ask_again(self._typed)

    async_step_certificate_changed = async_step_certificate

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
            if answer.certificate:
                return self._ask_trust(answer.certificate, user_input, self.async_step_user)
            errors = answer.errors
        return self.async_show_form(
            step_id="user", data_schema=self._suggest(user_input, None), errors=errors
        )

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Begin anew because the node refused the token, or shows another certificate."""
        self._pinned = entry_data.get(CONF_FINGERPRINT)
        answer = await self._async_try(entry_data, entry_data[CONF_NODE])
        if answer.certificate:
            known = {CONF_TOKEN: entry_data[CONF_TOKEN]}
            return self._ask_trust(answer.certificate, known, self.async_step_reauth_confirm)
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
                    entry, data_updates={key: answer.data[key] for key in _CREDENTIALS}
                )
            if answer.certificate:
                return self._ask_trust(
                    answer.certificate, user_input, self.async_step_reauth_confirm
                )
            errors = _without_address(answer.errors)
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
        if user_input is None:
            self._pinned = entry.data.get(CONF_FINGERPRINT)
        else:
            answer = await self._async_try(user_input, entry.data[CONF_NODE])
            if answer.data:
                return self.async_update_reload_and_abort(entry, data_updates=answer.data)
            if answer.certificate:
                return self._ask_trust(answer.certificate, user_input, self.async_step_reconfigure)
            errors = answer.errors
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self._suggest(user_input, entry.data[CONF_URL]),
            errors=errors,
            description_placeholders={"name": entry.title},
        )

    async def _async_try(self, user_input: Mapping[str, Any], node: str | None = None) -> Answer:
        """Ask the API whether address and token are right; `_pinned` says whom to trust."""
        session = async_get_clientsession(self.hass)
        url, token = user_input[CONF_URL], user_input[CONF_TOKEN]
        return await async_ask_node(session, url, token, node, self._pinned)

    def _suggest(self, user_input: Mapping[str, Any] | None, url: str | None) -> probatio.Schema:
        """Give the form with the address filled in, never the token."""
        return self.add_suggested_values_to_schema(
            _NODE_SCHEMA, {CONF_URL: user_input[CONF_URL] if user_input else url}
        )


def _without_address(errors: Mapping[str, str]) -> dict[str, str]:
    """Give errors for a form that has no field for the address: above it."""
    return {where if where == CONF_TOKEN else "base": key for where, key in errors.items()}
