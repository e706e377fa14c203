"""A camera's own process: capture and every scorer, and pictures and clips on request.

Three threads share the work: capture reads the stream, `_analyse` carries media through the
scorers, and the first thread answers the main process. When the main process goes away, so does
this one.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from omnicam.capture import CameraStream, CaptureError, ClipError, Offer
from omnicam.config.model import CameraSettings
from omnicam.detect.analyser import Analyser
from omnicam.detect.pose.remote import RemotePoseEstimator
from omnicam.detect.registry import make_scorers
from omnicam.evidence import Finding
from omnicam.media import AudioChunk, Frame, MediaItem, SignalChange, time_of
from omnicam.node.album import Album
from omnicam.node.clips import ClipDesk
from omnicam.node.messages import (
    ClipRequest,
    Continue,
    FilmRequest,
    Finished,
    FromWorker,
    Progress,
    Signal,
    SnapshotReply,
    SnapshotRequest,
    Statistics,
    Stop,
    StreamOpened,
    ToWorker,
    WindowReply,
    WindowRequest,
)
from omnicam.time_zone import local_zone
from omnicam.verify.cutting import Recent
from omnicam.verify.film import film
from omnicam.verify.window import Window

_LOGGER = logging.getLogger(__name__)

PROGRESS_S = 0.2
"""Stream time without findings is told this often."""

STATISTICS_S = 2.0
ANSWER_S = 60.0
"""A main process that leaves a fast file waiting for so long is gone."""

LIVE_POSE_S = 1.0
FAST_POSE_S = 30.0
POSE_START_S = 60.0

_POLL_S = 0.2
_GET_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerTask:
    """What a worker needs to know; it travels to the new process by pickle.

    Attributes:
        camera: its settings.
        time_zone: IANA name, None for the machine's own.
        words: of the spoken trigger.
        yamnet: file of the optional pack, None where it is not used.
        pose_socket: where the shared pose process listens.
        log_level: of Python's logging.
        verify: whether windows for a model are kept.
    """

    camera: CameraSettings
    time_zone: str | None
    words: tuple[str, ...]
    yamnet: Path | None
    pose_socket: Path
    log_level: int
    verify: bool = False


def main(task: WorkerTask, connection: Connection) -> None:
    """Run one camera until told to stop, until its file ends, or until the main process is gone."""
    # Ctrl+C reaches the whole group; only the main process decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=task.log_level, format="%(levelname)s %(name)s: %(message)s")
    with CameraStream(task.camera) as stream:
        worker = _Worker(task, connection, stream)
        analysis = threading.Thread(target=worker.analyse, name="analyse", daemon=True)
        analysis.start()
        worker.answer(analysis)
    worker.raise_failure()


class _Worker:
    """The state that the threads of one worker share."""

    def __init__(self, task: WorkerTask, connection: Connection, stream: CameraStream) -> None:
        self._task = task
        self._connection = connection
        self._stream = stream
        self._fast = stream.lossless
        self._sending = threading.Lock()
        self._films = threading.Lock()
        self._stopping = threading.Event()
        self._go_on = threading.Event()
        self._failure: BaseException | None = None
        self._album = Album()
        self._clips = ClipDesk(stream.ring, self._send)
        zone = local_zone(task.time_zone)
        self._recent = Recent(task.camera, zone) if task.verify else None
        self._opened: Offer | None = None
        self._lag_s = 0.0  # the longest from a picture's time to its findings since it was told
        # A file played fast waits for every pose, so that it is judged the same every time.
        patience_s = FAST_POSE_S if self._fast else LIVE_POSE_S
        self._pose = RemotePoseEstimator(task.pose_socket, patience_s)
        scorers = make_scorers(task.camera, zone, task.words, yamnet=task.yamnet)
        self._analyser = Analyser(task.camera, zone, self._pose, scorers)

    def answer(self, analysis: threading.Thread) -> None:
        """Serve the main process until it is gone, says stop, or the analysis has ended."""
        next_statistics = 0.0
        try:
            while analysis.is_alive():
                if self._connection.poll(_POLL_S):
                    message: ToWorker = self._connection.recv()
                    if isinstance(message, Stop):
                        self._clips.cut_all()
                        break
                    self._handle(message)
                if not self._fast:
                    self._clips.cut_due()
                if time.monotonic() >= next_statistics:
                    next_statistics = time.monotonic() + STATISTICS_S
                    self._tell_statistics()
        except (EOFError, OSError):
            pass  # the main process is gone: there is nobody to watch for
        finally:
            self._stopping.set()
            self._go_on.set()
            self._stream.close()
            analysis.join(_GET_S * 4)
            self._pose.close()

    def raise_failure(self) -> None:
        """Let the process end with the analysis's error, so that it is logged and restarted."""
        if self._failure is not None:
            raise self._failure

    def analyse(self) -> None:
        """Carry media through the scorers until the stream ends."""
        error = ""
        try:
            self._analyse()
        except CaptureError as problem:
            error = str(problem)
        except (BrokenPipeError, ConnectionError):
            return
        except BaseException as failure:  # noqa: BLE001 - raised again by the first thread
            # Kept for the first thread, which ends the process with it.
            self._failure = failure
            return
        if not self._stopping.is_set():
            self._clips.cut_all()
            self._tell_statistics()
            self._send(Finished(error=error))

    def _analyse(self) -> None:
        if self._fast and not self._pose.wait_until_ready(POSE_START_S):
            raise RuntimeError("the pose process did not come up")
        findings: list[Finding] = []
        told = float("-inf")
        while not self._stopping.is_set():
            item = self._stream.get(_GET_S)
            if item is None:
                if self._stream.ended:
                    break
                continue
            if isinstance(item, SignalChange):
                self._send(Signal(change=item))
            elif isinstance(item, Frame):
                self._album.add(item)
            self._tell_opened()
            findings += self._analyser.observe(item)
            self._remember(item)
            if isinstance(item, Frame) and not self._fast:
                self._lag_s = max(self._lag_s, time.time() - item.time)
            reached = time_of(item)
            if findings or reached - told >= PROGRESS_S or reached < told:
                self._tell_progress(reached, tuple(findings))
                findings.clear()
                told = reached

    def _remember(self, item: MediaItem) -> None:
        """Keep for the model what the analysis is done with."""
        if self._recent is None:
            return
        if isinstance(item, Frame) and (seen := self._analyser.seen) is not None:
            moving = () if seen.motion.global_change else seen.motion.regions
            self._recent.see(item, moving, tuple(person.region for person in seen.people))
        elif isinstance(item, AudioChunk) and self._task.camera.audio:
            self._recent.hear(item)

    def _tell_progress(self, reached: float, findings: tuple[Finding, ...]) -> None:
        self._go_on.clear()
        seen = self._analyser.seen
        people = len(seen.people) if seen is not None else 0
        self._send(
            Progress(time=reached, findings=findings, wants_answer=self._fast, people=people)
        )
        if self._fast:
            if not self._go_on.wait(ANSWER_S):
                msg = f"the main process gave no answer within {ANSWER_S:.0f} s"
                raise ConnectionError(msg)
            self._clips.cut_due()

    def _tell_opened(self) -> None:
        offer = self._stream.offers()
        if offer is not None and offer != self._opened:
            self._opened = offer
            audio = offer.audio and self._task.camera.audio
            self._send(StreamOpened(width=offer.width, height=offer.height, audio=audio))

    def _tell_statistics(self) -> None:
        stream, analysis = self._stream.stats(), self._analyser.stats
        figures = {
            "frames_decoded": stream.decoded,
            "frames_analysed": analysis.frames,
            "frames_dropped": stream.dropped_frames,
            "sound_dropped": stream.dropped_chunks,
            "pose_runs": analysis.pose_runs,
            "pose_dropped": analysis.pose_drops,
            "corrupt_packets": stream.corrupt,
            "reconnects": stream.reconnects,
            "frame_rate": stream.frame_rate,
            "ring_seconds": stream.ring_s,
            "ring_bytes": stream.ring_bytes,
            "lag_seconds": round(self._lag_s, 3),
            "process_id": os.getpid(),
            "cpu_seconds": time.process_time(),
            "memory_bytes": _resident_bytes(),
        }
        self._lag_s = 0.0
        self._send(
            Statistics(
                figures=figures, state=stream.state, error=stream.warning or stream.last_error
            )
        )

    def _handle(self, message: ToWorker) -> None:
        match message:
            case SnapshotRequest():
                jpeg = self._album.jpeg(message.time)
                self._send(SnapshotReply(request=message.request, jpeg=jpeg))
            case ClipRequest():
                self._clips.add(message)
            case WindowRequest():
                window = self._recent.cut(message.order) if self._recent is not None else None
                self._send(WindowReply(request=message.request, window=window))
            case FilmRequest():
                # Decoding takes seconds; snapshots of the next event must not wait for it.
                threading.Thread(
                    target=self._look_through, args=(message,), name="film", daemon=True
                ).start()
            case Continue():
                self._go_on.set()
            case Stop():
                raise EOFError

    def _look_through(self, message: FilmRequest) -> None:
        window: Window | None = None
        with self._films:
            try:
                window = film(message.order, self._task.camera, local_zone(self._task.time_zone))
            except ClipError as error:
                _LOGGER.warning("%s: %s", message.order.path.name, error)
        with contextlib.suppress(OSError):  # the main process is gone
            self._send(WindowReply(request=message.request, window=window))

    def _send(self, message: FromWorker) -> None:
        with self._sending:
            self._connection.send(message)


def _resident_bytes() -> int:
    """Memory held by this process."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0
