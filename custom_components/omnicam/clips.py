"""An event's clip, written to a folder of Home Assistant."""

import asyncio
import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .api import NodeApi
from .const import DOMAIN

_MOST_BYTES: Final = 1 << 30
_LONGEST_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Draft:
    """A file that is not whole yet, beside where it will be."""

    path: Path
    stream: BinaryIO


async def async_export(hass: HomeAssistant, api: NodeApi, event: str, path: str | None) -> str:
    """Write an event's clip and give its path; the file is there whole or not at all.

    Without a path it goes to the folder `omnicam` of Home Assistant's first media folder. Raises
    `ApiError`, and `ServiceValidationError` for a path that Home Assistant may not write to.
    """
    file = Path(path) if path is not None else _media_folder(hass) / DOMAIN / f"{event}.mp4"
    if not file.is_absolute() or not await hass.async_add_executor_job(
        hass.config.is_allowed_path, str(file)
    ):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="path_not_allowed",
            translation_placeholders={"path": str(file)},
        )
    try:
        async with asyncio.timeout(_LONGEST_S), api.media(event, "clip") as clip:
            draft = await hass.async_add_executor_job(_begin, file)
            try:
                size = 0
                async for piece in clip.pieces:
                    size += len(piece)
                    _check_size(size)
                    await hass.async_add_executor_job(draft.stream.write, piece)
                await hass.async_add_executor_job(_finish, draft, file)
            except BaseException:
                # Synchronous: this also runs when the work was cancelled.
                _discard(draft)
                raise
    except OSError as error:
        raise _not_written(file, error) from error
    return str(file)


def _media_folder(hass: HomeAssistant) -> Path:
    folders = hass.config.media_dirs
    local = folders.get("local") or next(iter(folders.values()), None)
    if local is None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_media_folder")
    return Path(local)


def _check_size(size: int) -> None:
    if size > _MOST_BYTES:
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="clip_too_large")


def _begin(file: Path) -> Draft:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    return Draft(Path(name), os.fdopen(descriptor, "wb"))


def _finish(draft: Draft, file: Path) -> None:
    draft.stream.flush()
    os.fsync(draft.stream.fileno())
    draft.stream.close()
    draft.path.chmod(0o644)
    draft.path.replace(file)


def _discard(draft: Draft) -> None:
    draft.stream.close()
    with contextlib.suppress(OSError):
        draft.path.unlink()


def _not_written(file: Path, error: OSError) -> HomeAssistantError:
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="clip_not_written",
        translation_placeholders={"path": str(file), "error": error.strerror or "error"},
    )
