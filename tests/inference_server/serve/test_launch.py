"""vLLM's process ends with its supervisor, also where that was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[3]

# A supervisor that starts the launcher and waits; what stands for vLLM says who it is.
SUPERVISOR = """
import os, subprocess, sys
os.environ["OMNICAM_SUPERVISOR"] = str(os.getpid() + int(sys.argv[1]))
command = [sys.executable, "-m", "inference_server.serve.launch", "serve", "x"]
sys.exit(subprocess.run(command).returncode)
"""
VLLM = """
import os, sys, time
def main():
    print(os.getpid(), *sys.argv[1:], flush=True)
    time.sleep(300)
"""


def start(folder: Path, off: int) -> subprocess.Popen[str]:
    package = folder / "vllm" / "entrypoints" / "cli"
    package.mkdir(parents=True)
    for place in (package, package.parent, package.parent.parent):
        (place / "__init__.py").touch()
    (package / "main.py").write_text(VLLM)
    path = os.pathsep.join((str(folder), str(ROOT)))
    return subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(off)],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_ends_when_the_supervisor_was_killed(tmp_path: Path) -> None:
    supervisor = start(tmp_path, 0)
    pid, *arguments = supervisor.stdout.readline().split()
    assert arguments == ["serve", "x"]
    assert running(int(pid))
    supervisor.send_signal(signal.SIGKILL)
    supervisor.wait(10)
    until = time.monotonic() + 10
    while running(int(pid)):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_it_does_not_start_where_the_supervisor_has_gone(tmp_path: Path) -> None:
    supervisor = start(tmp_path, 1)
    assert supervisor.wait(20) == 1
    assert "has ended already" in supervisor.stderr.read()
    assert supervisor.stdout.read() == ""


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
