"""Runs vLLM's command line in a process that ends with its supervisor, however that ended.

A supervisor that was killed can end nothing any more: the GPU's memory would stay taken and the
port in use. Linux then sends this process SIGTERM, at which vLLM ends its own processes.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PARENT = "OMNICAM_SUPERVISOR"
"""Environment variable with the supervisor's process number."""

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent, then hand the arguments to vLLM."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(os.environ[PARENT]):
        sys.exit("the supervisor has ended already")
    from vllm.entrypoints.cli.main import main as vllm

    vllm()


if __name__ == "__main__":
    main()
