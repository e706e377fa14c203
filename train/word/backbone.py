"""Turns Google's speech embedding from TensorFlow Lite into an ONNX graph of any length.

The published graph takes one window of 76 mel frames. All its convolutions are valid in time and
its pooling has a stride of 8 frames altogether, so the same weights slid over a longer input give
exactly what window after window would give, without computing the overlaps again.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from ai_edge_litert.interpreter import Interpreter
from onnx import TensorProto, helper, numpy_helper

_POOLS = {2: (2, 2), 6: (1, 2), 10: (2, 2), 14: (1, 2), 18: (2, 2)}
"""After which convolution the maximum is taken, over (frames, bands)."""

_LEAK = 0.2
_FLOOR = -0.4


def convert(published: Path, target: Path) -> None:
    """Read the published graph and write the sliding one."""
    layers = _layers(published)
    nodes, weights = [], []
    name = "mel"
    for number, (kernel, bias) in enumerate(layers):
        weights += [
            numpy_helper.from_array(_onnx_order(kernel), f"k{number}"),
            numpy_helper.from_array(bias, f"b{number}"),
        ]
        # Same padding over the bands, none over time.
        side = (kernel.shape[2] - 1) // 2
        nodes.append(
            helper.make_node(
                "Conv", [name, f"k{number}", f"b{number}"], [f"c{number}"], pads=[0, side, 0, side]
            )
        )
        name = f"c{number}"
        if number == len(layers) - 1:
            break
        nodes.append(helper.make_node("LeakyRelu", [name], [f"r{number}"], alpha=_LEAK))
        nodes.append(helper.make_node("Max", [f"r{number}", "floor"], [f"m{number}"]))
        name = f"m{number}"
        if number in _POOLS:
            size = _POOLS[number]
            nodes.append(
                helper.make_node("MaxPool", [name], [f"p{number}"], kernel_shape=size, strides=size)
            )
            name = f"p{number}"
    weights.append(numpy_helper.from_array(np.float32(_FLOOR), "floor"))
    graph = helper.make_graph(
        nodes,
        "speech_embedding",
        [helper.make_tensor_value_info("mel", TensorProto.FLOAT, [1, 1, "frames", 32])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 96, "steps", 1])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    target.write_bytes(model.SerializeToString())


def _layers(published: Path) -> list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
    interpreter = Interpreter(str(published), experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    return [
        (interpreter.get_tensor(op["inputs"][1]), interpreter.get_tensor(op["inputs"][2]))
        for op in interpreter._get_ops_details()  # noqa: SLF001 - there is no public way
        if op["op_name"] == "CONV_2D"
    ]


def _onnx_order(kernel: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(kernel.transpose(0, 3, 1, 2))
