"""A real vLLM on the CPU, started by the command, asked by the node's own client, killed and ended.

One server for all tests, over TLS, in the order of the file: the last ones end it.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from checkpoints import Shape, build
from inference_server.serve.child import _living

ROOT = Path(__file__).resolve().parents[3]
NODE = ROOT / ".venv" / "bin" / "python"
START_S = 400.0
"""A start takes about a minute on an idle machine of two cores."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def opinionated(model: Any) -> None:
    """Make Yes and No the first words of every answer, as they are of a trained model.

    Of two opposite rows one is above 0 whatever the state, and all other words are at 0.
    """
    head = model.thinker.lm_head.weight
    words = TOKENS["Yes"], TOKENS["yes"], TOKENS["No"], TOKENS["no"]
    kept = head[[words[0], words[2]]].clone() * 4
    head.zero_()
    head[words[0]], head[words[1]] = kept[0], -kept[0]
    head[words[2]], head[words[3]] = kept[1], -kept[1]


TOKENS: dict[str, int] = {}


@dataclass
class Served:
    """The command in a process, what it and vLLM said, and how to ask it."""

    process: subprocess.Popen[str]
    port: int
    token: str
    cert: Path
    said: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for stream, lines in ((self.process.stdout, self.said), (self.process.stderr, self.logged)):
            threading.Thread(target=self._read, args=(stream, lines), daemon=True).start()

    @staticmethod
    def _read(stream: Any, lines: list[str]) -> None:
        lines.extend(iter(stream.readline, ""))

    def wait(self, holds: Callable[[], bool], seconds: float = START_S) -> None:
        until = time.monotonic() + seconds
        while not holds():
            assert self.process.poll() is None, self.told()
            assert time.monotonic() < until, self.told()
            time.sleep(0.1)

    def told(self) -> str:
        return "".join([*self.said, "-- vLLM\n", *self.logged[-60:]])

    def ready(self, times: int) -> bool:
        return sum("serve: ready after" in line for line in self.said) >= times

    def group(self) -> int:
        """The process of vLLM's server, whose group all of its processes are in."""
        return [int(n) for n in re.findall(r"starts \(process (\d+)\)", "".join(self.said))][-1]

    def ask(
        self, path: str, body: Any = None, *, token: str | None = None, method: str = ""
    ) -> tuple[int, str]:
        """Send one request; `token` None for the right one, empty for none."""
        context = ssl.create_default_context(cafile=str(self.cert))
        way = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=120, context=context)
        shown = self.token if token is None else token
        headers = {"Authorization": f"Bearer {shown}"} if shown else {}
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        way.request(method or ("GET" if data is None else "POST"), path, data, headers)
        answer = way.getresponse()
        text = answer.read().decode()
        way.close()
        return answer.status, text

    def chat(self, *content: dict[str, Any]) -> tuple[int, str]:
        messages = [{"role": "user", "content": list(content)}]
        asked = {"model": "qwen3-omni", "messages": messages, "max_tokens": 1}
        return self.ask("/v1/chat/completions", asked)

    def node(self, *attempts: dict[str, Any]) -> list[dict[str, Any]]:
        """Ask as the node does, in its own environment."""
        der = ssl.PEM_cert_to_DER_cert(self.cert.read_text())
        script = Path(__file__).with_name("node_asks.py")
        wanted = [{"token": self.token} | attempt for attempt in attempts]
        done = subprocess.run(
            [NODE, script, f"https://127.0.0.1:{self.port}/v1", hashlib.sha256(der).hexdigest()],
            input=json.dumps(wanted),
            env=os.environ | {"PYTHONPATH": str(ROOT / "addon")},
            stdout=subprocess.PIPE,
            text=True,
            timeout=300,
            check=True,
        )
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    assert NODE.exists(), "the node's environment is missing: scripts/setup/run.sh edge"
    folder = tmp_path_factory.mktemp("served")
    shape = Shape(layers=2, vision_layers=3, audio_layers=1)
    first = build(folder / "words", shape)
    vocabulary = json.loads((first / "tokenizer.json").read_text())["model"]["vocab"]
    TOKENS.update({word: vocabulary[word] for word in ("Yes", "yes", "No", "no")})
    model = build(folder / "model", shape, adjust=opinionated)
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", key, "-out", cert]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    arguments = ["serve", "--profile", "cpu", "--model", model, "--port", str(port)]
    arguments += ["--token-file", folder / "token", "--make-token", "--body-mib", "1"]
    arguments += ["--tls-cert", cert, "--tls-key", key]
    settings = {
        "OMP_NUM_THREADS": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "bench"))),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "inference_server.cli", *arguments],
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        made = Served(process, port, "", cert)
        made.wait(lambda: any("vLLM starts" in line for line in made.said), 60)
        made.token = (folder / "token").read_text().strip()
        made.wait((folder / "token").exists, 10)
        made.wait(lambda: made.ready(1))
        yield made
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


