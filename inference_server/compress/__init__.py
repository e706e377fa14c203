"""Compressing the published Qwen3-Omni checkpoint: experts pruned, weights in few bits.

The steps of `run`, each of which writes whole files and is noted in a journal when it is done:

1. `outer`: everything that is no decoder layer (encoders, embeddings, `lm_head`).
2. `capture`: calibration windows go once through the encoders; what enters the decoder is kept.
3. each decoder layer in turn: prune its experts, quantise it, and compute from what entered it
   what enters the next. Only one layer is in memory at a time.
4. `finish`: the index and, last of all, the configuration, without which nothing loads.

Only the modules that compute import torch, transformers, compressed-tensors and llm-compressor.
"""
