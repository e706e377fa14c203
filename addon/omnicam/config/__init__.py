"""The node's settings: dataclasses here and in `model`, reading and checking in `load`."""
