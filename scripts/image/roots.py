"""Folders that stand for a container's root: running in them, copying into them, measuring them."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_PASSED_ON = ("PIP_INDEX_URL", "PIP_DEFAULT_TIMEOUT", "NPM_CONFIG_REGISTRY")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

# What a container has and a bare folder lacks. The mounts are private: they go with the process.
_INSIDE = r"""
set -euo pipefail
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
mount --bind --options ro /sys "$ROOT/sys"
mount -t tmpfs tmpfs "$ROOT/run"
for file in /etc/resolv.conf "$CERTIFICATES"; do
  [[ ! -e $file ]] || { [[ -e $ROOT$file ]] || : >"$ROOT$file"; mount --bind "$file" "$ROOT$file"; }
done
if [[ $NETWORK == none ]]; then ip link set lo up; fi
exec chroot "$ROOT" /usr/bin/env -i "$@"
"""


def run(
    root: Path,
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    folder: str = "/",
    network: bool = True,
    timeout_s: float = 900.0,
) -> subprocess.CompletedProcess[str]:
    """Run a command in a root, as a container would, at low priority.

    This machine's own way to its registries (index, proxy, certificates) is lent for the time of
    the command; nothing of it stays in the root.
    """
    variables = dict(environment)
    if network:
        for name in (*_PASSED_ON, *_PROXIES):
            if name in os.environ:
                variables[name] = os.environ[name]
        for name in ("PIP_CERT", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"):
            variables[name] = str(_CERTIFICATES)
    inner = f"cd {shlex.quote(folder)} && exec {shlex.join(command)}"
    words = [f"{key}={value}" for key, value in variables.items()]
    isolation = ["--mount", "--pid", "--fork", "--kill-child", "--uts"]
    isolation += [] if network else ["--net"]
    shell = ["bash", "-c", _INSIDE, "inside"]
    return subprocess.run(
        ["nice", "unshare", *isolation, *shell, *words, "bash", "-c", inner],
        env={
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "ROOT": str(root),
            "CERTIFICATES": str(_CERTIFICATES),
            "NETWORK": "host" if network else "none",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def clone(source: Path, target: Path) -> None:
    """Copy a whole root, sharing blocks where the file system can."""
    if target.exists():
        shutil.rmtree(target)
    subprocess.run(
        ["nice", "cp", "--archive", "--reflink=auto", str(source), str(target)], check=True
    )


def inside(root: Path, path: str, folder: str = "/") -> Path:
    """Give the place of a container's path in its root."""
    return root / os.path.normpath(Path("/") / folder / path).lstrip("/")


def copy(sources: Sequence[Path], target: Path, *, into_folder: bool) -> None:
    """Copy as COPY does: a folder's content, or files into a folder, or one file to a name.

    What is copied belongs to root, whoever owned it.
    """
    for source in sources:
        if source.is_dir():
            target.mkdir(parents=True, exist_ok=True)
            # cp keeps links and modes, and goes through the root's own links to folders.
            options = ["--archive", "--no-preserve=ownership", "--no-target-directory"]
            subprocess.run(["cp", *options, f"{source}/.", f"{target}/."], check=True)
        else:
            place = target / source.name if into_folder or len(sources) > 1 else target
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place)


def megabytes(root: Path) -> int:
    """Measure what a root holds, in MB, on this one file system."""
    answer = subprocess.run(
        ["du", "-sxm", str(root)], stdout=subprocess.PIPE, text=True, check=True
    )
    return int(answer.stdout.split()[0])
