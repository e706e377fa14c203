"""Asks a node's API whether address, token and certificate are right, for the config flow."""

from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
from homeassistant.const import CONF_TOKEN, CONF_URL

from .api import (
    ApiAuthError,
    ApiCertificateError,
    ApiConnectionError,
    ApiContractError,
    ApiError,
    ApiVersionError,
    ApiWrongNodeError,
    NodeApi,
    normalise_url,
    shown_certificate,
)
from .const import (
    CONF_ANNOUNCED_FINGERPRINT,
    CONF_ANNOUNCED_URL,
    CONF_FINGERPRINT,
    CONF_NODE,
    LOGGER,
)
from .discovery import announced

_ERRORS: Final[tuple[tuple[type[ApiError], str, str], ...]] = (
    (ApiAuthError, CONF_TOKEN, "invalid_auth"),
    (ApiConnectionError, CONF_URL, "cannot_connect"),
    (ApiVersionError, "base", "unsupported_contract"),
    (ApiWrongNodeError, CONF_URL, "wrong_node"),
    (ApiContractError, CONF_URL, "bad_answer"),
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of it: the entry's data, or errors by field, or a certificate to look at.

    `certificate` is the SHA-256 of one that nobody vouches for: the token was not sent.
    """

    name: str = ""
    certificate: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


async def async_ask_node(
    session: aiohttp.ClientSession,
    address: str,
    token: str,
    node: str | None = None,
    pinned: str | None = None,
) -> Answer:
    """Ask for the node's info.

    Args:
        session: Home Assistant's.
        address: as it was entered or announced.
        token: the same.
        node: the id that it must be; None takes any.
        pinned: SHA-256 of the one certificate that an https address is trusted with; None for the
            authorities that Home Assistant knows.
    """
    try:
        url = normalise_url(address)
    except ValueError:
        return Answer(errors={CONF_URL: "invalid_url"})
    token = token.strip()
    pinned = pinned if url.startswith("https:") else None
    try:
        try:
            info = await NodeApi(session, url, token, pinned).info(node)
        except ApiCertificateError as error:
            return Answer(certificate=error.found or await shown_certificate(session, url))
    except ApiError as error:
        LOGGER.debug("The node's API was refused: %s", error)
        where, key = next((where, key) for kind, where, key in _ERRORS if isinstance(error, kind))
        return Answer(errors={where: key})
    told = announced(info)
    data = {
        CONF_NODE: info.node,
        CONF_URL: url,
        CONF_TOKEN: token,
        CONF_ANNOUNCED_URL: told.url,
        CONF_FINGERPRINT: pinned,
        CONF_ANNOUNCED_FINGERPRINT: told.fingerprint,
    }
    return Answer(name=info.name, data=data)
