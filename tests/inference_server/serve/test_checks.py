"""All points of the check before serving, and the command line that shows them."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from inference_server.check import Finding
from inference_server.cli import main
from inference_server.machine import Gpu, Machine
from inference_server.profiles import GIB, PROFILES
from inference_server.serve import token
from inference_server.serve.arguments import Listen
from inference_server.serve.checks import CPU_EXPERTS, ENCODERS, Wish, examine, port, tls
from tests.inference_server.serve.checkpoint_files import write

SECRET = "a-token-of-the-test"
BOTH = frozenset({ENCODERS, CPU_EXPERTS})
ORIN = Machine(15 * GIB, (Gpu("Orin", 0, "8.7"),), "0.24.0", BOTH)
CPU = Machine(16 * GIB, (), "0.32.0+cpu", BOTH)
H100 = Gpu("H100", 80 * GIB, "9.0")
AUDIO = ("thinker.audio_tower.",)
EXPERTS = tuple(f"thinker.model.layers.{layer}.mlp" for layer in range(2))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def wrong(findings: tuple[Finding, ...]) -> list[str]:
    assert all(finding.remedy for finding in findings if not finding.holds)
    assert not any(finding.remedy for finding in findings if finding.holds)
    return [finding.subject for finding in findings if not finding.holds]


def test_everything_in_place_gives_what_serving_needs(tmp_path: Path) -> None:
    wish = Wish(write(tmp_path / "model"), Listen("127.0.0.1", free_port(), "omni"))
    checked = examine(PROFILES["cpu"], CPU, wish, {token.ENVIRONMENT: SECRET})
    assert wrong(checked.findings) == []
    assert checked.holds
    assert checked.token == SECRET
    assert checked.engine is not None
    assert checked.checkpoint is not None
    assert SECRET not in str(checked.findings)


@pytest.mark.parametrize(
    ("name", "machine", "packed", "missing"),
    [
        ("orin-nx-16gb", ORIN, AUDIO, set()),
        ("orin-nx-16gb", Machine(15 * GIB, ORIN.gpus, "0.24.0"), AUDIO, {ENCODERS}),
        ("cpu", Machine(16 * GIB, (), "0.32.0+cpu"), EXPERTS, {CPU_EXPERTS, ENCODERS}),
        ("cpu", Machine(16 * GIB, (), "0.32.0+cpu"), (), {ENCODERS}),
        ("cpu", CPU, EXPERTS + AUDIO, set()),
    ],
)
def test_the_plug_ins_are_asked_for(
    tmp_path: Path, name: str, machine: Machine, packed: tuple[str, ...], missing: set[str]
) -> None:
    wish = Wish(write(tmp_path / "model", packed=packed))
    checked = examine(PROFILES[name], machine, wish, {})
    assert wrong(checked.findings) == ["plug-in"] * bool(missing)
    found = next(finding for finding in checked.findings if finding.subject == "plug-in")
    assert all(each in found.found for each in missing)


@pytest.mark.parametrize(
    ("name", "machine", "missing"),
    [
        ("cluster", Machine(64 * GIB, (H100,), "0.24.0"), ["device"]),
        ("cluster", Machine(64 * GIB, (H100, H100), "0.24.0"), []),
        # vLLM's build for CPUs would leave the GPU alone, and the other way round.
        ("h100", Machine(64 * GIB, (H100,), "0.32.0+cpu"), ["vLLM"]),
        ("cpu", Machine(64 * GIB, (H100,), "0.32.0"), ["vLLM"]),
        ("cpu", Machine(64 * GIB, (), None), ["vLLM"]),
    ],
)
def test_the_device_and_the_build_of_vllm(name: str, machine: Machine, missing: list[str]) -> None:
    assert wrong(examine(PROFILES[name], machine, Wish(), {}).findings) == missing


def test_every_copy_of_a_cluster_has_a_gpu(tmp_path: Path) -> None:
    machine = Machine(64 * GIB, (H100,) * 4, "0.24.0")
    checked = examine(PROFILES["cluster"], machine, Wish(write(tmp_path / "model"), split=2), {})
    assert checked.engine is not None
    assert (checked.engine.replicas, checked.engine.split) == (2, 2)
    assert "2 copies" in next(f.found for f in checked.findings if f.subject == "room")


@pytest.mark.parametrize(
    ("name", "gpus", "available", "missing"),
    [
        ("cpu", (), 8 * GIB, []),
        ("cpu", (), 50_000_000, ["free memory"]),
        ("h100", (Gpu("H100", 80 * GIB, "9.0", 79 * GIB),), None, []),
        ("h100", (Gpu("H100", 80 * GIB, "9.0", 70 * GIB),), None, ["free memory"]),
        # The fullest card of a cluster decides.
        ("cluster", (Gpu("H100", 80 * GIB, "9.0", 79 * GIB),) * 2, None, []),
        ("cluster", (H100, Gpu("H100", 80 * GIB, "9.0", GIB)), None, ["free memory"]),
    ],
)
def test_what_others_use_is_seen_before_vllm_starts(
    tmp_path: Path, name: str, gpus: tuple[Gpu, ...], available: int | None, missing: list[str]
) -> None:
    version = "0.32.0+cpu" if name == "cpu" else "0.32.0"
    machine = Machine(64 * GIB, gpus, version, BOTH, available)
    checked = examine(PROFILES[name], machine, Wish(write(tmp_path / "model")), {})
    assert wrong(checked.findings) == missing


def test_a_port_in_use_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = Listen("127.0.0.1", taken.getsockname()[1], "omni")
        found = port(listen)
        assert not found.holds
        assert "in use" in found.found
        assert "--port" in found.remedy
    assert port(listen).holds
    assert "--host" in port(Listen("192.0.2.1", 8000, "omni")).remedy


def test_a_certificate_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("no certificate")
    for cert in (tmp_path / "cert.pem", tmp_path / "nowhere.pem"):
        found = tls(Listen("::", 8443, "omni", str(cert), str(cert)))
        assert not found.holds
        assert "--tls-cert" in found.remedy


def test_check_looks_at_a_checkpoint_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--profile", "cpu", "--model", str(tmp_path / "nowhere")]) == 1
    assert "no folder" in capsys.readouterr().out
    main(["check", "--profile", "cpu", "--model", str(write(tmp_path / "model"))])
    assert "ok       room: " in capsys.readouterr().out


def test_serve_starts_nothing_where_something_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(token.ENVIRONMENT, raising=False)
    model = str(write(tmp_path / "model"))
    serve = ["serve", "--profile", "cpu", "--model", model, "--port", str(free_port())]
    assert main(serve) == 1
    assert f"set {token.ENVIRONMENT}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--tls-cert", "cert.pem"], "give both"),
        (["--make-token"], "--token-file"),
        (["--", "--api-key", "secret"], "--api-key"),
        (["--", "--middleware=other.Guard"], "--middleware"),
    ],
)
def test_wrong_usage_is_said_at_once(
    capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    assert main(["serve", "--profile", "cpu", "--model", os.devnull, *more]) == 2
    assert said in capsys.readouterr().err
