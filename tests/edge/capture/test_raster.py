"""Pictures whose colours are worked out only when somebody asks."""

import threading

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange

from omnicam.capture.video import Converter, DecodedRaster, analysed_size
from omnicam.detect.analyser import small_grey
from omnicam.media import Still


def scene(width=640, height=480):
    rows, columns = np.mgrid[0:height, 0:width]
    image = np.stack([columns % 256, rows % 256, (rows + columns) // 5 % 256], axis=2)
    return np.kron(image[::16, ::16], np.ones((16, 16, 1))).astype(np.uint8)


def decoded(image, pixel_format, colour_range=ColorRange.MPEG):
    frame = av.VideoFrame.from_ndarray(image, format="rgb24")
    return frame.reformat(format=pixel_format, dst_color_range=colour_range)


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (352, 288)])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuvj420p", "nv12"])
def test_grey_is_the_same_with_and_without_the_colours(size, pixel_format):
    colour_range = ColorRange.JPEG if pixel_format.startswith("yuvj") else ColorRange.MPEG
    frame = decoded(scene(*size), pixel_format, colour_range)
    raster = DecodedRaster(frame, Converter())
    assert raster.luma() is not None
    cheap = small_grey(raster).astype(int)
    dear = small_grey(raster.rgb()).astype(int)
    assert cheap.shape == dear.shape
    assert np.abs(cheap - dear).mean() < 2.0
    assert raster.rgb().shape == raster.shape
    assert raster.shape[:2] == tuple(reversed(analysed_size(*size)))


def test_a_format_without_a_plane_of_bytes_gives_its_colours():
    raster = DecodedRaster(decoded(scene(), "yuv420p10le"), Converter())
    assert raster.luma() is None
    assert small_grey(raster).shape == (120, 160)


def test_colours_are_worked_out_once_and_from_several_threads():
    raster = DecodedRaster(decoded(scene(), "yuv420p"), Converter())
    found = []
    threads = [threading.Thread(target=lambda: found.append(raster.rgb())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5.0)
    assert len(found) == 8
    assert all(np.array_equal(image, found[0]) for image in found)
    assert raster.rgb() is raster.rgb()


def test_an_array_is_a_raster_too():
    image = scene()
    assert Still(image).rgb() is image
    assert Still(image).shape == image.shape
    assert small_grey(Still(image)).tobytes() == small_grey(image).tobytes()
