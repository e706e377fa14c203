"""Building a Dockerfile's stages in folders, instruction by instruction."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from image import roots
from image.dockerfile import DockerfileError, Instruction, assignments, expand, ignored, words

PATH = "/command:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Stage:
    """A stage as it stands: its root and what later instructions and the container inherit."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": PATH, "HOME": "/root"})
    arguments: dict[str, str] = field(default_factory=dict)
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    folder: str = "/"
    health: str = ""

    @property
    def variables(self) -> dict[str, str]:
        """What `$NAME` stands for: an ENV goes before an ARG of the same name."""
        return self.arguments | self.environment


class Builder:
    """Follows instructions from the base's root; `build` gives the last stage."""

    def __init__(self, context: Path, base: Path, work: Path) -> None:
        self.base_image = ""
        self._context = filtered(context, work / "context")
        self._base = base
        self._work = work
        self._stages: dict[str, Stage] = {}
        self._global: dict[str, str] = {}
        self._stage: Stage | None = None

    def build(self, instructions: list[Instruction]) -> Stage:
        """Follow all instructions, printing each with its seconds."""
        for instruction in instructions:
            began = time.monotonic()
            self._follow(instruction)
            seconds = time.monotonic() - began
            shown = f"{instruction.name} {instruction.text}"
            print(f"{seconds:7.1f} s  {shown if len(shown) < 90 else shown[:89] + '…'}", flush=True)
        if self._stage is None:
            message = "there is no FROM"
            raise DockerfileError(message)
        return self._stage

    def _follow(self, instruction: Instruction) -> None:
        if self._stage is None or instruction.name == "FROM":
            if instruction.name == "ARG":
                self._global |= assignments(instruction.text, self._global)
            elif instruction.name == "FROM":
                self._begin(instruction)
            else:
                message = f"line {instruction.line}: {instruction.name} before the first FROM"
                raise DockerfileError(message)
            return
        stage, text = self._stage, instruction.text
        match instruction.name:
            case "ARG":
                given = assignments(text, stage.variables)
                self._update(replace(stage, arguments=stage.arguments | given))
            case "ENV":
                given = assignments(text, stage.variables)
                self._update(replace(stage, environment=stage.environment | given))
            case "SHELL":
                self._update(replace(stage, shell=tuple(words(text))))
            case "WORKDIR":
                folder = expand(text, stage.variables)
                roots.inside(stage.root, folder, stage.folder).mkdir(parents=True, exist_ok=True)
                self._update(replace(stage, folder=folder))
            case "RUN":
                self._run(stage, instruction)
            case "COPY":
                self._copy(stage, text)
            case "HEALTHCHECK":
                self._update(replace(stage, health=text))
            case "EXPOSE" | "LABEL":
                pass  # they say something about the image, and change nothing in it

    def _begin(self, instruction: Instruction) -> None:
        source, _, name = expand(instruction.text, self._global).partition(" AS ")
        source = source.strip()
        name = name.strip() or f"stage{len(self._stages)}"
        root = self._work / name
        if source in self._stages:
            below = self._stages[source]
            roots.clone(below.root, root)
            self._update(replace(below, root=root, arguments={}, health=""), name)
        else:
            self.base_image = source
            roots.clone(self._base, root)
            self._update(Stage(root=root), name)

    def _update(self, stage: Stage, name: str = "") -> None:
        self._stage = stage
        self._stages[name or stage.root.name] = stage

    def _run(self, stage: Stage, instruction: Instruction) -> None:
        done = roots.run(
            stage.root, [*stage.shell, instruction.text], stage.variables, folder=stage.folder
        )
        if done.returncode:
            print(done.stdout[-6000:])
            message = f"line {instruction.line}: RUN ended with {done.returncode}, see above"
            raise DockerfileError(message)

    def _copy(self, stage: Stage, text: str) -> None:
        given = words(expand(text, stage.variables))
        origin = self._context
        if given[0].startswith("--from="):
            origin = self._stages[given.pop(0).partition("=")[2]].root
        if given[0].startswith("--"):
            message = f"COPY {given[0]} is not known here; teach it to scripts/image"
            raise DockerfileError(message)
        *sources, target = given
        roots.copy(
            [_existing(roots.inside(origin, source), source) for source in sources],
            roots.inside(stage.root, target, stage.folder),
            into_folder=target.endswith("/"),
        )


def _existing(path: Path, name: str) -> Path:
    if not path.exists():
        message = f"COPY {name}: there is no such thing in the context; see .dockerignore"
        raise DockerfileError(message)
    return path


def filtered(context: Path, target: Path) -> Path:
    """Copy a build context without what its .dockerignore leaves out."""
    rules = context / ".dockerignore"
    patterns = rules.read_text(encoding="utf-8").splitlines() if rules.is_file() else []
    if target.exists():
        shutil.rmtree(target)
    for path in sorted(context.rglob("*")):
        name = path.relative_to(context).as_posix()
        if path.is_file() and not ignored(patterns, name):
            place = target / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place)
    return target
