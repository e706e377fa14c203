from pathlib import Path
from zipfile import ZipFile

import flatbuffers
import pytest
from mediapipe.tasks.metadata import metadata_schema_py_generated as metadata_schema
from mediapipe.tasks.metadata import schema_py_generated as model_schema

from omnicam.detect.pose.bundle import DETECTOR, AssetError, build, main, with_normalisation

MODELS = Path(__file__).resolve().parents[4] / ".cache" / "models"


def smallest_model() -> bytes:
    tree = model_schema.ModelT()
    tree.version = 3
    tree.buffers = [model_schema.BufferT()]
    builder = flatbuffers.Builder(0)
    builder.Finish(tree.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def normalisation(model: bytes) -> tuple[list[float], list[float]]:
    """Read a model's metadata back the way the format says, apart from the code that wrote it."""
    root = model_schema.Model.GetRootAsModel(model, 0)
    for index in range(root.MetadataLength()):
        entry = root.Metadata(index)
        if entry.Name() == b"TFLITE_METADATA":
            content = root.Buffers(entry.Buffer()).DataAsNumpy().tobytes()
            break
    else:
        pytest.fail("no metadata")
    assert content[4:8] == b"M001"
    metadata = metadata_schema.ModelMetadata.GetRootAsModelMetadata(content, 0)
    unit = metadata.SubgraphMetadata(0).InputTensorMetadata(0).ProcessUnits(0)
    assert unit.OptionsType() == metadata_schema.ProcessUnitOptions.NormalizationOptions
    options = metadata_schema.NormalizationOptions()
    options.Init(unit.Options().Bytes, unit.Options().Pos)
    return options.MeanAsNumpy().tolist(), options.StdAsNumpy().tolist()


def test_normalisation_can_be_read_back() -> None:
    model = with_normalisation(smallest_model(), mean=127.5, std=63.25)
    assert model[4:8] == b"TFL3"
    assert normalisation(model) == ([127.5], [63.25])


def test_missing_assets_name_the_file_and_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pose.task"
    assert main(["--assets", str(tmp_path), "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert DETECTOR.file in error
    assert "@mediapipe/pose" in error
    assert not out.exists()


def test_altered_asset_is_refused(tmp_path: Path) -> None:
    (tmp_path / DETECTOR.file).write_bytes(smallest_model())
    with pytest.raises(AssetError, match="SHA-256"):
        build(tmp_path, tmp_path / "pose.task")
    assert [path.name for path in tmp_path.iterdir()] == [DETECTOR.file]


@pytest.mark.parametrize("variant", ["lite", "full"])
def test_built_bundle_is_aligned_and_normalised(variant: str) -> None:
    path = MODELS / f"pose_landmarker_{variant}.task"
    if not path.exists():
        pytest.skip("no pose model here: scripts/setup/run.sh pose-model builds it")
    with ZipFile(path) as bundle:
        found = {entry.filename: entry for entry in bundle.infolist()}
        assert normalisation(bundle.read("pose_detector.tflite")) == ([127.5], [127.5])
        assert normalisation(bundle.read("pose_landmarks_detector.tflite")) == ([0.0], [255.0])
    for entry in found.values():
        assert entry.compress_type == 0
        content = entry.header_offset + 30 + len(entry.filename) + len(entry.extra)
        assert content % 4 == 0
