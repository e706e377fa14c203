"""What the demo's cameras show: staged scenes, or a real recording made into a stream."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

RENDER_S = 300.0
PRE_ROLL_S = 8.0
TAIL_S = 8.0


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
        await _run([sys.executable, *command, "--pre-roll", str(PRE_ROLL_S)])
    described = json.loads(notes.read_text(encoding="utf-8"))
    return Footage(file, float(described["onset_s"]), f"staged scene {scene}")


async def recorded(recording: Path, onset_s: float, folder: Path) -> Footage:
    """Make a real recording into a camera's stream: its first picture stands still before it.

    A recording of some seconds is over before a node has connected; eight seconds of its own first
    picture, and of silence, come first. It is coded anew as H.264 and AAC, which cameras send.
    """
    if not recording.is_file():
        raise FootageError(f"there is no recording {recording}")
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(str(recording.resolve()).encode()).hexdigest()[:12]
    file = folder / f"recording-{name}.mp4"
    program = shutil.which("ffmpeg")
    if program is None:
        raise FootageError("ffmpeg is missing: scripts/demo installs it")
    sound = await _has_sound(recording)
    silence = [] if sound else ["-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono"]
    pad = (
        f"tpad=start_mode=clone:start_duration={PRE_ROLL_S}:stop_mode=clone:stop_duration={TAIL_S}"
    )
    delay = int(PRE_ROLL_S * 1000)
    audio = (
        [f"[0:a:0]adelay={delay}:all=1,apad=pad_dur={TAIL_S}[a]"] if sound else ["[1:a]anull[a]"]
    )
    # Sensor noise as every camera has: a picture that repeats to the bit is a frozen camera.
    video = f"[0:v:0]scale=trunc(iw/2)*2:trunc(ih/2)*2,{pad},noise=alls=4:allf=t,format=yuv420p[v]"
    sources = ["-i", str(recording), *silence]
    filters = ["-filter_complex", ";".join([video, *audio]), "-map", "[v]", "-map", "[a]"]
    coding = ["-c:v", "libx264", "-preset", "veryfast", "-g", "30", "-bf", "0", "-c:a", "aac"]
    target = ["-shortest", "-ar", "16000", "-movflags", "+faststart", str(file)]
    await _run([program, "-y", "-loglevel", "error", *sources, *filters, *coding, *target])
    return Footage(file, PRE_ROLL_S + onset_s, f"recording {recording.name}")


async def _has_sound(recording: Path) -> bool:
    import av

    def look() -> bool:
        with av.open(str(recording)) as container:
            return bool(container.streams.audio)

    try:
        return await asyncio.to_thread(look)
    except (av.error.FFmpegError, OSError) as error:
        raise FootageError(f"{recording} cannot be read: {error}") from error


async def _run(command: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *command,
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
