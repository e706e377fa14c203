"""The nine verdicts that the model is asked for: prompt, questions and the words that answer.

Constant text comes first, then the media, then the question, so that a server that caches
prefixes computes the instructions once and a window's pictures and sound once for nine questions.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

INSTRUCTIONS = (
    "You watch over a home where an elderly person lives. Look at the video and listen to the "
    "sound. Answer with Yes or No only.\n"
)

# The classes are those of the edge node's taxonomy, in its order.
QUESTIONS: Mapping[str, str] = MappingProxyType(
    {
        "perimeter_climbing": "Is somebody climbing over a fence or a wall?",
        "restricted_area_intrusion": "Is somebody in a place that is closed to people?",
        "night_loitering": "Does somebody linger at night?",
        "fall": "Has a person fallen to the floor?",
        "violent_conflict": "Do people fight?",
        "dangerous_tool": "Does somebody hold a knife or another weapon?",
        "smoke": "Is there smoke or fire?",
        "abnormal_sound": "Does somebody scream or does glass break?",
        "camera_tampering": "Is the camera covered or turned away?",
    }
)

YES = ("Yes", "yes")
NO = ("No", "no")

VIDEO = "<|vision_start|><|video_pad|><|vision_end|>"
SOUND = "<|audio_start|><|audio_pad|><|audio_end|>"

# Pixels of a picture before it is cut into patches. The processor's own least is 131,072, to
# which it would blow small pictures up.
PICTURE_SIZE: Mapping[str, int] = MappingProxyType(
    {"shortest_edge": 64 * 64, "longest_edge": 448 * 448}
)


def prefix(*, video: bool, sound: bool) -> str:
    """The prompt up to the question; the processor puts a window's media in place of the marks."""
    media = (VIDEO if video else "") + (SOUND if sound else "")
    return f"<|im_start|>user\n{INSTRUCTIONS}{media}"


def suffix(question: str) -> str:
    """The prompt from a question to where the model's first word is read."""
    return f"{question}<|im_end|>\n<|im_start|>assistant\n"
