"""Which cameras the media browser shows."""

from typing import Final

from .data import OmnicamConfigEntry

CONF_HIDDEN_MEDIA: Final = "hidden_media"
"""Option of the entry: ids of the cameras whose pictures and clips are kept out of it."""


def is_shown(entry: OmnicamConfigEntry, camera: str) -> bool:
    """Whether the events of a camera may be seen in the media browser."""
    return camera not in entry.options.get(CONF_HIDDEN_MEDIA, ())
