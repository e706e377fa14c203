"""vLLM's picture and sound encoders without the host in their way.

As vLLM runs them (0.24 to 0.32) an encoder costs the host more than the GPU: every kernel of 27 and
32 layers is launched by itself, each attention waits for the GPU to tell it a length that the host
knew before, and pictures and sounds of several windows take turns instead of going together. On an
H100 that was 35 ms of 62 for a first verdict, in which the GPU computed for 8.

- `vision`, `sound`: what depends on shapes only is worked out once for each shape (`geometry`).
- `graphs`: the rest runs as a CUDA graph for shapes that come again.
- `order`: pictures go with pictures and sounds with sounds.

Results are those of vLLM's own code; on a machine without CUDA the same code runs without graphs.
"""
