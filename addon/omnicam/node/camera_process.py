"""A camera's worker process as the main process sees it: kept alive, asked, and listened to.

A worker that dies or falls silent is started again with a growing wait; the other cameras do not
notice. A thread reads the pipe so that a large picture never blocks the event loop, and hands over
through a bounded queue: a main process that is behind slows this worker down and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import multiprocessing
import threading
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from omnicam.backoff import Backoff
from omnicam.node.messages import (
    ClipReply,
    ClipRequest,
    FilmRequest,
    Finished,
    FromWorker,
    Reply,
    SnapshotReply,
    SnapshotRequest,
    Stop,
    ToWorker,
    WindowReply,
    WindowRequest,
)
from omnicam.verify.window import FilmOrder, Window, WindowOrder

_LOGGER = logging.getLogger(__name__)

SILENCE_S = 20.0
"""A worker says something every two seconds; one that is silent for so long is stuck."""

STOP_S = 5.0
"""How long a worker may take to end when asked."""

STEADY_S = 60.0
"""A worker that lived so long has its next restart at once."""

SNAPSHOT_S = 3.0
WINDOW_S = 3.0
FILM_S = 30.0
CLIP_EXTRA_S = 60.0
_QUEUE = 256

type Entry = Callable[[Connection], None]
"""What runs in the process; it must be picklable (a partial of a module's function)."""


class WorkerUnavailableError(RuntimeError):
    """The worker cannot answer now; its camera is away or restarting."""


class CameraProcess:
    """Runs one camera's worker for as long as `run` is not cancelled."""

    def __init__(
        self, camera: str, entry: Entry, on_message: Callable[[FromWorker | None], Awaitable[None]]
    ) -> None:
        """Make an object that starts nothing yet.

        Args:
            camera: id, for names and logs.
            entry: runs in the new process, with its end of the pipe.
            on_message: called for every message in order, and with None when the process is gone.
        """
        self.camera = camera
        self.restarts = 0
        self._entry = entry
        self._on_message = on_message
        self._connection: Connection | None = None
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Reply]] = {}

    async def run(self) -> None:
        """Start the worker and start it again whenever it ends, until it says `Finished`."""
        backoff, attempt = Backoff(first_s=1.0), 0
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            finished = await self._live_once()
            if finished:
                return
            self.restarts += 1
            attempt = 1 if loop.time() - started > STEADY_S else attempt + 1
            wait = backoff.delay(attempt)
            _LOGGER.error(
                "camera %s: its process ended unexpectedly; it is started again in %.1f s",
                self.camera,
                wait,
            )
            await asyncio.sleep(wait)

    def send(self, message: ToWorker) -> None:
        """Say something to the worker.

        Raises:
            WorkerUnavailableError: there is none now.
        """
        if self._connection is None:
            msg = f"camera {self.camera}: its process is not running"
            raise WorkerUnavailableError(msg)
        try:
            self._connection.send(message)
        except OSError as error:
            msg = f"camera {self.camera}: its process is gone"
            raise WorkerUnavailableError(msg) from error

    async def snapshot(self, time: float | None) -> bytes:
        """Get the picture nearest to a stream time (None: the newest) as JPEG.

        Raises:
            WorkerUnavailableError: no answer, or no picture yet.
        """
        number = next(self._numbers)
        reply = await self._ask(SnapshotRequest(request=number, time=time), number, SNAPSHOT_S)
        if not isinstance(reply, SnapshotReply) or not reply.jpeg:
            msg = f"camera {self.camera}: no picture yet"
            raise WorkerUnavailableError(msg)
        return reply.jpeg

    async def window(self, order: WindowOrder) -> Window:
        """Have a window cut for the model.

        Raises:
            WorkerUnavailableError: no answer, or no pictures of that time.
        """
        number = next(self._numbers)
        reply = await self._ask(WindowRequest(request=number, order=order), number, WINDOW_S)
        if not isinstance(reply, WindowReply) or reply.window is None:
            msg = f"camera {self.camera}: no pictures of that time"
            raise WorkerUnavailableError(msg)
        return reply.window

    async def film(self, order: FilmOrder) -> Window:
        """Have the clip of an event that has ended looked through.

        Raises:
            WorkerUnavailableError: no answer, or the clip cannot be read.
        """
        number = next(self._numbers)
        reply = await self._ask(FilmRequest(request=number, order=order), number, FILM_S)
        if not isinstance(reply, WindowReply) or reply.window is None:
            msg = f"camera {self.camera}: the clip {order.path.name} cannot be looked through"
            raise WorkerUnavailableError(msg)
        return reply.window

    async def clip(self, start: float, end: float, path: Path) -> None:
        """Have stream time start..end cut to a file; returns when it is there.

        Raises:
            WorkerUnavailableError: the clip could not be cut; the message says why.
        """
        number = next(self._numbers)
        request = ClipRequest(request=number, start=start, end=end, path=path)
        reply = await self._ask(request, number, end - start + CLIP_EXTRA_S)
        if isinstance(reply, ClipReply) and reply.error:
            raise WorkerUnavailableError(reply.error)

    async def _ask(self, request: ToWorker, number: int, timeout_s: float) -> Reply:
        future = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            self.send(request)
            return await asyncio.wait_for(future, timeout_s)
        except TimeoutError:
            msg = f"camera {self.camera}: no answer within {timeout_s:.0f} s"
            raise WorkerUnavailableError(msg) from None
        finally:
            self._waiting.pop(number, None)

    async def _live_once(self) -> bool:
        """Run one process to its end; True if it finished on its own account."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=self._entry, args=(theirs,), name=f"omnicam-{self.camera}", daemon=True
        )
        # Starting pickles the settings and forks: short, but it is blocking work.
        await asyncio.to_thread(process.start)
        theirs.close()
        self._connection = ours
        queue: asyncio.Queue[FromWorker | None] = asyncio.Queue(_QUEUE)
        reader = threading.Thread(
            target=_read,
            args=(ours, queue, asyncio.get_running_loop(), self._resolve),
            name=f"read-{self.camera}",
            daemon=True,
        )
        reader.start()
        finished = False
        try:
            while (message := await asyncio.wait_for(queue.get(), SILENCE_S)) is not None:
                finished = finished or isinstance(message, Finished)
                await self._on_message(message)
        except TimeoutError:
            _LOGGER.error("camera %s: its process is stuck", self.camera)
        finally:
            self._connection = None
            # A worker that is told to stop still cuts the clips that wait, and says so.
            await _end(process, ours)
            self._fail_waiting()
        await self._on_message(None)
        return finished

    def _resolve(self, reply: Reply) -> None:
        """Give an answer to whoever waits for it; one that comes too late is dropped."""
        future = self._waiting.get(reply.request)
        if future is not None and not future.done():
            future.set_result(reply)

    def _fail_waiting(self) -> None:
        for future in self._waiting.values():
            if not future.done():
                msg = f"camera {self.camera}: its process ended"
                future.set_exception(WorkerUnavailableError(msg))


def _read(
    connection: Connection,
    queue: asyncio.Queue[FromWorker | None],
    loop: asyncio.AbstractEventLoop,
    resolve: Callable[[Reply], None],
) -> None:
    """Hand messages to the loop, in order, waiting while its queue is full; None at the end.

    Answers go past the queue: whoever handles a message may be waiting for one.
    """
    try:
        while True:
            message = connection.recv()
            if isinstance(message, SnapshotReply | ClipReply | WindowReply):
                loop.call_soon_threadsafe(resolve, message)
                continue
            asyncio.run_coroutine_threadsafe(queue.put(message), loop).result(SILENCE_S)
    except (EOFError, OSError, RuntimeError, TimeoutError):
        pass  # the process is gone, or the main loop is: either way this reader is done
    with contextlib.suppress(RuntimeError):  # a closed loop has nobody who waits for the end
        loop.call_soon_threadsafe(lambda: asyncio.ensure_future(queue.put(None)))


async def _end(process: SpawnProcess, connection: Connection) -> None:
    """End a process: ask, then terminate, then kill."""
    with contextlib.suppress(OSError):  # it may be gone already, which is what is wanted
        connection.send(Stop())
    await asyncio.to_thread(process.join, STOP_S)
    for end in (process.terminate, process.kill):
        if process.is_alive():
            end()
            await asyncio.to_thread(process.join, STOP_S)
    connection.close()
