"""What a household chooses for a node in Home Assistant itself: check-ins, and what media shows."""

from typing import Any, override

import probatio
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult, OptionsFlow
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
)

from .check_in import CONF_CHECK_IN
from .data import OmnicamConfigEntry
from .shown import CONF_HIDDEN_MEDIA


class OmnicamOptionsFlow(OptionsFlow):
    """The options are read when they are needed: a change takes effect at once."""

    @property
    @override
    def config_entry(self) -> OmnicamConfigEntry:
        """The node's entry."""
        return super().config_entry

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and take them."""
        if user_input is not None:
            return self.async_create_entry(data=user_input)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                self._schema(), self.config_entry.options
            ),
        )

    def _schema(self) -> probatio.Schema:
        hidden = self.config_entry.options.get(CONF_HIDDEN_MEDIA, ())
        # A hidden camera stays hidden, and can be chosen, while its node is away.
        names = {camera: camera for camera in hidden} | self._names()
        cameras = [SelectOptionDict(value=camera, label=name) for camera, name in names.items()]
        return probatio.Schema(
            {
                probatio.Required(CONF_CHECK_IN, default=True): BooleanSelector(),
                probatio.Optional(CONF_HIDDEN_MEDIA, default=[]): SelectSelector(
                    SelectSelectorConfig(options=cameras, multiple=True)
                ),
            }
        )

    def _names(self) -> dict[str, str]:
        if self.config_entry.state is not ConfigEntryState.LOADED:
            return {}
        info = self.config_entry.runtime_data.info
        return {camera: known.name for camera, known in info.cameras.items()} if info else {}
