"""What the server is asked to hold at once, and how vLLM is set up for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from inference_server.model import Shape
from inference_server.plan.window import Window


@dataclass(frozen=True)
class Setup:
    """vLLM's settings that memory depends on.

    Attributes:
        batched_tokens: tokens that go through the decoder together (`max_num_batched_tokens`).
        sequences: questions that are answered together (`max_num_seqs`).
        encoder_tokens: encoded pictures that are kept for the next question. vLLM takes the largest
            picture that the processor lets through: 12,845,056 pixels.
        graphs: whether the decoder is compiled and prefills run as CUDA graphs.
    """

    batched_tokens: int = 2048
    sequences: int = 16
    encoder_tokens: int = 12_544
    graphs: bool = True


@dataclass(frozen=True)
class Load:
    """Parallel windows.

    Attributes:
        windows: windows whose KV cache is held at once.
        window: what one of them is.
        kv_bits: 16 for bf16, 8 for fp8.
        setup: vLLM's settings.
    """

    windows: int = 4
    window: Window = field(default_factory=Window)
    kv_bits: int = 16
    setup: Setup = field(default_factory=Setup)

    def kv_tokens(self, shape: Shape) -> int:
        """Tokens that the KV cache has room for."""
        return self.windows * self.window.kv_tokens(shape.vision)


def kv_bytes_a_token(shape: Shape, bits: int) -> int:
    """Bytes of a token's keys and values in all layers: 98,304 in bf16."""
    text = shape.text
    return 2 * text.layers * text.kv_heads * text.head_width * bits // 8
