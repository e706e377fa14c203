"""Build the app's image in folders and start it there: `python -m image.check`, as root.

scripts/setup/check_dockerfile.sh makes the base and calls this.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import time
from pathlib import Path

from image import roots
from image.dockerfile import DockerfileError, read, words
from image.stages import Builder, Stage

HEALTHY_S = 90
STOP_S = 30
OPTIONS = {
    "node": "check",
    "language": "en",
    "cameras": [],
    "words": [],
    "mqtt": {"host": "127.0.0.1", "port": 1883},
    "config_file": "omnicam.yaml",
}
OWN_FILE = "cameras:\n  hall:\n    url: hall.mp4\n    night: '00:00-06:00'\n"

# A package that the lock leaves out shows here, also one that the node loads only when it needs it.
MODULES = """
import importlib, pkgutil, omnicam
names = [module.name for module in pkgutil.walk_packages(omnicam.__path__, "omnicam.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(len(names), "modules")
"""

# A minute of a moving pattern with noise in every other second, so that pictures and sound reach
# all that judges them, made with the image's own PyAV.
FOOTAGE = """
import av, numpy
loud = numpy.random.default_rng(1).normal(0, 0.1, (1, 1600)).astype("float32")
with av.open("/config/hall.mp4", "w") as file:
    video = file.add_stream("libx264", rate=10)
    video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
    audio = file.add_stream("aac", rate=16000, layout="mono")
    for number in range(600):
        picture = numpy.roll(numpy.indices((240, 320)).sum(0) % 256, number, 1).astype("uint8")
        frame = av.VideoFrame.from_ndarray(numpy.dstack([picture] * 3), format="rgb24")
        file.mux(video.encode(frame))
        samples = loud if number // 10 % 2 else loud / 1000
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 16000, number * 1600
        file.mux(audio.encode(frame))
    for stream in (video, audio):
        file.mux(stream.encode(None))
"""

# The service as s6 runs it, until it is healthy; then it is asked to stop, as the Supervisor asks.
SERVICE = r"""
mkdir -p /run/s6-linux-init-container-results
echo 0 >/run/s6-linux-init-container-results/exitcode
/etc/s6-overlay/s6-rc.d/omnicam/run >/tmp/node.log 2>&1 &
service=$! began=$SECONDS healthy=
while ((SECONDS - began < HEALTHY_S)) && kill -0 $service 2>/dev/null; do
  if HEALTH 2>/dev/null; then healthy=yes; break; fi
  sleep 0.5
done
echo "healthy: ${healthy:-no}, after $((SECONDS - began)) s"
if [[ -n $healthy ]]; then
  sleep 8
  HEALTH && echo "healthy: still, 8 s later"
  echo "user: $(stat --format %U /proc/$service), token in its environment: $(
    tr '\0' '\n' </proc/$service/environ | grep -c '^SUPERVISOR_TOKEN=')"
  stat --format '%n: %U %a' /run/omnicam/node.yaml /data/node/api_token /config/api_token.txt
fi
began=$SECONDS
kill -TERM $service 2>/dev/null
(sleep STOP_S; kill -KILL $service 2>/dev/null) &
code=0
wait $service || code=$?
echo "stopped: code $code, after $((SECONDS - began)) s"
left=0
for process in /proc/[0-9]*; do
  [[ $(stat --format %U "$process" 2>/dev/null) != omnicam ]] || left=$((left + 1))
done
echo "left behind: $left processes"
echo "--- its log"
tail -n 25 /tmp/node.log
# The node lives on when one of its processes does not: that is not good here.
if grep -qE ' (ERROR|CRITICAL) |Traceback' /tmp/node.log; then code=1; fi
[[ -n $healthy && $code == 0 && $left == 0 ]]
"""


def main() -> int:
    """Build and check; 1 where something failed."""
    parser = argparse.ArgumentParser(prog="python -m image.check", description=__doc__)
    for name in ("context", "base", "work"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    given = parser.parse_args()
    builder = Builder(given.context, given.base, given.work)
    began = time.monotonic()
    try:
        stage = builder.build(read(given.context / "Dockerfile"))
    except DockerfileError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    seconds = time.monotonic() - began
    print(f"built in {seconds:.0f} s; a Debian root stood in for {builder.base_image}")
    before, after = roots.megabytes(given.base), roots.megabytes(stage.root)
    print(f"size: {before} MB before, {after} MB after, {after - before} MB are ours")
    outcomes = {name: step(stage) for name, step in STEPS.items()}
    print(
        "\nnot checked: the base image itself, s6-overlay's own start, AppArmor in force, aarch64"
    )
    for name, good in outcomes.items():
        print(f"{'good' if good else 'FAILED':7} {name}")
    return 0 if all(outcomes.values()) else 1


def _no_secrets(stage: Stage) -> bool:
    """Look for what a build may leave: credentials, caches, the installer."""
    names = ("root/.npmrc", "root/.config/pip", "root/.cache", "etc/pip.conf", "opt/installer")
    left = [name for name in names if (stage.root / name).exists()]
    print("\n".join(f"left in the image: {name}" for name in left))
    return not left


def _prepare(stage: Stage) -> bool:
    for folder in ("data", "config"):
        (stage.root / folder).mkdir(exist_ok=True)
    (stage.root / "data/options.json").write_text(json.dumps(OPTIONS), encoding="utf-8")
    (stage.root / "data/options.json").chmod(0o600)
    (stage.root / "config/omnicam.yaml").write_text(OWN_FILE, encoding="utf-8")
    return _show(_in(stage, ["/opt/omnicam/bin/python", "-c", FOOTAGE]))


def _import(stage: Stage) -> bool:
    return _show(_in(stage, ["/opt/omnicam/bin/python", "-c", MODULES]))


def _check_config(stage: Stage) -> bool:
    translate = "python -m omnicam.app --options /data/options.json --out /tmp/node.yaml"
    command = f"/opt/omnicam/bin/{translate} && omnicam check-config /tmp/node.yaml"
    return _show(_in(stage, ["bash", "-c", command]))


def _serve(stage: Stage) -> bool:
    health = shlex.join(words(stage.health.partition("CMD ")[2]))
    script = SERVICE.replace("HEALTHY_S", str(HEALTHY_S)).replace("STOP_S", str(STOP_S))
    return _show(_in(stage, ["bash", "-c", script.replace("HEALTH", health)]))


def _in(stage: Stage, command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = stage.environment | {"SUPERVISOR_TOKEN": "not-a-token", "TZ": "Europe/Berlin"}
    return roots.run(stage.root, command, environment, network=False, timeout_s=240)


def _show(done: subprocess.CompletedProcess[str]) -> bool:
    print(done.stdout.rstrip())
    return done.returncode == 0


STEPS = {
    "nothing of the build is left": _no_secrets,
    "every module imports": _import,
    "PyAV makes footage": _prepare,
    "omnicam check-config": _check_config,
    "omnicam run answers and stops": _serve,
}

if __name__ == "__main__":
    sys.exit(main())
