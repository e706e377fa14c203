"""The app's other files: image recipe, services, AppArmor, compose, pictures, locks."""

import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from image.dockerfile import DockerfileError, assignments, ignored, read, words

from omnicam.app import __main__ as app

ROOT = Path(__file__).resolve().parents[2]
SERVICE = "rootfs/etc/s6-overlay/s6-rc.d/omnicam"
DISCOVERY = "rootfs/etc/s6-overlay/s6-rc.d/discovery"


@pytest.fixture(scope="module")
def instructions(addon):
    return read(addon / "Dockerfile")


def test_the_base_is_pinned_to_a_release(instructions):
    first = instructions[0]
    assert first.name == "ARG"
    image = assignments(first.text, {})["BUILD_FROM"]
    assert re.fullmatch(r"ghcr\.io/home-assistant/base-debian:trixie-\d{4}\.\d\d\.\d", image)


def test_what_is_copied_is_there_and_not_ignored(addon, instructions):
    patterns = (addon / ".dockerignore").read_text("utf-8").splitlines()
    names = [
        name
        for instruction in instructions
        if instruction.name == "COPY" and not instruction.text.startswith("--from")
        for name in words(instruction.text)[:-1]
    ]
    assert names
    for name in names:
        assert (addon / name).exists(), name
        assert not ignored(patterns, name.rstrip("/")), name
    assert ignored(patterns, "omnicam/__pycache__/cli.cpython-313.pyc")
    assert ignored(patterns, "DOCS.md")
    assert not ignored(patterns, "omnicam/detect/pose/bundle.py")


def test_packages_come_with_hashes_and_as_wheels(instructions):
    installs = [
        each.text for each in instructions if each.name == "RUN" and " install " in each.text
    ]
    pips = [text for text in installs if "/pip " in text]
    assert len(pips) == 2
    for text in pips:
        assert "--require-hashes" in text
        assert "--only-binary :all:" in text


def test_the_pose_model_is_the_one_of_the_set_up(instructions):
    given = {}
    for instruction in instructions:
        if instruction.name == "ARG":
            given |= assignments(instruction.text, {})
    script = (ROOT / "scripts/setup/pose_model.sh").read_text("utf-8")
    package, version = re.search(r"PACKAGE=(\S+) VERSION=(\S+)", script).groups()
    assert given["POSE_PACKAGE"] == f"{package}@{version}"
    assert given["POSE_SHA512"] == re.search(r"SHA512=(\w+)", script)[1]


def test_health_is_asked_where_the_api_listens(instructions, manifest):
    health = next(each.text for each in instructions if each.name == "HEALTHCHECK")
    asked = [word for word in words(health.partition("CMD ")[2]) if "://" in word]
    assert asked == [f"{way}://127.0.0.1:{app.PORT}/api/health" for way in ("http", "https")]
    assert manifest["watchdog"].endswith(f"[PORT:{app.PORT}]/api/health")
    assert list(manifest["ports"]) == [f"{app.PORT}/tcp"]


