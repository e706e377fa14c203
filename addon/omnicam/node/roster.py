"""The cameras of a running node, changed through the API: checked, written down, then watched."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from omnicam import payloads
from omnicam.config.added import CameraBook
from omnicam.node.guardian import Guardian
from omnicam.record.errors import RecordError
from omnicam.serve.view import Json, UnavailableError


class Roster:
    """Adds, changes and removes cameras, one change at a time.

    What is written is what is watched: a change that cannot be written down changes nothing, so
    that a restart brings back the same cameras.
    """

    def __init__(self, book: CameraBook, guardian: Guardian) -> None:
        """Take the configuration and who watches its cameras."""
        self._book = book
        self._guardian = guardian
        self._turn = asyncio.Lock()

    def settings(self, camera: str) -> Json:
        """Give a camera's fields without secrets; `NotThereError`."""
        origin = payloads.origin(self._book.camera(camera))
        return {"origin": origin, "settings": self._book.shown(camera)}

    async def add(self, camera: str, fields: Mapping[str, Any]) -> None:
        """Add a camera and watch it; `TakenError`, `ConfigError`, `UnavailableError`."""
        await self._shielded(self._put(camera, fields, new=True))

    async def change(self, camera: str, fields: Mapping[str, Any]) -> None:
        """Change fields; `NotThereError`, `ReadOnlyError`, `ConfigError`, `UnavailableError`."""
        await self._shielded(self._put(camera, fields, new=False))

    async def remove(self, camera: str) -> None:
        """Remove a camera; `NotThereError`, `ReadOnlyError`, `UnavailableError`."""
        await self._shielded(self._remove(camera))

    async def _shielded(self, change: Coroutine[None, None, None]) -> None:
        # A caller who hangs up must not leave a camera written down and not watched.
        await asyncio.shield(asyncio.create_task(change))

    async def _put(self, camera: str, fields: Mapping[str, Any], *, new: bool) -> None:
        async with self._turn:
            change = self._book.with_camera if new else self._book.with_change
            # In a thread: secrets that stand in files of their own are read again.
            book = await asyncio.to_thread(change, camera, fields)
            await self._save(book)
            try:
                await self._guardian.put(book.settings, book.camera(camera))
            except RecordError as error:
                await self._save(self._book)
                raise UnavailableError(f"the record cannot be read: {error}") from error
            self._book = book

    async def _remove(self, camera: str) -> None:
        async with self._turn:
            book = await asyncio.to_thread(self._book.without, camera)
            await self._save(book)
            await self._guardian.drop(book.settings, camera)
            self._book = book

    async def _save(self, book: CameraBook) -> None:
        try:
            await asyncio.to_thread(book.save)
        except OSError as error:
            reason = error.strerror or "unknown"
            raise UnavailableError(f"the cameras cannot be written down: {reason}") from error
