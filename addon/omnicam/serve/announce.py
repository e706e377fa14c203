"""Tells the network, by multicast DNS, that a node is here, so that nobody has to type its address.

What is told is what the node's `info` on the broker tells as well; nothing of it is secret.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from omnicam.payloads import CONTRACT

_LOGGER = logging.getLogger(__name__)

SERVICE: Final = "_omnicam._tcp.local."
LONGEST_NAME: Final = 60
"""Characters; with its key it fits the 255 bytes of a field in any script."""
LONGEST_URL: Final = 240
WITHDRAW_S: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What the network is told of a node.

    Attributes:
        node: its id.
        name: what people call it.
        url: of its API, as the broker is told it.
        host: address that the API listens on.
        address: IPv4 address of this machine.
        port: of the API.
        fingerprint: SHA-256 of its certificate, None without TLS.
    """

    node: str
    name: str
    url: str
    host: str
    address: str
    port: int
    fingerprint: str | None = None

    def fields(self) -> dict[str, str]:
        """Give the fields of the TXT record."""
        told = {
            "contract": str(CONTRACT),
            "node": self.node,
            "name": self.name[:LONGEST_NAME],
            "url": self.url,
            "tls": "1" if self.fingerprint else "0",
        }
        return told | ({"fingerprint": self.fingerprint} if self.fingerprint else {})


@asynccontextmanager
async def announced(announcement: Announcement | None) -> AsyncIterator[None]:
    """Announce a node while the context is open, and withdraw it then; None announces nothing.

    Nobody waits for the network, and one that takes no multicast costs a warning and no more.
    """
    if announcement is None:
        yield
        return
    task = asyncio.create_task(_announce(announcement), name="zeroconf")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _announce(announcement: Announcement) -> None:
    # Only here: a node that announces nothing spares itself the memory.
    from zeroconf import Error, InterfaceChoice
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

    if len(announcement.url.encode()) > LONGEST_URL:
        _LOGGER.warning("api.public_url is too long to be announced: at most %d bytes", LONGEST_URL)
        return
    own = _one_interface(announcement.host)
    service = AsyncServiceInfo(
        SERVICE,
        f"{announcement.node}.{SERVICE}",
        port=announcement.port,
        properties=announcement.fields(),
        # A name of its own: that of the machine is its own responder's to announce.
        server=f"omnicam-{announcement.node.replace('_', '-')}.local.",
        parsed_addresses=[own or announcement.address],
    )
    zeroconf: AsyncZeroconf | None = None
    try:
        zeroconf = AsyncZeroconf(interfaces=[own] if own else InterfaceChoice.All)
        await (await zeroconf.async_register_service(service, allow_name_change=True))
        _LOGGER.info("announced in the network as %s", service.name)
        await asyncio.Event().wait()
    except (OSError, Error) as error:
        _LOGGER.warning(
            "the node cannot be announced in the network (%s): Home Assistant still finds it "
            "through the broker; api.zeroconf: false ends this attempt",
            str(error) or type(error).__name__,
        )
    finally:
        if zeroconf is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(WITHDRAW_S):
                    await zeroconf.async_close()


def _one_interface(host: str) -> str | None:
    """Give the one address that the API listens on; None where it listens on all of them."""
    try:
        address = IPv4Address(host)
    except ValueError:
        return None
    return None if address.is_unspecified else str(address)
