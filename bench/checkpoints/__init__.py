"""Random Qwen3-Omni checkpoints of any size, in the published layout, made offline.

For tests and benches of what compresses and serves the model: the weights mean nothing, everything
else (configuration, names and shapes of tensors, shards, tokenizer, processor) is as published.
"""

from checkpoints.build import REAL, TINY, Shape, build, configuration, save_processor

__all__ = ["REAL", "TINY", "Shape", "build", "configuration", "save_processor"]