def test_nothing_is_answered_without_the_token(served: Served) -> None:
    routes = re.findall(r"Route: (\S+), Methods: (\w+)", "".join(served.logged))
    assert len(routes) > 10
    assert {"/health", "/metrics", "/v1/chat/completions"} <= {path for path, _ in routes}
    for path, method in [*routes, ("/ready", "GET"), ("/", "GET"), ("/nowhere", "GET")]:
        for wrong in ("", "not-the-token-of-it"):
            status, text = served.ask(path, token=wrong, method=method)
            assert status == 401, (path, method)
            assert "token" in text or method == "HEAD"


def test_health_readiness_and_metrics(served: Served) -> None:
    assert served.ask("/health")[0] == 200
    assert served.ask("/ready") == (200, '{"ready": true}')
    status, text = served.ask("/metrics")
    assert status == 200
    # The window that warmed it up: two questions and a sentence.
    counted = re.search(r"^vllm:request_success_total\{.*\"length\".*\} (\S+)", text, re.MULTILINE)
    assert counted
    assert float(counted.group(1)) >= 3
    listed = json.loads(served.ask("/v1/models")[1])["data"]
    assert [model["id"] for model in listed] == ["qwen3-omni"]


@pytest.mark.parametrize(
    "content",
    [
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,GARBAGE"}},
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,Z2FyYmFnZQ=="}},
        {"type": "input_audio", "input_audio": {"data": "Z2FyYmFnZQ==", "format": "wav"}},
        {"type": "video_url", "video_url": {"url": "data:video/jpeg;base64,Z2FyYmFnZQ=="}},
        {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,Z2FyYmFnZQ=="}},
        {"type": "image_url", "image_url": {"url": "http://127.0.0.1:9/picture.jpg"}},
        {"type": "nothing"},
    ],
    ids=["no base64", "no picture", "no sound", "no frames", "no film", "an address", "no kind"],
)
def test_garbage_is_refused_and_the_server_lives_on(
    served: Served, content: dict[str, Any]
) -> None:
    status, text = served.chat(content)
    assert status == 400
    assert json.loads(text)["error"]["message"]
    assert served.chat({"type": "text", "text": "Look."})[0] == 200


def test_a_request_that_is_too_large_is_told_the_limit(served: Served) -> None:
    sound = b64encode(bytes(2**20)).decode()
    audio = {"type": "input_audio", "input_audio": {"data": sound, "format": "wav"}}
    status, text = served.chat(audio)
    assert status == 413
    assert json.loads(text)["error"]["limit_bytes"] == 2**20
    assert served.ask("/v1/chat/completions", b"{no JSON")[0] == 400


def test_the_node_gets_nine_verdicts_and_a_sentence(served: Served) -> None:
    good, again, refused, large, untrusted, greeted = served.node(
        {"sentence": True},
        {},
        {"token": "not-the-token-of-it"},
        {"padding": 400_000},
        {"fingerprint": "00" * 32},
        {"greet": True},
    )
    assert good["outcome"] == "answered", good
    assert len(good["z"]) == 9
    assert len(set(good["z"].values())) > 1
    assert all(0.0 < abs(z) < 50.0 for z in good["z"].values())
    assert good["sentence"]
    # The same window again gives the same but for the rounding of another batch.
    assert again["z"] == pytest.approx(good["z"], abs=0.25)
    assert refused["outcome"] == "refused"
    assert large["outcome"] == "too_large"
    assert "413" in large["detail"]
    assert untrusted["outcome"] == "untrusted"
    assert greeted["outcome"] == "reached"


def test_a_server_that_hangs_is_slow_to_the_node_and_recovers(served: Served) -> None:
    os.kill(served.group(), signal.SIGSTOP)
    try:
        (hung,) = served.node({"deadline_s": 1.5})
    finally:
        os.kill(served.group(), signal.SIGCONT)
    assert hung["outcome"] == "slow"
    assert served.node({})[0]["outcome"] == "answered"


def test_the_token_is_in_no_argument_environment_or_log(served: Served) -> None:
    looked = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            shown = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        looked += b"vllm" in shown.lower()
        assert served.token.encode() not in shown, entry.name
    assert looked >= 2
    assert len(served.token) >= 40
    assert served.token not in served.told()
    assert served.token not in "".join(served.logged)


def test_a_killed_engine_is_started_again(served: Served) -> None:
    before = served.group()
    names = {
        int(entry.name): (entry / "comm").read_text()
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _parent(entry) == before
    }
    engines = [pid for pid, name in names.items() if name.startswith("VLLM::Engine")]
    assert len(engines) == 1, names
    os.kill(engines[0], signal.SIGKILL)
    served.wait(lambda: served.ready(2))
    assert any("starting it again" in line for line in served.said)
    assert not _living(before)
    assert served.node({})[0]["outcome"] == "answered"


def test_sigterm_ends_everything(served: Served) -> None:
    group = served.group()
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(60) == 0
    assert not _living(group)
    assert served.node({})[0]["outcome"] == "away"
    assert served.said[-1] == "serve: ended\n"


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
