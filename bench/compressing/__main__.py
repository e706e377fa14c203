"""`bench/compress`: compression beside the naive choice; with --real-shapes, at the real sizes."""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from compressing import compare, real


def main() -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(prog="bench/compress", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="models to compare on")
    parser.add_argument("--real-shapes", type=int, metavar="LAYERS", help="layers of real size")
    parser.add_argument("--recipe", default="half-w4", help="of --real-shapes")
    parser.add_argument(
        "--kills", type=int, default=3, help="of --real-shapes: SIGKILLs on the way"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep what is made here")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.out or Path(temporary)
        made = _real(options, folder) if options.real_shapes else _compare(options, folder)
    if options.json is not None:
        options.json.write_text(json.dumps(made, indent=2) + "\n")


def _compare(options: argparse.Namespace, folder: Path) -> dict[str, object]:
    results = []
    for seed in range(options.seeds):
        results += compare.compare(folder / f"seed-{seed}", seed)
    print(compare.table(results))
    return compare.as_json(results)


def _real(options: argparse.Namespace, folder: Path) -> dict[str, object]:
    source, target = folder / "source", folder / "target"
    size = 0
    if not (source / "config.json").exists():
        size = real.make(source, options.real_shapes)
    shards = sum(path.stat().st_size for path in source.glob("*.safetensors"))
    print(f"checkpoint: {shards / 1e9:.2f} GB, {options.real_shapes} layers", flush=True)
    peak = real.run(source, target, options.recipe, options.kills)
    made = sum(path.stat().st_size for path in target.glob("*.safetensors"))
    print(
        f"compressed: {made / 1e9:.2f} GB in {peak.seconds / 60:.1f} min with {len(peak.kills)} "
        f"kills; memory at most {peak.resident / 1e9:.2f} GB, of which its own "
        f"{peak.own / 1e9:.2f} GB"
    )
    return {"source_bytes": shards, "written": size, "target_bytes": made, **asdict(peak)}


if __name__ == "__main__":
    main()
