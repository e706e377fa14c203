"""What a camera's worker process and the main process say to each other over their pipe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from omnicam.evidence import Finding
from omnicam.media import SignalChange
from omnicam.verify.window import FilmOrder, Window, WindowOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOpened:
    """The stream is understood: its size and whether it has sound."""

    width: int
    height: int
    audio: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Stream time reached `time`; `findings` since the message before, in stream order.

    A file that is played faster than live waits for the main process's `Continue` after each of
    these, so that snapshots and clips are cut at the same place however fast the machine is.
    `people` is how many are in the newest picture.
    """

    time: float
    findings: tuple[Finding, ...]
    wants_answer: bool
    people: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """The stream was lost or came back."""

    change: SignalChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """How the worker fares; counters run from its start.

    Attributes:
        figures: name to number, such as "frames_analysed", "frames_dropped", "cpu_seconds".
        state: of the stream, in words.
        error: why the stream is away; empty while it flows.
    """

    figures: dict[str, float]
    state: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The source ended (a file) or can never be read; `error` is empty after a proper end."""

    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotReply:
    """Answer to `SnapshotRequest`; no bytes where there is no picture yet."""

    request: int
    jpeg: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipReply:
    """Answer to `ClipRequest`, once the clip lies at its path; `error` is empty if it does."""

    request: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowReply:
    """Answer to `WindowRequest` and `FilmRequest`; no window where there are no pictures."""

    request: int
    window: Window | None


type Reply = SnapshotReply | ClipReply | WindowReply
"""What answers a request; it goes past everything else."""

type FromWorker = StreamOpened | Progress | Signal | Statistics | Finished | Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRequest:
    """Give the picture nearest to stream time `time` (None: the newest) as JPEG."""

    request: int
    time: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipRequest:
    """Cut stream time start..end to `path` as soon as `end` has been received."""

    request: int
    start: float
    end: float
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRequest:
    """Cut a window for the model from what is kept."""

    request: int
    order: WindowOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmRequest:
    """Look through the clip of an event that has ended."""

    request: int
    order: FilmOrder


@dataclass(frozen=True, slots=True)
class Continue:
    """The main process has dealt with everything up to the last `Progress`."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End the process."""


type ToWorker = SnapshotRequest | ClipRequest | WindowRequest | FilmRequest | Continue | Stop
