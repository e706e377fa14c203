"""What must hold before vLLM is started, each point with the remedy: one list for `check` too."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from inference_server.check import Finding, check, suiting
from inference_server.machine import Machine
from inference_server.profiles import Profile
from inference_server.serve import token
from inference_server.serve.arguments import Listen
from inference_server.serve.checkpoint import Checkpoint, open_checkpoint
from inference_server.serve.errors import ServeError
from inference_server.serve.options import Engine, engine, tight

ENCODERS, CPU_EXPERTS = "omnicam_encoders", "omnicam_cpu_experts"
"""Our plug-ins for vLLM, by the names that pyproject.toml gives them."""

Thing = TypeVar("Thing")

_INSTALL = (
    "install this package where vLLM is: pip install --no-deps omnicam (or the folder of its "
    "source), and leave VLLM_PLUGINS unset"
)


@dataclass(frozen=True)
class Wish:
    """What is to be served, as the command line says it.

    Attributes:
        model: the checkpoint's folder; None: not looked at.
        listen: where to answer; None: not looked at.
        token_file: None for the environment.
        windows: at a time; None for what fits.
        context: tokens; None for the profile's.
        split: GPUs that one copy of the model is cut over.
        share: of a GPU's own memory; None for the profile's.
    """

    model: Path | None = None
    listen: Listen | None = None
    token_file: Path | None = None
    windows: int | None = None
    context: int | None = None
    split: int = 1
    share: float | None = None


@dataclass(frozen=True)
class Checked:
    """All findings, and what was made of them where they hold."""

    findings: tuple[Finding, ...]
    checkpoint: Checkpoint | None = None
    engine: Engine | None = None
    token: str | None = None

    @property
    def holds(self) -> bool:
        """Whether everything holds."""
        return all(finding.holds for finding in self.findings)


def examine(
    profile: Profile, machine: Machine, wish: Wish, environment: Mapping[str, str]
) -> Checked:
    """Look at everything that is wished for; what is wrong is a finding, never an exception."""
    findings = [*check(profile, machine)]
    checkpoint: Checkpoint | None = None
    chosen: Engine | None = None
    secret: str | None = None
    if wish.model is not None:
        folder = wish.model
        checkpoint = _found(findings, "checkpoint", lambda: open_checkpoint(folder))
    if checkpoint is not None:
        whole = checkpoint
        findings[-1] = Finding("checkpoint", holds=True, found=_describe(whole), remedy="")
        findings.append(plugins(profile, whole, machine))
        chosen = _found(findings, "room", lambda: _engine(profile, machine, whole, wish))
    if chosen is not None:
        findings[-1] = Finding("room", holds=True, found=_room(profile, chosen), remedy="")
        findings += free(profile, chosen, machine)
    if wish.listen is not None:
        listen = wish.listen
        secret = _found(findings, "token", lambda: token.load(wish.token_file, environment))
        findings.append(port(listen))
        if listen.cert is not None:
            findings.append(tls(listen))
    return Checked(tuple(findings), checkpoint, chosen, secret)


def plugins(profile: Profile, checkpoint: Checkpoint, machine: Machine) -> Finding:
    """Look for our plug-ins: vLLM's own error would not name them.

    The first makes every checkpoint faster, and without it vLLM loads no packed sound encoder. On a
    CPU vLLM has no kernels for packed experts.
    """
    needed = {ENCODERS}
    if profile.compute_capability is None and "experts" in checkpoint.packed:
        needed.add(CPU_EXPERTS)
    missing = sorted(needed - machine.plugins)
    if missing:
        found = f"vLLM does not see {', '.join(missing)}, which this needs"
        return Finding("plug-in", holds=False, found=found, remedy=_INSTALL)
    return Finding("plug-in", holds=True, found=", ".join(sorted(needed)), remedy="")


def free(profile: Profile, chosen: Engine, machine: Machine) -> list[Finding]:
    """See whether what is needed is free now; no finding where the machine does not tell."""
    if profile.unified:
        wanted, there = float(chosen.bytes_needed), machine.available
        remedy = "end other programs, or give fewer --windows"
    else:
        cards = suiting(profile, machine)
        wanted = chosen.share * max((gpu.memory for gpu in cards), default=0)
        known = [gpu.free for gpu in cards if gpu.free is not None]
        there = min(known, default=None)
        remedy = "end what else uses the GPU (nvidia-smi lists it), or take less with --share"
    if there is None:
        return []
    holds = there >= wanted
    found = f"{there / 1e9:.2f} GB, {wanted / 1e9:.2f} are wanted"
    return [Finding("free memory", holds, found, "" if holds else remedy)]


def port(listen: Listen) -> Finding:
    """See whether the address can be listened on."""
    place = f"{listen.host}:{listen.port}"
    try:
        # As vLLM does: a connection that has just ended does not count.
        with socket.create_server((listen.host, listen.port), family=_family(listen.host)):
            return Finding("port", holds=True, found=place, remedy="")
    except OSError as error:
        used = error.errno == errno.EADDRINUSE
        found = f"{place}: {'in use by another program' if used else error.strerror or error}"
        remedy = "choose another --port" if used else "choose another --host or --port"
        return Finding("port", holds=False, found=found, remedy=remedy)


def tls(listen: Listen) -> Finding:
    """See whether the certificate and the key can be read and belong together."""
    found = f"{listen.cert}, {listen.key}"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(listen.cert or "", listen.key)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        remedy = "give the PEM files of one certificate with --tls-cert and --tls-key"
        return Finding("TLS", holds=False, found=f"{found}: {reason}", remedy=remedy)
    return Finding("TLS", holds=True, found=found, remedy="")


def _engine(profile: Profile, machine: Machine, checkpoint: Checkpoint, wish: Wish) -> Engine:
    return engine(
        profile,
        checkpoint,
        gpus=max(len(suiting(profile, machine)), profile.gpus),
        windows=wish.windows,
        context=wish.context,
        split=wish.split,
        share=wish.share,
    )


def _found(findings: list[Finding], subject: str, look: Callable[[], Thing]) -> Thing | None:
    """Add a finding of what `look` gives, or of why it gives nothing."""
    try:
        thing = look()
    except ServeError as error:
        # The message holds the remedy: what was found is that it does not hold.
        findings.append(Finding(subject, holds=False, found="not usable", remedy=str(error)))
        return None
    findings.append(Finding(subject, holds=True, found="found", remedy=""))
    return thing


def _describe(checkpoint: Checkpoint) -> str:
    recipe = "" if checkpoint.recipe is None else f", recipe {checkpoint.recipe}"
    experts = checkpoint.shape.text.experts
    return f"{checkpoint.weights / 1e9:.2f} GB, {experts} experts a layer{recipe}"


def _room(profile: Profile, chosen: Engine) -> str:
    said = (
        f"{chosen.bytes_needed / 1e9:.2f} of {profile.usable_gb:g} GB with {chosen.windows} "
        f"windows of up to {chosen.context} tokens"
    )
    if chosen.replicas * chosen.split > 1:
        said += f"; {chosen.replicas} copies, each on {chosen.split} GPUs"
    return said + ("; tight" if tight(profile, chosen) else "")


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
