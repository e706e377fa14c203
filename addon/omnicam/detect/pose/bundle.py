"""Builds MediaPipe's pose landmarker bundle out of BlazePose's files in the npm package.

The package `@mediapipe/pose` (Apache-2.0, version 0.5.1675469404) is the one place in an ordinary
package registry that holds the weights. MediaPipe's tasks take them once each model says how its
input is normalised and both lie in one aligned zip. The output depends on the input alone: building
it twice gives the same bytes.

    python -m omnicam.detect.pose.bundle --assets FOLDER --out FILE [--variant lite|full|heavy]
"""

import argparse
import hashlib
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipInfo

import flatbuffers
from mediapipe.tasks.metadata import metadata_schema_py_generated as metadata_schema
from mediapipe.tasks.metadata import schema_py_generated as model_schema
from mediapipe.tasks.python.metadata.metadata_writers.model_asset_bundle_utils import AlignZipFile

_METADATA_NAME = "TFLITE_METADATA"
_METADATA_IDENTIFIER = b"M001"
_MODEL_IDENTIFIER = b"TFL3"
_ALIGNMENT = 4  # TFLite maps a model from where it lies in the zip.
_LARGEST_FILE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Asset:
    """A model file: its name and hash in the npm package, and how its input is normalised.

    The input is (pixel - mean) / std for pixels of 0 to 255, as MediaPipe's own pose graphs do it:
    the detector takes -1 to 1, the landmark models 0 to 1.
    """

    file: str
    sha256: str
    mean: float
    std: float


DETECTOR = Asset(
    "pose_solution_packed_assets.data",
    "a63c614bef30d35947f13be361820b1e4e3bec9cfeebf4d11216a18373108e85",
    mean=127.5,
    std=127.5,
)
LANDMARKS = {
    "lite": Asset(
        "pose_landmark_lite.tflite",
        "f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61",
        mean=0.0,
        std=255.0,
    ),
    "full": Asset(
        "pose_landmark_full.tflite",
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        mean=0.0,
        std=255.0,
    ),
    "heavy": Asset(
        "pose_landmark_heavy.tflite",
        "59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe",
        mean=0.0,
        std=255.0,
    ),
}


class AssetError(ValueError):
    """A file of the npm package is missing or is not the one this recipe was made for."""


def build(assets: Path, out: Path, variant: str = "lite") -> None:
    """Write the bundle of `variant` ("lite", "full" or "heavy") to `out`, atomically.

    Raises:
        AssetError: a model file in `assets` is missing or differs from the pinned one.
        OSError: `out` cannot be written.
    """
    models = {
        "pose_detector.tflite": _prepared(assets, DETECTOR),
        "pose_landmarks_detector.tflite": _prepared(assets, LANDMARKS[variant]),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    scratch = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
            with AlignZipFile(file, mode="w", alignment=_ALIGNMENT) as bundle:
                for entry, content in models.items():
                    bundle.writestr(ZipInfo(entry), content)
            file.flush()
            os.fsync(file.fileno())
        scratch.chmod(0o644)
        scratch.replace(out)
    finally:
        scratch.unlink(missing_ok=True)


def _prepared(folder: Path, asset: Asset) -> bytes:
    return with_normalisation(_checked(folder / asset.file, asset.sha256), asset.mean, asset.std)


def _checked(path: Path, sha256: str) -> bytes:
    remedy = "unpack the npm package @mediapipe/pose 0.5.1675469404 there"
    if not path.is_file():
        message = f"assets: {path} is missing; {remedy}"
        raise AssetError(message)
    if path.stat().st_size > _LARGEST_FILE:
        message = f"assets: {path} is larger than {_LARGEST_FILE} bytes; {remedy}"
        raise AssetError(message)
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        message = f"assets: {path} has SHA-256 {found}, expected {sha256}; {remedy}"
        raise AssetError(message)
    return content


def with_normalisation(model: bytes, mean: float, std: float) -> bytes:
    """Return the TFLite `model`, saying that its image input is (pixel - mean) / std.

    The format is TFLite's own: a buffer of the model's flatbuffer, named TFLITE_METADATA, that
    holds a flatbuffer of metadata_schema.fbs.
    """
    tree = model_schema.ModelT.InitFromObj(model_schema.Model.GetRootAsModel(model, 0))
    buffer = model_schema.BufferT()
    buffer.data = list(_packed(_image_metadata(mean, std), _METADATA_IDENTIFIER))
    entry = model_schema.MetadataT()
    entry.name = _METADATA_NAME
    entry.buffer = len(tree.buffers)
    tree.buffers.append(buffer)
    tree.metadata = [*(tree.metadata or []), entry]
    return _packed(tree, _MODEL_IDENTIFIER)


def _image_metadata(mean: float, std: float) -> metadata_schema.ModelMetadataT:
    normalisation = metadata_schema.NormalizationOptionsT()
    normalisation.mean, normalisation.std = [mean], [std]
    step = metadata_schema.ProcessUnitT()
    step.optionsType = metadata_schema.ProcessUnitOptions.NormalizationOptions
    step.options = normalisation

    image = metadata_schema.ImagePropertiesT()
    image.colorSpace = metadata_schema.ColorSpaceType.RGB
    content = metadata_schema.ContentT()
    content.contentPropertiesType = metadata_schema.ContentProperties.ImageProperties
    content.contentProperties = image

    tensor = metadata_schema.TensorMetadataT()
    tensor.name, tensor.content, tensor.processUnits = "image", content, [step]
    graph = metadata_schema.SubGraphMetadataT()
    graph.inputTensorMetadata = [tensor]
    metadata = metadata_schema.ModelMetadataT()
    metadata.subgraphMetadata = [graph]
    metadata.minParserVersion = "1.0.0"
    return metadata


def _packed(tree: model_schema.ModelT | metadata_schema.ModelMetadataT, identifier: bytes) -> bytes:
    builder = flatbuffers.Builder(0)
    builder.Finish(tree.Pack(builder), file_identifier=identifier)
    return bytes(builder.Output())


def main(arguments: Sequence[str] | None = None) -> int:
    """Build one bundle from the command line; exit status 2 where the assets do not serve."""
    parser = argparse.ArgumentParser(prog="python -m omnicam.detect.pose.bundle")
    parser.add_argument("--assets", type=Path, required=True, help="the npm package, unpacked")
    parser.add_argument("--out", type=Path, required=True, help="the .task file to write")
    parser.add_argument("--variant", choices=sorted(LANDMARKS), default="lite")
    options = parser.parse_args(arguments)
    try:
        build(options.assets, options.out, options.variant)
    except AssetError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - this is a command
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
