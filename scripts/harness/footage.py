"""What the demo's cameras show: staged scenes, or a real recording made into a stream."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

RENDER_S = 300.0
PRE_ROLL_S = 8.0
TAIL_S = 8.0
LEAD_S = 10.0
"""Of a long recording so much before the onset is shown, and as much after it."""


class FootageError(RuntimeError):
    """A scene or recording cannot be used; the message says why."""


@dataclass(frozen=True)
class Footage:
    """A file to serve as a camera, and the second of it at which the thing begins."""

    file: Path
    onset_s: float
    source: str


async def staged(scene: str, folder: Path) -> Footage:
    """Render a staged scene, or take the one that was rendered before by the same code."""
    staging = Path(__file__).resolve().parents[1] / "staging"
    digest = hashlib.sha256()
    for source in sorted(staging.glob("*.py")):
        digest.update(source.read_bytes())
    file = folder / f"{scene}-{digest.hexdigest()[:12]}.mp4"
    notes = file.with_name(f"{file.name}.json")
    if not (file.exists() and notes.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        command = ["-m", "staging", "render", scene, "--out", str(file)]
        command += ["--pre-roll", str(PRE_ROLL_S)]
        await _run([sys.executable, *command], {"PYTHONPATH": str(staging.parent)})
    described = json.loads(notes.read_text(encoding="utf-8"))
    return Footage(file, float(described["onset_s"]), f"staged scene {scene}")


async def recorded(recording: Path, onset_s: float, folder: Path) -> Footage:
    """Make a real recording into a camera's stream, from ten seconds before the onset on.

    A recording of some seconds is over before a node has connected: its first picture stands still
    for eight seconds before it, and its last after it. Sound alone gets a grey picture. The sensor
    noise and the quiet room noise that every camera has are added, since a picture that repeats
    to the bit is a frozen camera; then all is coded anew as H.264 and AAC, which cameras send.
    """
    if not recording.is_file():
        raise FootageError(f"there is no recording {recording}")
    folder.mkdir(parents=True, exist_ok=True)
    skip = max(0.0, onset_s - LEAD_S)
    name = hashlib.sha256(f"{recording.resolve()} {onset_s}".encode()).hexdigest()[:12]
    file = folder / f"recording-{name}.mp4"
    program = shutil.which("ffmpeg")
    if program is None:
        raise FootageError("ffmpeg is missing: scripts/demo installs it")
    pictures, sound = await _kinds(recording)
    before, after = f"start_duration={PRE_ROLL_S}", f"stop_duration={TAIL_S}"
    still = f"tpad=start_mode=clone:{before}:stop_mode=clone:{after}"
    video = f"[{0 if pictures else 2}:v:0]fps=15,scale=trunc(iw/2)*2:trunc(ih/2)*2,{still}"
    audio = "[1:a]anull[a]"
    if sound:
        heard = f"[0:a:0]adelay={int(PRE_ROLL_S * 1000)}:all=1,apad=pad_dur={TAIL_S}[own]"
        audio = f"{heard};[own][1:a]amix=duration=first:normalize=0[a]"
    inputs = ["-ss", f"{skip:.3f}", "-t", f"{onset_s - skip + LEAD_S:.3f}", "-i", str(recording)]
    inputs += ["-f", "lavfi", "-i", "anoisesrc=r=16000:a=0.002:c=pink:s=1"]
    inputs += ["-f", "lavfi", "-i", "color=gray:s=640x480:r=15:d=10"]
    graph = f"{video},noise=alls=4:allf=t,format=yuv420p[v];{audio}"
    coding = ["-c:v", "libx264", "-preset", "veryfast", "-g", "30", "-bf", "0", "-c:a", "aac"]
    target = ["-shortest", "-ar", "16000", "-ac", "1", "-movflags", "+faststart", str(file)]
    options = ["-filter_complex", graph, "-map", "[v]", "-map", "[a]", *coding, *target]
    await _run([program, "-y", "-loglevel", "error", *inputs, *options])
    return Footage(file, PRE_ROLL_S + onset_s - skip, f"recording {recording.name}")


async def lengthened(footage: Footage, seconds: float) -> Footage:
    """Make footage last longer: its last picture stands still, with sensor noise, in silence."""
    file = footage.file.with_name(f"{footage.file.stem}-and-{seconds:g}.mp4")
    if not file.exists():
        program = shutil.which("ffmpeg")
        if program is None:
            raise FootageError("ffmpeg is missing: scripts/demo installs it")
        video = f"tpad=stop_mode=clone:stop_duration={seconds},noise=alls=4:allf=t,format=yuv420p"
        command = [program, "-y", "-loglevel", "error", "-i", str(footage.file)]
        command += ["-vf", video, "-af", f"apad=pad_dur={seconds}", "-movflags", "+faststart"]
        command += ["-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-bf", "0", "-c:a"]
        draft = file.with_name(f"draft-{file.name}")
        await _run([*command, "aac", "-shortest", str(draft)])
        draft.replace(file)
    return Footage(file, footage.onset_s, f"{footage.source}, and after")


async def quiet_room(
    folder: Path,
    *,
    seconds: float = 180.0,
    size: str = "320x240",
    video: bool = True,
    sound: bool = True,
) -> Path:
    """Make a recording in which nothing happens: a test card with sensor noise, and room noise.

    Args:
        folder: where it is kept; the same arguments give the same file.
        seconds: how long it is.
        size: of the picture, such as "320x240".
        video: whether it has pictures.
        sound: whether it has sound.
    """
    if not (video or sound):
        raise FootageError("a recording needs pictures or sound")
    kinds = "".join(kind for kind, there in (("v", video), ("a", sound)) if there)
    file = folder / f"quiet-{size}-{seconds:g}-{kinds}.{'mp4' if video else 'm4a'}"
    if file.exists():
        return file
    folder.mkdir(parents=True, exist_ok=True)
    program = shutil.which("ffmpeg")
    if program is None:
        raise FootageError("ffmpeg is missing: scripts/demo installs it")
    command = [program, "-y", "-loglevel", "error"]
    coding: list[str] = []
    if video:
        picture = f"smptebars=size={size}:rate=10,noise=alls=4:allf=t,format=yuv420p"
        command += ["-f", "lavfi", "-i", picture]
        coding += ["-c:v", "libx264", "-preset", "ultrafast", "-g", "20", "-bf", "0"]
    if sound:
        command += ["-f", "lavfi", "-i", "anoisesrc=amplitude=0.001:sample_rate=16000:seed=1"]
        coding += ["-c:a", "aac"]
    draft = file.with_name(f"draft-{file.name}")
    await _run([*command, *coding, "-t", f"{seconds:g}", "-movflags", "+faststart", str(draft)])
    draft.replace(file)
    return file


async def _kinds(recording: Path) -> tuple[bool, bool]:
    """Whether a recording has pictures, and whether it has sound."""
    import av

    def look() -> tuple[bool, bool]:
        with av.open(str(recording)) as container:
            return bool(container.streams.video), bool(container.streams.audio)

    try:
        return await asyncio.to_thread(look)
    except (av.error.FFmpegError, OSError) as error:
        raise FootageError(f"{recording} cannot be read: {error}") from error


async def _run(command: list[str], environment: Mapping[str, str] = {}) -> None:
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, errors = await asyncio.wait_for(process.communicate(), RENDER_S)
    except TimeoutError:
        process.kill()
        raise FootageError(f"{Path(command[0]).name} took longer than {RENDER_S:.0f} s") from None
    if process.returncode:
        raise FootageError(f"{' '.join(command[:4])} …: {errors.decode(errors='replace')[-600:]}")
