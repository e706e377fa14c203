"""Asking the server that was started: whether it is there, and whether it answers a window.

Blocking HTTP with deadlines, from the standard library; each call is a connection of its own.
"""

from __future__ import annotations

import http.client
import io
import json
import ssl
import wave
import zlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from inference_server import verdicts
from inference_server.serve.arguments import Listen

_EVERYWHERE: Mapping[str, str] = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104
_RATE = 16_000
_MOST_BYTES = 1024**2


class AskingError(Exception):
    """The server gave no good answer; the message says what was seen."""


@dataclass(frozen=True)
class Asker:
    """Asks one server.

    Attributes:
        listen: where it listens.
        token: that it wants to see.
    """

    listen: Listen
    token: str

    def liveness(self, timeout: float) -> None:
        """Have the engine compute one token of text.

        Raises:
            AskingError: it did not within `timeout` seconds.
        """
        body = {"model": self.listen.name, "prompt": "1", "max_tokens": 1, "temperature": 0}
        self._exchange("POST", "/v1/completions", body, timeout)

    def health(self, timeout: float) -> None:
        """See whether it is there, without asking anything of the model.

        Raises:
            AskingError: it is not, within `timeout` seconds.
        """
        self._exchange("GET", "/health", None, timeout)

    def window(self, side: int, timeout: float) -> None:
        """Ask two questions and a sentence about a made-up window, as the node would.

        What is compiled, captured or loaded at first use is done with then.

        Args:
            side: pixels along a picture's side.
            timeout: seconds for each of the three.

        Raises:
            AskingError: one was not answered.
        """
        for question in list(verdicts.QUESTIONS.values())[:2]:
            body = self._about(side, question) | {"max_tokens": 1, "temperature": 0}
            answer = self._exchange(
                "POST",
                "/v1/chat/completions",
                body | {"logprobs": True, "top_logprobs": 5},
                timeout,
            )
            _check(answer)
        wish = self._about(side, "Say in one sentence what is seen.")
        sampling = {"max_tokens": 8, "temperature": 0.6, "top_p": 0.95, "seed": 0}
        self._exchange("POST", "/v1/chat/completions", wish | sampling, timeout)

    def _about(self, side: int, last: str) -> dict[str, Any]:
        pictures = [_png(side, shade) for shade in range(5)]
        content: list[dict[str, Any]] = [
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{_text(picture)}"}}
            for picture in pictures
        ]
        sound = {"data": _text(_wav(2.5)), "format": "wav"}
        content.append({"type": "input_audio", "input_audio": sound})
        content.append({"type": "text", "text": last})
        messages = [
            {"role": "system", "content": verdicts.INSTRUCTIONS},
            {"role": "user", "content": content},
        ]
        return {"model": self.listen.name, "messages": messages}

    def _exchange(
        self, method: str, path: str, body: Mapping[str, Any] | None, timeout: float
    ) -> bytes:
        headers = {"Authorization": f"Bearer {self.token}"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            connection = self._connect(timeout)
            try:
                connection.request(method, path, body=data, headers=headers)
                response = connection.getresponse()
                answer = response.read(_MOST_BYTES)
            finally:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            raise AskingError(f"{path}: {type(error).__name__}") from None
        if response.status != HTTPStatus.OK:
            said = answer[:500].decode(errors="replace")
            raise AskingError(f"{path}: HTTP status {response.status}: {said}")
        return answer

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        host = _EVERYWHERE.get(self.listen.host, self.listen.host)
        if self.listen.cert is None:
            return http.client.HTTPConnection(host, self.listen.port, timeout=timeout)
        return http.client.HTTPSConnection(
            host, self.listen.port, timeout=timeout, context=_trust(self.listen.cert)
        )


def _trust(cert: str) -> ssl.SSLContext:
    """Trust the certificate that the server was started with, whatever name it is made out to.

    Read anew for each call: it may have been renewed.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cafile=cert)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _check(answer: bytes) -> None:
    try:
        entries = json.loads(answer)["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
    except (ValueError, LookupError, TypeError):
        raise AskingError("the answer holds no log-probabilities") from None
    if not entries:
        raise AskingError("the answer's log-probabilities are empty")


def _png(side: int, shade: int) -> bytes:
    """A grey picture that gets brighter to the right; `shade` tells one from another."""
    row = b"\0" + bytes((column * 200 // side + shade) % 256 for column in range(side))
    header = side.to_bytes(4, "big") * 2 + bytes((8, 0, 0, 0, 0))
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(row * side)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
        for kind, data in parts
    )


def _wav(seconds: float) -> bytes:
    """Quiet noise without a random generator: mono, 16 kHz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        samples = ((number * number * 37) % 401 - 200 for number in range(int(seconds * _RATE)))
        sound.writeframes(b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples))
    return file.getvalue()


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")
