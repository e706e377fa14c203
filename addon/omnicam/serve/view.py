"""What the API shows of the node; the guardian implements it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from omnicam.decide.events import FeedbackKind
from omnicam.decide.words import HelpCall
from omnicam.record.query import CallQuery, EventQuery, Page, StoredEvent

type Json = dict[str, Any]


class UnknownCameraError(LookupError):
    """There is no camera of this id."""


class UnavailableError(RuntimeError):
    """What was asked for cannot be had now; the message says why and what to do."""


class UnansweredError(RuntimeError):
    """A question was not answered: why, and what to do."""

    def __init__(self, error: str, remedy: str) -> None:
        super().__init__(error)
        self.remedy = remedy


class NodeView(Protocol):
    """A window into the node; everything that the API needs and nothing else."""

    def info(self) -> Json:
        """Say what the node is and has: the payload of the `info` topic."""

    def health(self) -> Json:
        """Say how the node fares."""

    def cameras(self) -> list[Json]:
        """Describe every camera with status, states and figures."""

    def stream_url(self, camera: str) -> str | None:
        """Give the address of a camera's main stream, with its credentials; None for a file.

        Raises:
            UnknownCameraError: there is no such camera.
        """

    async def snapshot(self, camera: str) -> bytes:
        """Give the newest picture as JPEG.

        Raises:
            UnknownCameraError: there is no such camera.
            UnavailableError: it has no picture now.
        """

    async def reply(self, camera: str, question: str) -> str:
        """Have the model answer a question about what a camera sees now.

        Raises:
            UnknownCameraError: there is no such camera.
            UnansweredError: there is no model, no picture, or no answer.
        """

    async def search(self, query: EventQuery) -> Page:
        """Give a page of events; `QueryError` where a field of the query is wrong."""

    async def calls(self, query: CallQuery) -> list[HelpCall]:
        """Give calls for help, the newest first; `QueryError` where a field is wrong."""

    async def event(self, event: str) -> StoredEvent | None:
        """Give an event with its history."""

    async def feedback(self, event: str, kind: FeedbackKind) -> bool:
        """Take a person's word about an event; False if there is no such event."""

    def home(self, camera: str) -> Json:
        """Say what a camera has learned of its home.

        Raises:
            UnknownCameraError: there is no such camera.
        """

    async def forget_home(self, camera: str) -> None:
        """Let a camera forget what it has learned.

        Raises:
            UnknownCameraError: there is no such camera.
            UnavailableError: it could not be kept that it forgot.
        """

    def media_path(self, name: str) -> Path:
        """Give the file of a snapshot or clip by its name in the record."""
