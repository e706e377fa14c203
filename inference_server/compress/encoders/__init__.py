"""The model outside its decoder in eight bits, and the picture encoder with fewer heads at work.

- `int8`: integers with one bf16 scale a row, as compressed-tensors packs them.
- `padding`: the picture encoder's inner width, made one that kernels take; loses nothing.
- `heads`, `refit`, `distill`: heads that matter least are zeroed, and the remaining weights are
  fitted so that the encoder puts out what it did.
- `vision`, `packed`: the parts of the checkpoint that `compress.parts` lists.

What loads where (read in vLLM 0.24.0 and 0.32.0, and run on both): the picture encoder, the
embedding and `lm_head` load from `pack-quantized` groups as they are; the sound encoder is built
without the quantisation and needs `inference_server.serve.vllm_plugin`, as does every 8-bit layer
on a CPU, for which vLLM has no kernel.
"""
