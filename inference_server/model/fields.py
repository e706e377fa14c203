"""Reading fields of a configuration with errors that name the field and say what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from inference_server.model.errors import ConfigError


class Fields:
    """One object of a config.json, and where it stands in the file."""

    def __init__(self, content: Mapping[str, Any], path: str = "") -> None:
        self._content = content
        self._path = path

    def part(self, name: str) -> Fields:
        """Give an object inside this one."""
        value = self._content.get(name)
        if not isinstance(value, Mapping):
            raise ConfigError(
                f"{self._path}{name} is missing; give the config.json of the whole model "
                "(thinker_config with text_config, vision_config and audio_config), not of a part"
            )
        return Fields(value, f"{self._path}{name}.")

    def number(self, name: str, default: int | None = None) -> int:
        """Give a positive whole number; `default` where the field may be absent."""
        value = self._content.get(name, default)
        if value is None:
            self.refuse(name, "missing")
        # JSON's true is Python's 1.
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            self.refuse(name, f"{value!r} is no positive whole number")
        return value

    def numbers(self, name: str, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """Give a list of whole numbers from 0."""
        value = self._content.get(name, default)
        if value is None and default is not None:
            return default
        if not isinstance(value, list | tuple):
            self.refuse(name, "missing" if value is None else f"{value!r} is no list")
        if any(isinstance(item, bool) or not isinstance(item, int) or item < 0 for item in value):
            self.refuse(name, f"{value!r} holds something other than whole numbers from 0")
        return tuple(value)

    def flag(self, name: str) -> bool:
        """Give a truth value that is false where the field is absent."""
        value = self._content.get(name, False)
        if not isinstance(value, bool):
            self.refuse(name, f"{value!r} is neither true nor false")
        return value

    def refuse(self, name: str, why: str) -> NoReturn:
        """Say what is wrong with a field, and the remedy."""
        raise ConfigError(
            f"{self._path}{name}: {why}; compare it with the published config.json of "
            "Qwen3-Omni-30B-A3B, or leave --config out to plan for that model"
        )
