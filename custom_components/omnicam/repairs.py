"""Repairs: what a few clicks can end."""

from typing import Any

import probatio
from homeassistant.components import mqtt
from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .const import CONF_NODE, LOGGER, TOPIC_ROOT


class CameraAwayFlow(RepairsFlow):
    """Switch a camera off that stays away on purpose, such as one that was unplugged."""

    def __init__(self, entry_id: str, camera: str, name: str) -> None:
        """Take the camera."""
        self._entry_id = entry_id
        self._camera = camera
        self._name = name

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin with the question; what comes here is the issue's id."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask, then tell the node."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if (entry := self.hass.config_entries.async_get_entry(self._entry_id)) is None:
                return self.async_abort(reason="node_gone")
            topic = f"{TOPIC_ROOT}/{entry.data[CONF_NODE]}/{self._camera}/enabled/set"
            try:
                await mqtt.async_publish(self.hass, topic, "OFF", qos=1)
            except HomeAssistantError as error:
                LOGGER.debug("Could not publish on %s: %s", topic, error)
                errors = {"base": "mqtt_unavailable"}
            else:
                return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="confirm",
            data_schema=probatio.Schema({}),
            errors=errors,
            description_placeholders={"camera": self._name},
        )


async def async_create_fix_flow(
    _hass: HomeAssistant, _issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Give the flow that ends an issue; a camera that is away is the only kind that has one."""
    if data is None or data.get("camera") is None:
        return ConfirmRepairFlow()
    return CameraAwayFlow(str(data["entry_id"]), str(data["camera"]), str(data["camera_name"]))
