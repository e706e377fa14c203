"""What goes wrong with a model's configuration."""

from __future__ import annotations


class ConfigError(ValueError):
    """A config.json that describes no Qwen3-Omni: names the field and says what to do."""
