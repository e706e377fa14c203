"""The check of a machine against a profile."""

from __future__ import annotations

import pytest

from inference_server.check import check, in_range
from inference_server.cli import main
from inference_server.machine import Gpu, Machine, inspect, parse_gpus
from inference_server.profiles import GIB, PROFILES

ORIN = Machine(memory=15 * GIB, gpus=(Gpu("Orin", 0, "8.7"),), vllm="0.24.0")
DESKTOP = Machine(memory=64 * GIB, gpus=(Gpu("RTX 4090", 24 * GIB, "8.9"),), vllm="0.24.0")


@pytest.mark.parametrize(
    ("profile", "machine", "wrong"),
    [
        ("orin-nx-16gb", ORIN, []),
        ("orin-agx-64gb", ORIN, ["memory"]),
        ("rtx-4090", DESKTOP, []),
        ("rtx-4090", Machine(64 * GIB, (), None), ["device", "GPU memory", "vLLM"]),
        ("h100", DESKTOP, ["device", "GPU memory"]),
        ("orin-nx-16gb", Machine(15 * GIB, ORIN.gpus, "0.19.1"), ["vLLM"]),
    ],
)
def test_what_is_missing_is_named_with_a_remedy(
    profile: str, machine: Machine, wrong: list[str]
) -> None:
    findings = check(PROFILES[profile], machine)
    assert [finding.subject for finding in findings if not finding.holds] == wrong
    assert all(finding.remedy for finding in findings if not finding.holds)


def test_gpus_are_read_as_nvidia_smi_prints_them() -> None:
    text = "NVIDIA H100 80GB HBM3, 81559, 9.0, 81000\nOrin (nvgpu), [N/A], 8.7, [N/A]\n\n"
    assert parse_gpus(text) == (
        Gpu("NVIDIA H100 80GB HBM3", 81559 * 1024**2, "9.0", 81000 * 1024**2),
        Gpu("Orin (nvgpu)", 0, "8.7"),
    )


@pytest.mark.parametrize(
    ("version", "good"),
    [
        ("0.23.9", False),
        ("0.24.0", True),
        ("0.29.1+cu129", True),
        ("0.32.0+cpu", True),
        ("0.33.0", False),
    ],
)
def test_the_range_of_versions(version: str, *, good: bool) -> None:
    assert in_range(version) is good


def test_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profiles"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in PROFILES)
    status = main(["check", "--profile", "h100"])
    findings = check(PROFILES["h100"], inspect())
    assert status == (0 if all(finding.holds for finding in findings) else 1)
    with pytest.raises(SystemExit):
        main(["check", "--profile", "abacus"])
