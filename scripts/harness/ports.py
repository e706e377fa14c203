"""Free ports on the loopback address."""

from __future__ import annotations

import asyncio
import socket


def free_port() -> int:
    """Ask the system for a TCP port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def wait_for_port(port: int, timeout_s: float) -> None:
    """Wait until something listens on 127.0.0.1:port.

    Raises:
        TimeoutError: nothing does within the time.
    """
    async with asyncio.timeout(timeout_s):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return
