"""Real vLLM servers on the CPU behind HAProxy, each a process that a test can kill or stop."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import numpy as np

from harness.ports import free_port, wait_for_port
from harness.process import Child

ROOT = Path(__file__).resolve().parents[3]
CONFIGURATION = ROOT / "docs" / "examples" / "haproxy.cfg"
START_S = 240.0
DEADLINE_S = 20.0
TOKEN = "a-long-secret"
SETTINGS = {
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
    "VLLM_API_KEY": TOKEN,
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_NO_USAGE_STATS": "1",
}
OPTIONS = (
    *("--served-model-name", "omni", "--dtype", "bfloat16", "--enforce-eager"),
    *("--max-model-len", "1024", "--max-num-seqs", "8", "--mm-processor-cache-gb", "0.1"),
    *("--limit-mm-per-prompt", '{"image": 1, "video": 0, "audio": 0}'),
)
SYSTEM = "You watch over a home."
"""Shorter than a block of the prefix cache, so that what is found there is a window's picture."""
QUESTIONS = (
    "Has a person fallen to the floor? Answer with Yes or No only.",
    "Is there smoke or fire? Answer with Yes or No only.",
    "Do people fight? Answer with Yes or No only.",
)


class Replica(Child):
    """One vLLM server; a signal reaches its engine's process, too."""

    def __init__(self, checkpoint: Path, log: Path) -> None:
        self.port = free_port()
        where = ("--host", "127.0.0.1", "--port", str(self.port))
        vllm = ("-m", "vllm.entrypoints.cli.main", "serve", str(checkpoint), *OPTIONS, *where)
        # setsid makes a group of it and of what it starts.
        super().__init__(f"vLLM {self.port}", ("setsid", sys.executable, *vllm), log, SETTINGS)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def ready(self) -> None:
        """Wait until it answers; RuntimeError with its log's end where it never does."""
        async with aiohttp.ClientSession() as http:
            with suppress(TimeoutError):
                async with asyncio.timeout(START_S):
                    while self.running:
                        with suppress(aiohttp.ClientError):
                            async with http.get(f"http://{self.address}/health") as response:
                                if response.status == 200:
                                    return
                        await asyncio.sleep(0.2)
        raise RuntimeError(f"{self.name} does not start:\n{self.tail(40)}")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the server and to its engine."""
        os.killpg(self.pid, number)

    async def die(self) -> None:
        """End at once, as in a power cut."""
        self.signal(signal.SIGKILL)
        await self.wait(10)

    async def stop(self, *, kill: bool = False) -> None:
        """End it, and what is left of its engine."""
        await super().stop(kill=kill)
        with suppress(ProcessLookupError):
            self.signal(signal.SIGKILL)

    async def counters(self) -> Counters:
        """Read what vLLM itself has counted."""
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://{self.address}/metrics") as response,
        ):
            text = await response.text()
        return Counters(
            answered=_total(text, "vllm:request_success_total"),
            cached_tokens=_total(text, "vllm:prefix_cache_hits_total"),
        )


@dataclass(frozen=True)
class Counters:
    """Of one replica, since its start."""

    answered: int
    cached_tokens: int

    def __sub__(self, before: Counters) -> Counters:
        return Counters(self.answered - before.answered, self.cached_tokens - before.cached_tokens)


@dataclass(frozen=True)
class Cluster:
    """Replicas behind one address."""

    replicas: tuple[Replica, Replica]
    url: str


@asynccontextmanager
async def open_cluster(checkpoint: Path, folder: Path) -> AsyncIterator[Cluster]:
    """Start two replicas at once and HAProxy, with the configuration of docs/examples."""
    async with AsyncExitStack() as stack:
        first, second = (Replica(checkpoint, folder / f"replica-{number}.log") for number in (1, 2))
        port = free_port()
        program = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        if program is None:
            raise RuntimeError("haproxy is missing: scripts/setup/run.sh system installs it")
        router = Child(
            "haproxy",
            (program, "-db", "-f", str(CONFIGURATION)),
            folder / "haproxy.log",
            {
                "LISTEN": f"127.0.0.1:{port}",
                "REPLICA_1": first.address,
                "REPLICA_2": second.address,
                "FIGURES_PORT": str(free_port()),
            },
        )
        for child in (first, second):
            await child.start()
            stack.push_async_callback(child.stop)
        await asyncio.gather(first.ready(), second.ready())
        for child in (first, second):
            # A server's very first window takes longer than a node waits, as `serve` knows.
            async with a_node(f"http://{child.address}", START_S) as near:
                statuses = await near.window("warm-up", 0)
            if set(statuses) != {200}:
                raise RuntimeError(f"{child.name} answers {statuses}:\n{child.tail(40)}")
        await router.start()
        stack.push_async_callback(router.stop)
        await wait_for_port(port, 10)
        yield Cluster((first, second), f"http://127.0.0.1:{port}")


class Node:
    """Asks as a node does: a window's first question alone, then the others together."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self._url = url
        self._http = http

    async def get(self, path: str) -> int:
        """Give the status of a GET without a token."""
        async with self._http.get(self._url + path) as response:
            return response.status

    async def window(self, camera: str, number: int) -> list[int]:
        """Ask about a window of a camera, and give the status of each question; 0 for none.

        Nothing more is asked where the first question fails.
        """
        picture = _picture(camera, number)
        first = await self.ask(camera, picture, QUESTIONS[0])
        if first != 200:
            return [first]
        rest = (self.ask(camera, picture, question) for question in QUESTIONS[1:])
        return [first, *await asyncio.gather(*rest)]

    async def ask(self, camera: str, picture: str, question: str, token: str = TOKEN) -> int:
        image = {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{picture}"}}
        content = [image, {"type": "text", "text": question}]
        messages = [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": content},
        ]
        body = {"model": "omni", "messages": messages, "max_tokens": 1, "temperature": 0}
        body |= {"logprobs": True, "top_logprobs": 20}
        headers = {"Authorization": f"Bearer {token}", "X-Session-ID": f"home/{camera}"}
        with suppress(aiohttp.ClientError, TimeoutError):
            async with self._http.post(
                f"{self._url}/v1/chat/completions", json=body, headers=headers
            ) as response:
                if response.status == 200:
                    answer = await response.json()
                    assert len(answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]) == 20
                return response.status
        return 0


@asynccontextmanager
async def a_node(url: str, deadline_s: float = DEADLINE_S) -> AsyncIterator[Node]:
    timeout = aiohttp.ClientTimeout(total=deadline_s)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        yield Node(url, http)


async def readings(replicas: Sequence[Replica]) -> tuple[Counters, ...]:
    return tuple(await asyncio.gather(*(replica.counters() for replica in replicas)))


def _picture(camera: str, number: int) -> str:
    """A picture of its own for each window of each camera, base64."""
    from PIL import Image  # beside vLLM, and not where the other tests run

    seed = int.from_bytes(f"{camera}{number}".encode(), "big")
    pixels = np.random.default_rng(seed).integers(0, 256, (448, 448, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    return base64.b64encode(file.getvalue()).decode("ascii")


def _total(metrics: str, name: str) -> int:
    values = re.findall(rf"^{re.escape(name)}{{[^}}]*}} (\S+)$", metrics, re.MULTILINE)
    assert values, f"vLLM does not count {name}"
    return round(sum(map(float, values)))
