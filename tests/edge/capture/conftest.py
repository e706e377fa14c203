import pytest

from tests.edge.capture.capture_scenes import Scene


@pytest.fixture(scope="session")
def media(tmp_path_factory):
    """Write a scene once and give its file."""
    folder = tmp_path_factory.mktemp("media")
    written = {}

    def write(suffix="mp4", **changes):
        key = (suffix, *sorted(changes.items()))
        if key not in written:
            written[key] = Scene(**changes).write(folder / f"{len(written)}.{suffix}")
        return written[key]

    return write
