"""The model as its configuration describes it: shapes and parameters, without torch."""

from inference_server.model.components import Component, Matrix, components
from inference_server.model.errors import ConfigError
from inference_server.model.published import PUBLISHED, TALKER_PARAMETERS
from inference_server.model.shape import AudioShape, Shape, TextShape, VisionShape, read

__all__ = [
    "PUBLISHED",
    "TALKER_PARAMETERS",
    "AudioShape",
    "Component",
    "ConfigError",
    "Matrix",
    "Shape",
    "TextShape",
    "VisionShape",
    "components",
    "read",
]
