"""`inference_server serve`: its options, and the way from them to a watched server."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address
from pathlib import Path

from inference_server import machine
from inference_server.check import Finding
from inference_server.profiles import PROFILES, Profile
from inference_server.serve import guard, launch, token
from inference_server.serve.arguments import ENVIRONMENT, Listen, arguments
from inference_server.serve.asking import Asker
from inference_server.serve.checks import Checked, Wish, examine
from inference_server.serve.errors import ServeError
from inference_server.serve.options import Engine, requests_at_a_time
from inference_server.serve.supervisor import Plan, Supervisor

BODY_MIB = 16
BODY_S = 30.0
_SIDES: Mapping[bool, int] = {True: 64, False: 448}
"""Of the pictures that warm the server up, by whether it computes on a CPU."""

_OURS = frozenset({"--api-key", "--middleware", "--host", "--port", "--uds", "--root-path"})


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "serve",
        help="serve a checkpoint with vLLM, guarded by a token",
        description=f"The token comes from --token-file, or from {token.ENVIRONMENT}.",
        epilog="Options for vLLM itself come last, after --.",
    )
    parser.add_argument("--profile", required=True, choices=list(PROFILES))
    parser.add_argument("--model", required=True, type=Path, metavar="DIR", help="the checkpoint")
    parser.add_argument("--name", default="qwen3-omni", help="as clients call it (%(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 for all (%(default)s)")
    parser.add_argument("--port", type=_port, default=8000, help="TCP port (%(default)s)")
    parser.add_argument("--token-file", type=Path, metavar="FILE")
    parser.add_argument("--make-token", action="store_true", help="make FILE if it is not there")
    parser.add_argument("--tls-cert", metavar="PEM", help="certificate chain")
    parser.add_argument("--tls-key", metavar="PEM", help="its private key")
    parser.add_argument("--windows", type=_positive, metavar="N", help="at a time (what fits)")
    parser.add_argument("--context", type=_positive, metavar="N", help="tokens of a request")
    parser.add_argument("--split", type=_positive, default=1, metavar="N", help="GPUs of one copy")
    parser.add_argument("--share", type=_share, metavar="N", help="of the GPU's memory, 0.1 to 1")
    parser.add_argument("--body-mib", type=_positive, default=BODY_MIB, metavar="N")
    parser.add_argument("--start-s", type=_positive, default=1800, metavar="S")
    parser.add_argument("--stop-s", type=_positive, default=20, metavar="S")
    parser.add_argument("vllm", nargs="*", metavar="-- VLLM-OPTION", help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT: 0; 1 where it cannot be served; 2 for wrong usage."""
    try:
        more = _more(options.vllm)
        listen = _listen(options)
        _make_token(options)
        checked = _examine(options, listen)
    except ServeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: this machine cannot be inspected: {error}", file=sys.stderr)
        return 1
    show(checked.findings)
    if not checked.holds:
        return 1
    _warn(options, listen)
    with tempfile.TemporaryDirectory(prefix="omnicam-serve-") as folder:
        return _serve(options, listen, checked, more, Path(folder))


def show(findings: Iterable[Finding]) -> None:
    """Print each point, and its remedy where it does not hold."""
    for finding in findings:
        mark = "ok" if finding.holds else "MISSING"
        print(f"{mark:<8} {finding.subject}: {finding.found}")
        if finding.remedy:
            print(f"         -> {finding.remedy}")
    sys.stdout.flush()


def _serve(
    options: argparse.Namespace, listen: Listen, checked: Checked, more: list[str], folder: Path
) -> int:
    checkpoint, chosen, secret = checked.checkpoint, checked.engine, checked.token
    if checkpoint is None or chosen is None or secret is None:
        raise ServeError("nothing to serve")
    command = [sys.executable, "-m", launch.__name__, "serve"]
    command += [*arguments(checkpoint, chosen, listen), *more]
    ready = folder / "ready"
    plan = Plan(
        command=command,
        environment=_environment(options, secret, chosen, ready),
        asker=Asker(listen, secret),
        ready_file=ready,
        side=_SIDES[PROFILES[options.profile].compute_capability is None],
        start_s=options.start_s,
        stop_s=options.stop_s,
    )
    supervisor = Supervisor(plan, _say, _pass_on(secret))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.stop())
    scheme = "http" if listen.cert is None else "https"
    _say(f"model {listen.name} at {scheme}://{listen.host}:{listen.port}/v1")
    try:
        supervisor.run()
    except ServeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    _say("ended")
    return 0


def _environment(
    options: argparse.Namespace, secret: str, chosen: Engine, ready: Path
) -> dict[str, str]:
    """Give vLLM's environment: of the token only a digest."""
    settings = guard.Settings(
        token_sha256=guard.digest(secret),
        body_bytes=options.body_mib * 2**20,
        requests=requests_at_a_time(chosen),
        body_s=BODY_S,
        ready_file=str(ready),
    )
    known = {name: value for name, value in os.environ.items() if name != token.ENVIRONMENT}
    ours = {guard.VARIABLE: settings.variable(), launch.PARENT: str(os.getpid())}
    return known | dict(ENVIRONMENT) | ours


def _examine(options: argparse.Namespace, listen: Listen) -> Checked:
    wish = Wish(
        model=options.model,
        listen=listen,
        token_file=options.token_file,
        windows=options.windows,
        context=options.context,
        split=options.split,
        share=options.share,
    )
    profile: Profile = PROFILES[options.profile]
    return examine(profile, machine.inspect(), wish, os.environ)


def _listen(options: argparse.Namespace) -> Listen:
    if (options.tls_cert is None) != (options.tls_key is None):
        raise ServeError("--tls-cert and --tls-key belong together: give both")
    return Listen(options.host, options.port, options.name, options.tls_cert, options.tls_key)


def _make_token(options: argparse.Namespace) -> None:
    if not options.make_token:
        return
    if options.token_file is None:
        raise ServeError("--make-token needs --token-file FILE: where the token goes")
    if token.make(options.token_file):
        _say(f"made a token in {options.token_file}: the node's model.token_file takes a copy")


def _more(given: list[str]) -> list[str]:
    """Give the options for vLLM itself; not those that would go around the guard."""
    for option in given:
        if option.partition("=")[0] in _OURS:
            raise ServeError(f"{option}: this one is not vLLM's to take; leave it out after --")
    return given


def _warn(options: argparse.Namespace, listen: Listen) -> None:
    if options.token_file is not None and token.readable_by_others(options.token_file):
        _say(f"warning: other users can read {options.token_file}: chmod 600 it")
    if listen.cert is None and not _here(listen.host):
        _say(
            "warning: without --tls-cert the token and the pictures cross the network as they are: "
            "do so only where nobody else listens"
        )


def _here(host: str) -> bool:
    """Say whether an address is this machine's own only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _say(line: str) -> None:
    print(f"serve: {line}", flush=True)


def _pass_on(secret: str) -> Callable[[str], None]:
    """Give what prints vLLM's log lines; it has no token, and should it print one it is hidden."""
    hidden = (secret, guard.digest(secret))

    def pass_on(line: str) -> None:
        for each in hidden:
            line = line.replace(each, "(hidden)")
        print(line, file=sys.stderr, flush=True)

    return pass_on


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0.1 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text} is not between 0.1 and 1")
    return value


def _port(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port: 1 to 65535")
    return value
