"""The API's certificate: made at first start and kept in the data folder, or the user's own.

Nobody has to vouch for it: whoever has once seen its SHA-256 trusts this very certificate.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import socket
import ssl
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Final

from omnicam.config.model import ApiSettings
from omnicam.serve.private import write_private

CERTIFICATE_FILE: Final = "api_certificate.pem"
KEY_FILE: Final = "api_key.pem"

# A small computer may start without the time, and a certificate of one's own needs no renewal: what
# ends it is another one. The last date is the one of RFC 5280 for "no end".
_BEGINS: Final = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_ENDS: Final = dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC)


class CertificateError(RuntimeError):
    """The API has no certificate to show; the message names the file and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What the API shows of itself.

    Attributes:
        context: for the server, TLS 1.2 or newer.
        fingerprint: SHA-256 of the certificate as 64 hexadecimal digits.
    """

    context: ssl.SSLContext
    fingerprint: str


def load_or_create(settings: ApiSettings, data: Path) -> Certificate | None:
    """Give the certificate that the settings ask for, None without TLS; reads and writes files.

    Raises:
        CertificateError: it cannot be read, used or made.
    """
    if not settings.tls:
        return None
    own = settings.cert_file is None
    certificate = settings.cert_file or data / CERTIFICATE_FILE
    key = settings.key_file or data / KEY_FILE
    try:
        if own and not (certificate.exists() and key.exists()):
            _make(certificate, key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # An empty passphrase: nobody is there to be asked for one.
        context.load_cert_chain(certificate, key, password="")
        return Certificate(
            context=context, fingerprint=_fingerprint(certificate.read_text("utf-8", "replace"))
        )
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        remedy = (
            "delete both files and start the node again; Home Assistant then asks about the new one"
            if own
            else "set api.cert_file and api.key_file to a certificate and its own private key"
        )
        reason = getattr(error, "strerror", None) or error
        msg = f"api.tls: {certificate} and {key} cannot be used ({reason}): {remedy}"
        raise CertificateError(msg) from error


def spelled(fingerprint: str) -> str:
    """Give a fingerprint as openssl, browsers and Home Assistant show it."""
    return bytes.fromhex(fingerprint).hex(":").upper()


def _fingerprint(pem: str) -> str:
    # The first is the server's own; those of the authorities follow it.
    first = pem[pem.index(ssl.PEM_HEADER) : pem.index(ssl.PEM_FOOTER) + len(ssl.PEM_FOOTER)]
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).hexdigest()


def _make(certificate: Path, key: Path) -> None:
    """Make a key and a certificate that it signs itself; the certificate comes last."""
    # Only here: its 15 MB are needed at the first start alone.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "OmniCam node")])
    # For tools on this machine that compare names; whoever pins a certificate does not.
    names: list[x509.GeneralName] = [
        *(
            x509.DNSName(host)
            for host in {"localhost": 0, socket.gethostname(): 0}
            if host.isascii()
        ),
        x509.IPAddress(IPv4Address("127.0.0.1")),
        x509.IPAddress(IPv6Address("::1")),
    ]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_BEGINS)
        .not_valid_after(_ENDS)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    write_private(key, private.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    write_private(certificate, made.public_bytes(pem))
