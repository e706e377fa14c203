"""The API over real TLS: a certificate of its own that is kept, and pinned by who asks."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from omnicam import payloads
from omnicam.config.errors import ConfigError
from omnicam.config.load import parse
from omnicam.config.model import ApiSettings, Secret
from omnicam.serve.certificate import (
    CERTIFICATE_FILE,
    KEY_FILE,
    Certificate,
    CertificateError,
    load_or_create,
    spelled,
)
from omnicam.serve.server import serving

TOKEN = Secret("a-token")
HEADERS = {"Authorization": "Bearer a-token"}


class View:
    """A node of which only its `info` is asked."""

    def info(self) -> dict[str, Any]:
        return {"node": "home"}

    def health(self) -> dict[str, Any]:
        return {"status": "ok"}


def settings(**api: Any) -> ApiSettings:
    return ApiSettings(host="127.0.0.1", port=0, tls=True, **api)


def made(data: Path, **api: Any) -> Certificate:
    certificate = load_or_create(settings(**api), data)
    assert certificate is not None
    return certificate


@asynccontextmanager
async def served(certificate: Certificate) -> AsyncIterator[str]:
    async with serving(View(), object(), TOKEN, settings(), certificate) as port:  # type: ignore[arg-type]
        yield f"https://127.0.0.1:{port}/api/info"


async def ask(url: str, trust: ssl.SSLContext | aiohttp.Fingerprint | bool) -> Any:
    async with (
        aiohttp.ClientSession(headers=HEADERS) as session,
        session.get(url, ssl=trust) as response,
    ):
        return await response.json()


def pin(fingerprint: str) -> aiohttp.Fingerprint:
    return aiohttp.Fingerprint(bytes.fromhex(fingerprint))


async def test_who_pins_the_certificate_is_served(tmp_path: Path) -> None:
    certificate = made(tmp_path)
    async with served(certificate) as url:
        assert await ask(url, pin(certificate.fingerprint)) == {"node": "home"}
        with pytest.raises(aiohttp.ServerFingerprintMismatch) as caught:
            await ask(url, pin("ab" * 32))
        assert caught.value.got.hex() == certificate.fingerprint
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await ask(url, trust=True)


async def test_tools_on_this_machine_can_compare_names(tmp_path: Path) -> None:
    """As in docs/api.md: `curl --cacert` on the machine of the node."""
    certificate = made(tmp_path)
    trust = ssl.create_default_context(cafile=tmp_path / CERTIFICATE_FILE)
    async with served(certificate) as url:
        assert await ask(url, trust) == {"node": "home"}


async def test_nothing_else_than_tls_is_spoken(tmp_path: Path) -> None:
    async with served(made(tmp_path)) as url:
        with pytest.raises(aiohttp.ClientError):
            await ask(url.replace("https:", "http:"), trust=True)
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        client.maximum_version = ssl.TLSVersion.TLSv1_2
        assert await ask(url, client) == {"node": "home"}


async def test_old_tls_is_refused(tmp_path: Path) -> None:
    certificate = made(tmp_path)
    assert certificate.context.minimum_version is ssl.TLSVersion.TLSv1_2
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match=r"TLSv1_1 is deprecated"):
        client.maximum_version = ssl.TLSVersion.TLSv1_1
    async with served(certificate) as url:
        with pytest.raises(aiohttp.ClientConnectionError):
            await ask(url, client)


def test_a_restart_keeps_the_certificate_and_nobody_else_reads_its_key(tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = made(data)
    assert made(data).fingerprint == first.fingerprint
    assert stat.S_IMODE((data / KEY_FILE).stat().st_mode) == 0o600
    assert sorted(file.name for file in data.iterdir()) == [CERTIFICATE_FILE, KEY_FILE]
    shown = x509.load_pem_x509_certificate((data / CERTIFICATE_FILE).read_bytes())
    assert shown.fingerprint(hashes.SHA256()).hex() == first.fingerprint
    now = datetime.now(UTC)
    assert (
        shown.not_valid_before_utc < now < now + timedelta(days=36500) < shown.not_valid_after_utc
    )


@pytest.mark.parametrize("lost", [CERTIFICATE_FILE, KEY_FILE])
def test_a_lost_half_makes_a_new_pair(tmp_path: Path, lost: str) -> None:
    first = made(tmp_path)
    (tmp_path / lost).unlink()
    second = made(tmp_path)
    assert second.fingerprint != first.fingerprint
    assert made(tmp_path).fingerprint == second.fingerprint


@pytest.mark.parametrize("name", [CERTIFICATE_FILE, KEY_FILE])
def test_a_spoilt_file_is_told_with_the_remedy(tmp_path: Path, name: str) -> None:
    made(tmp_path)
    (tmp_path / name).write_text("spoilt")
    with pytest.raises(CertificateError, match=r"api\.tls: .* delete both files"):
        made(tmp_path)


def test_a_key_of_another_certificate_is_told(tmp_path: Path) -> None:
    made(tmp_path / "one")
    made(tmp_path / "other")
    shutil.copy(tmp_path / "other" / KEY_FILE, tmp_path / "one" / KEY_FILE)
    with pytest.raises(CertificateError, match="delete both files"):
        made(tmp_path / "one")


def test_a_folder_that_takes_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(CertificateError, match="cannot be used"):
        made(tmp_path / "data")


def test_the_first_certificate_of_a_chain_counts(tmp_path: Path) -> None:
    first, other = made(tmp_path / "one"), made(tmp_path / "other")
    file = tmp_path / "one" / CERTIFICATE_FILE
    authority = (tmp_path / "other" / CERTIFICATE_FILE).read_text()
    file.write_text(f"A remark\n{file.read_text()}{authority}")
    assert made(tmp_path / "one").fingerprint == first.fingerprint != other.fingerprint


async def test_a_certificate_of_the_users_own(tmp_path: Path) -> None:
    theirs = made(tmp_path / "theirs")
    files = {
        "cert_file": tmp_path / "theirs" / CERTIFICATE_FILE,
        "key_file": tmp_path / "theirs" / KEY_FILE,
    }
    shown = made(tmp_path / "data", **files)
    assert shown.fingerprint == theirs.fingerprint
    assert not (tmp_path / "data").exists()
    async with served(shown) as url:
        assert await ask(url, pin(theirs.fingerprint)) == {"node": "home"}
    files["key_file"].unlink()
    with pytest.raises(CertificateError, match=r"set api\.cert_file and api\.key_file"):
        made(tmp_path / "data", **files)


def test_without_tls_nothing_is_made(tmp_path: Path) -> None:
    assert load_or_create(ApiSettings(), tmp_path / "data") is None
    assert not (tmp_path / "data").exists()


def node(api: dict[str, Any]) -> dict[str, Any]:
    return {"node": "home", "api": api}


@pytest.mark.parametrize(
    ("api", "words"),
    [
        ({"tls": "yes"}, ("api.tls", "true or false")),
        ({"cert_file": "a.pem", "key_file": "b.pem"}, ("api.cert_file", "tls: true")),
        ({"tls": True, "cert_file": "a.pem"}, ("api.key_file", "is missing beside cert_file")),
        ({"tls": True, "key_file": "a.pem"}, ("api.cert_file", "is missing beside key_file")),
        (
            {"tls": True, "cert_file": "no.pem", "key_file": "no.pem"},
            ("api.cert_file", "'no.pem'", "No such file", "api.key_file"),
        ),
        ({"tls": True, "public_url": "http://proxy"}, ("api.public_url", "https://")),
        ({"zeroconf": 1}, ("api.zeroconf", "true or false")),
        ({"cert_fiel": "a.pem"}, ("did you mean cert_file?",)),
    ],
)
def test_wrong_settings_name_field_and_remedy(
    tmp_path: Path, api: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(node(api), base=tmp_path)
    for word in words:
        assert word in str(caught.value)


def test_files_start_at_the_configuration(tmp_path: Path) -> None:
    made(tmp_path)
    given = {"tls": True, "cert_file": CERTIFICATE_FILE, "key_file": KEY_FILE}
    api = parse(node(given), base=tmp_path).api
    assert (api.cert_file, api.key_file) == (tmp_path / CERTIFICATE_FILE, tmp_path / KEY_FILE)
    key = serialization.load_pem_private_key((tmp_path / KEY_FILE).read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"a passphrase")
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (tmp_path / KEY_FILE).write_bytes(key.private_bytes(pem, pkcs8, locked))
    with pytest.raises(ConfigError, match="without a passphrase"):
        parse(node(given), base=tmp_path)


def test_info_says_the_fingerprint(tmp_path: Path) -> None:
    settings = parse(node({}), base=tmp_path)
    assert payloads.info(settings, {}, "http://a", None)["fingerprint"] is None
    assert payloads.info(settings, {}, "https://a", "ab" * 32)["fingerprint"] == "ab" * 32


def test_a_fingerprint_is_spelled_as_openssl_does() -> None:
    assert spelled("0af1" * 16).startswith("0A:F1:0A:")


async def test_a_client_that_ends_the_handshake_stops_nobody(tmp_path: Path) -> None:
    certificate = made(tmp_path)
    async with served(certificate) as url:
        port = int(url.split(":")[2].split("/")[0])
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await writer.drain()
        writer.close()
        assert await ask(url, pin(certificate.fingerprint)) == {"node": "home"}
