"""Verdicts of a real vLLM on the CPU, over HTTP, beside transformers' own logits.

One server for all tests, with the route as `--middleware` and the plug-in as an entry point.
"""

from __future__ import annotations

import base64
import http.client
import io
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoProcessor, Qwen3OmniMoeForConditionalGeneration

from checkpoints import Shape, build
from inference_server.serve.verdict.answers import Vocabulary
from tests.inference_server.serve.test_compressed import SETTINGS, plugin
from tests.inference_server.serve.verdict.verdict_scenes import (
    QUESTIONS,
    SCENE,
    SYSTEM,
    picture,
    request,
    wav,
)

ROOT = Path(__file__).resolve().parents[4]
NODE = ROOT / ".venv" / "bin" / "python"
START_S = 400.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

# One that needs no scaling, one that does; a film of three frames, whose last is taken twice.
PICTURES = [picture(1, 96, 64), picture(2, 90, 50)]
FILM = [picture(seed, 384, 352, "JPEG") for seed in (3, 4, 5)]
SOUND = wav(1.3)


class Server:
    """Where it is, and how to ask it."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, str], bytes]:
        way = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
            way.request(method, path, data, {"Content-Type": "application/json"})
            answer = way.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            way.close()

    def verdict(self, body: Any) -> tuple[int, Any]:
        status, _, answer = self.ask("POST", "/v1/verdict", body)
        return status, json.loads(answer)

    def counters(self) -> dict[str, float]:
        found = self.ask("GET", "/metrics")[2].decode()
        names = ("prefix_cache_hits", "prefix_cache_queries", "mm_cache_hits", "mm_cache_queries")
        return {
            name: float(re.search(rf"^vllm:{name}_total\{{.*\}} (\S+)$", found, re.MULTILINE)[1])
            for name in names
        }


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verdict") / "model"
    return build(folder, Shape(layers=2, vision_layers=3, audio_layers=1))


@pytest.fixture(scope="module")
def server(checkpoint: Path) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    paths = [str(plugin(checkpoint.parent)), str(ROOT), str(ROOT / "bench")]
    command = [sys.executable, "-m", "vllm.entrypoints.cli.main", "serve", str(checkpoint)]
    command += ["--port", str(port), "--host", "127.0.0.1", "--dtype", "float32"]
    command += ["--served-model-name", "omni", "--enforce-eager", "--max-model-len", "2048"]
    command += ["--limit-mm-per-prompt", '{"image": 2, "video": 1, "audio": 1}']
    command += ["--mm-processor-cache-gb", "0.1", "--max-num-seqs", "16"]
    command += ["--middleware", "inference_server.serve.verdict.route.Route"]
    log = checkpoint.parent / "server.log"
    with log.open("wb") as out:
        environment = os.environ | SETTINGS | {"PYTHONPATH": os.pathsep.join(paths)}
        process = subprocess.Popen(
            command, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    made = Server(port)
    try:
        until = time.monotonic() + START_S
        while not _healthy(made):
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < until, log.read_text()[-3000:]
            time.sleep(0.5)
        yield made
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _healthy(server: Server) -> bool:
    try:
        return server.ask("GET", "/health")[0] == 200
    except OSError:
        return False


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def expected(checkpoint: Path, question: str) -> tuple[float, int]:
    """Give z by transformers' own processor, template and model, and the prompt's tokens."""
    processor = AutoProcessor.from_pretrained(checkpoint)
    model = Qwen3OmniMoeForConditionalGeneration.from_pretrained(checkpoint, dtype=torch.float32)
    kinds = ["image", "image", "video", "audio"]
    content = [*({"type": kind} for kind in kinds), {"type": "text", "text": SCENE + question}]
    messages = [
        {"role": "system", "content": [{"type": "text", "text": SYSTEM}]},
        {"role": "user", "content": content},
    ]
    written = processor.tokenizer.apply_chat_template(
        messages, tokenize=False, add_generation_prompt=True
    )
    frames = np.stack([np.asarray(opened(frame)) for frame in FILM])
    samples = np.frombuffer(SOUND[44:], "<i2").astype(np.float32) / 32768.0
    inputs = processor(
        text=written,
        images=[opened(each) for each in PICTURES],
        videos=[torch.from_numpy(frames).permute(0, 3, 1, 2)],
        audio=[np.pad(samples, (0, -len(samples) % 160))],
        return_tensors="pt",
    )
    with torch.inference_mode():
        logits = model.thinker.eval()(**inputs).logits[0, -1].double()
    found = torch.log_softmax(logits, -1)
    words = Vocabulary.of(lambda text: processor.tokenizer.encode(text, add_special_tokens=False))
    yes, no = (torch.logsumexp(found[list(side)], 0) for side in (words.yes, words.no))
    return float(yes - no), inputs["input_ids"].shape[1]


def test_nine_verdicts_are_transformers_own(server: Server, checkpoint: Path) -> None:
    before = server.counters()
    status, answer = server.verdict(request(PICTURES, FILM, SOUND, model="omni"))
    assert status == 200, answer
    assert (answer["object"], answer["model"]) == ("verdict", "omni")
    assert list(answer["log_odds"]) == list(answer["share"]) == list(QUESTIONS)
    assert len(set(answer["log_odds"].values())) == 9
    assert all(0.0 < share < 1.0 for share in answer["share"].values())
    tokens = 0
    for name in ("climbing", "fall", "camera"):
        z, tokens = expected(checkpoint, QUESTIONS[name])
        # Both compute in float32, in another order.
        assert answer["log_odds"][name] == pytest.approx(z, abs=2e-4), name
    used = answer["usage"]
    assert used["prompt_tokens"] == pytest.approx(9 * tokens, rel=0.03)
    # Eight of nine questions found the window worked out, all but the last block of 16 (here of
    # 128) and what follows the media.
    assert used["cached_tokens"] >= 8 * (tokens - 2 * 128)
    after = server.counters()
    assert after["mm_cache_queries"] - before["mm_cache_queries"] == 4
    assert after["mm_cache_hits"] == before["mm_cache_hits"]


def test_the_same_window_again_hits_both_caches_and_says_the_same(server: Server) -> None:
    _, first = server.verdict(request(PICTURES, FILM, SOUND))
    before = server.counters()
    status, again = server.verdict(request(PICTURES, FILM, SOUND))
    after = server.counters()
    assert status == 200
    assert again["log_odds"] == pytest.approx(first["log_odds"], abs=1e-4)
    assert after["mm_cache_hits"] - before["mm_cache_hits"] == 4
    gained = after["prefix_cache_hits"] - before["prefix_cache_hits"]
    assert gained == again["usage"]["cached_tokens"]
    assert gained > 0.7 * again["usage"]["prompt_tokens"]


def test_questions_do_not_know_of_each_other(server: Server) -> None:
    _, all_of_them = server.verdict(request(PICTURES, FILM, SOUND))
    one = {"fall": QUESTIONS["fall"]}
    _, alone = server.verdict(request(PICTURES, FILM, SOUND, questions=one))
    assert alone["log_odds"]["fall"] == pytest.approx(all_of_them["log_odds"]["fall"], abs=1e-4)


def test_a_changed_picture_changes_the_verdicts_and_keeps_the_rest(server: Server) -> None:
    _, first = server.verdict(request(PICTURES, FILM, SOUND))
    before = server.counters()
    status, other = server.verdict(request([PICTURES[0], picture(77, 90, 50)], FILM, SOUND))
    assert status == 200
    assert other["log_odds"] != first["log_odds"]
    # Three of four media are known.
    assert server.counters()["mm_cache_hits"] - before["mm_cache_hits"] == 3


def test_text_alone_is_answered_too(server: Server) -> None:
    status, answer = server.verdict(request([], [], b""))
    assert status == 200, answer
    assert len(answer["log_odds"]) == 9


@pytest.mark.parametrize(
    ("change", "status", "param"),
    [
        ({"questions": {}}, 400, "questions"),
        ({"questions": {f"q{n}": "Is it?" for n in range(40)}}, 400, "questions"),
        ({"questions": {"q": "<|image_pad|> Is it?"}}, 400, "questions"),
        ({"question": "Is it?"}, 400, "question"),
        ({"model": "another"}, 404, "model"),
        ({"questions": {"q": "Yes or No? " * 1000}}, 400, "questions.q"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else str(value),
)
def test_what_cannot_be_asked_is_named(
    server: Server, change: dict[str, Any], status: int, param: str
) -> None:
    got, answer = server.verdict(request(PICTURES[:1], [], b"", **change))
    assert (got, answer["error"]["param"]) == (status, param), answer
    assert answer["error"]["message"]


def test_too_many_pictures_and_garbage_are_refused_and_the_server_lives_on(server: Server) -> None:
    got, answer = server.verdict(request([PICTURES[0]] * 3, [], b""))
    assert got == 400
    assert "at most 2" in answer["error"]["message"]
    got, answer = server.verdict(request([base64.b64decode("Z2FyYmFnZQ==")], [], b""))
    assert got == 400
    assert answer["error"]["param"] == "messages[1].content[0].image_url.url"
    assert server.verdict(b"{no JSON")[0] == 400
    assert server.ask("GET", "/v1/verdict")[0] == 405
    assert server.verdict(request(PICTURES, FILM, SOUND))[0] == 200


def test_every_answer_says_that_the_route_is_there(server: Server) -> None:
    for path in ("/health", "/v1/models", "/nowhere"):
        assert server.ask("GET", path)[1]["omnicam-verdict"] == "1"


def test_the_nodes_client_asks_by_the_route(server: Server) -> None:
    assert NODE.exists(), "the node's environment is missing: scripts/setup/run.sh edge"
    script = Path(__file__).with_name("verdict_client.py")
    before = server.counters()
    done = subprocess.run(
        [NODE, script, f"http://127.0.0.1:{server.port}/v1"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "addon")},
        stdout=subprocess.PIPE,
        timeout=300,
        check=True,
    )
    looked = json.loads(done.stdout)
    assert len(looked["z"]) == 9
    assert len(set(looked["z"].values())) > 1
    # A small view, a cut and a sound: each is looked up once for all nine questions.
    after = server.counters()
    assert after["mm_cache_queries"] - before["mm_cache_queries"] == 3
    assert looked["seconds"] > 0
