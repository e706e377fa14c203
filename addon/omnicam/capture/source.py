"""Where media come from: kinds of sources, and how each is opened."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import av
from av.codec.hwaccel import HWAccel
from av.container import InputContainer

from omnicam.config.model import CameraSettings, Pace, Transport

OPEN_TIMEOUT_S: Final = 10.0
READ_TIMEOUT_S: Final = 5.0

_PROBE_US: Final = 2_000_000
"""Longest look at a stream before it plays; a sound track that stays silent would cost the default
of five seconds."""
_UDP_BUFFER_BYTES: Final = 2 * 1024 * 1024
"""Receive buffer: a key frame of a 4K camera comes in one burst."""


class SourceKind(Enum):
    """What a source is, which decides how it is opened, paced and tried again."""

    RTSP = auto()
    NETWORK = auto()
    DEVICE = auto()
    FILE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One address to read.

    Attributes:
        url: may hold a password: show it only through `problems.redact`.
        kind: what it is.
        transport: of RTSP.
        pace: of files; None for everything live.
        starts_at: stream time of a file's first frame, None for the default.
    """

    url: str
    kind: SourceKind
    transport: Transport = Transport.TCP
    pace: Pace | None = None
    starts_at: float | None = None

    @property
    def remote(self) -> bool:
        """Whether it is reached over the network."""
        return self.kind in (SourceKind.RTSP, SourceKind.NETWORK)

    @property
    def live(self) -> bool:
        """Whether it goes on for ever and is tried again when lost."""
        return self.kind is not SourceKind.FILE

    @property
    def path(self) -> Path:
        """The path of a file."""
        return Path(unquote(urlsplit(self.url).path) if _is_file_url(self.url) else self.url)


def sources_of(settings: CameraSettings) -> tuple[Source, Source | None]:
    """Give the source to analyse, and the main one where it is another."""
    main = _source(settings.url.reveal(), settings)
    if settings.analysis_url is None or settings.analysis_url == settings.url:
        return main, None
    return _source(settings.analysis_url.reveal(), settings), main


def _source(url: str, settings: CameraSettings) -> Source:
    kind = kind_of(url)
    file = kind is SourceKind.FILE
    return Source(
        url=url,
        kind=kind,
        transport=settings.transport,
        pace=settings.pace if file else None,
        starts_at=settings.starts_at if file else None,
    )


def kind_of(url: str) -> SourceKind:
    """Tell the kind of a source from its address."""
    scheme = re.match(r"([a-z][a-z0-9+.-]+)://", url, re.IGNORECASE)
    if scheme is None:
        return SourceKind.DEVICE if url.startswith("/dev/") else SourceKind.FILE
    name = scheme.group(1).lower()
    if name == "file":
        return SourceKind.FILE
    return SourceKind.RTSP if name in ("rtsp", "rtsps") else SourceKind.NETWORK


def open_source(source: Source, hardware: HWAccel | None = None) -> InputContainer:
    """Open a source and look at its streams.

    Raises:
        av.error.FFmpegError: it cannot be opened, within `OPEN_TIMEOUT_S`.
    """
    target = str(source.path) if source.kind is SourceKind.FILE else source.url
    timeout = (OPEN_TIMEOUT_S, READ_TIMEOUT_S) if source.live else None
    if source.kind is SourceKind.DEVICE:
        return _open_device(target, hardware, timeout)
    return av.open(target, "r", options=_options(source), timeout=timeout, hwaccel=hardware)


def _open_device(
    path: str, hardware: HWAccel | None, timeout: tuple[float, float] | None
) -> InputContainer:
    """Open a USB camera, compressed where it can: raw pictures would fill the ring in no time."""
    try:
        return av.open(
            path,
            "r",
            format="v4l2",
            options={"input_format": "mjpeg"},
            timeout=timeout,
            hwaccel=hardware,
        )
    except (av.error.ArgumentError, av.error.OSError) as error:
        if isinstance(error, av.error.FileNotFoundError | av.error.PermissionError):
            raise
        return av.open(path, "r", format="v4l2", timeout=timeout, hwaccel=hardware)


def _options(source: Source) -> dict[str, str]:
    if not source.remote:
        return {}
    options = {"analyzeduration": str(_PROBE_US), "timeout": str(int(READ_TIMEOUT_S * 1e6))}
    if source.kind is SourceKind.RTSP:
        options["rtsp_transport"] = source.transport.value
        if source.transport is Transport.UDP:
            options["buffer_size"] = str(_UDP_BUFFER_BYTES)
    return options


def _is_file_url(url: str) -> bool:
    return url.lower().startswith("file://")