def test_an_unknown_instruction_is_an_error(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM x\nADD a /a\n")
    with pytest.raises(DockerfileError, match="ADD is not known"):
        read(tmp_path / "Dockerfile")


def test_continued_lines_and_comments(tmp_path):
    (tmp_path / "Dockerfile").write_text("# c\nFROM x AS y\nRUN a \\\n  # why\n  && b\n")
    assert [(each.name, each.text, each.line) for each in read(tmp_path / "Dockerfile")] == [
        ("FROM", "x AS y", 2),
        ("RUN", "a && b", 3),
    ]


@pytest.mark.parametrize("name", ["edge", "node"])
def test_each_lock_is_one_file(addon, name):
    link = ROOT / "requirements" / f"{name}.txt"
    assert link.resolve() == addon / "requirements" / f"{name}.txt"


def test_scripts_can_be_started(addon):
    scripts = [
        f"{service}/{name}" for service in (SERVICE, DISCOVERY) for name in ("run", "finish")
    ]
    for name in (*scripts, "rootfs/usr/bin/omnicam"):
        assert os.access(addon / name, os.X_OK), name
        subprocess.run(["bash", "-n", addon / name], check=True, timeout=10)
    assert (addon / SERVICE / "type").read_text().strip() == "longrun"
    assert (addon / SERVICE / "dependencies.d/base").is_file()
    assert (addon / DISCOVERY / "type").read_text().strip() == "longrun"
    assert (addon / DISCOVERY / "dependencies.d/omnicam").is_file()
    for service in ("omnicam", "discovery"):
        assert (addon / "rootfs/etc/s6-overlay/s6-rc.d/user/contents.d" / service).is_file()


def test_the_announcement_is_made_once(addon):
    done = subprocess.run([addon / DISCOVERY / "finish"], timeout=10, check=False)
    assert done.returncode == 125  # which keeps s6 from starting it again


@pytest.mark.parametrize(
    ("code", "signal", "outcome", "halts"),
    [("0", "0", "0", False), ("2", "0", "2", True), ("256", "9", "137", True)],
)
def test_finish_tells_how_the_node_ended(addon, tmp_path, code, signal, outcome, halts):
    result, halt = tmp_path / "exitcode", tmp_path / "halt"
    result.write_text("0\n")
    halt.write_text(f"#!/bin/sh\ntouch {tmp_path}/halted\n")
    halt.chmod(0o755)
    script = (addon / SERVICE / "finish").read_text("utf-8")
    script = script.replace("/run/s6-linux-init-container-results/exitcode", str(result))
    script = script.replace("/run/s6/basedir/bin/halt", str(halt))
    subprocess.run(["bash", "-c", script, "finish", code, signal], check=True, timeout=10)
    assert result.read_text().strip() == outcome
    assert (tmp_path / "halted").exists() is halts


def test_the_apparmor_profile_is_the_one_the_supervisor_wants(addon, manifest):
    text = (addon / "apparmor.txt").read_text("utf-8")
    # It looks for exactly one profile at the beginning of a line, and renames it.
    assert re.findall(r"^profile ([^ ]+)", text, re.MULTILINE) == [manifest["slug"]]
    assert "complain" not in text
    assert not re.search(r"^\s*(file|capability|network),", text, re.MULTILINE)


@pytest.mark.skipif(shutil.which("apparmor_parser") is None, reason="apparmor is not installed")
def test_the_apparmor_profile_compiles(addon):
    command = ["apparmor_parser", "--skip-kernel-load", "--skip-cache", "--stdout"]
    done = subprocess.run(
        [*command, addon / "apparmor.txt"], capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout


def test_compose_locks_the_node_in(addon):
    compose = yaml.safe_load((addon / "compose.yaml").read_text("utf-8"))
    node = compose["services"]["node"]
    assert node["read_only"] is True
    assert node["cap_drop"] == ["ALL"]
    assert node["security_opt"] == ["no-new-privileges:true"]
    assert node["user"] == "1000:1000"
    assert not {"privileged", "network_mode", "devices", "runtime", "cap_add"} & node.keys()
    assert "./config:/config:ro" in node["volumes"]
    assert node["ports"] == [f"{app.PORT}:{app.PORT}"]


def test_the_example_in_compose_is_good(addon, tmp_path):
    from omnicam.config.load import parse

    text = (addon / "compose.yaml").read_text("utf-8")
    example = text.partition("holds at least:\n")[2].partition("#\n# The file and")[0]
    lines = [line.removeprefix("#").removeprefix("   ") for line in example.splitlines()]
    (tmp_path / "mqtt_password").write_text("secret\n")
    settings = parse(yaml.safe_load("\n".join(lines)), base=tmp_path)
    assert settings.mqtt.password.reveal() == "secret"
    assert str(settings.data) == "/data"


@pytest.mark.parametrize(("name", "size"), [("icon.png", (128, 128)), ("logo.png", (250, 100))])
def test_pictures_have_the_sizes_of_the_store(addon, name, size):
    content = (addon / name).read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", content[16:24]) == size


def test_the_app_starts_without_the_nodes_heavy_packages():
    command = "import omnicam.app.__main__, sys; print('cv2' in sys.modules or 'av' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "addon")}
    done = subprocess.run(
        [sys.executable, "-c", command],
        env=environment, capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "False"
