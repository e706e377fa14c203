"""The type of a config entry of this integration and of what it holds while loaded."""

from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntry

if TYPE_CHECKING:
    from .hub import OmnicamHub

type OmnicamConfigEntry = ConfigEntry[OmnicamHub]
