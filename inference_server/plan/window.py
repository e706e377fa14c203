"""What a verdict looks at, counted in tokens.

A window is a picture or a few frames, some seconds of sound, and text: the instructions, which all
nine questions share, and one short question for each class.
"""

from __future__ import annotations

from dataclasses import dataclass

from inference_server.model import VisionShape

BLOCK_TOKENS = 16
"""vLLM's KV cache is handed out, and shared between questions, in blocks of so many tokens."""

RESERVE_STEP = 256
"""A window's share of the KV cache is rounded up to this, so that a longer question fits too."""

MEL_FRAMES_PER_S = 100
_CHUNK_FRAMES = 100
"""The sound encoder cuts the spectrogram into seconds: each gives 13 tokens, a rest fewer."""


@dataclass(frozen=True)
class Window:
    """One window of one camera.

    Attributes:
        frames: pictures of it; one is an image, more are a video, whose frames go in pairs.
        side: pixels along a frame's side.
        audio_s: seconds of sound.
        text: tokens of the instructions that all questions share, marks of the media included.
        question: tokens of one question, with the marks that end it.
        questions: questions asked of it, one for each class.
    """

    frames: int = 1
    side: int = 768
    audio_s: float = 2.0
    text: int = 120
    question: int = 25
    questions: int = 9

    def patches(self, vision: VisionShape) -> int:
        """Patches of one picture, or of one group of frames that are encoded together."""
        return (self.side // (vision.patch * vision.merge) * vision.merge) ** 2

    def groups(self, vision: VisionShape) -> int:
        """Groups of frames: each is encoded by itself, and frames within one are merged."""
        return -(-self.frames // vision.temporal_patch)

    def vision_tokens(self, vision: VisionShape) -> int:
        """Tokens of the pictures: 576 for an image of 768x768."""
        return self.groups(vision) * self.patches(vision) // vision.merge**2

    def audio_tokens(self) -> int:
        """Tokens of the sound: 13 for each whole second."""
        frames = round(self.audio_s * MEL_FRAMES_PER_S)
        whole, rest = divmod(frames, _CHUNK_FRAMES)
        for _ in range(3):
            rest = (rest + 1) // 2
        return whole * 13 + rest

    def shared(self, vision: VisionShape) -> int:
        """Tokens that all questions share: media and instructions."""
        return self.vision_tokens(vision) + self.audio_tokens() + self.text

    def kv_tokens(self, vision: VisionShape) -> int:
        """Tokens that the KV cache keeps: what is shared once, in whole blocks, then each question.

        Rounded up to `RESERVE_STEP`.
        """
        blocks, rest = divmod(self.shared(vision), BLOCK_TOKENS)
        own = -(-(rest + self.question) // BLOCK_TOKENS)
        tokens = (blocks + own * self.questions) * BLOCK_TOKENS
        return -(-tokens // RESERVE_STEP) * RESERVE_STEP
