"""Speech by free synthesisers of Debian: espeak-ng (formants), flite and festival (real voices)."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from numpy.random import Generator

from train.sound.clips import read
from train.sound.voices import Wave

_ENGLISH = (
    "Good morning, did you sleep well last night?",
    "I will put the kettle on, would you like a cup of tea?",
    "No, no, no, I told you it was on Tuesday!",
    "The weather tomorrow will be cloudy with some rain in the afternoon.",
    "Hello? Who is there? Come in, the door is open.",
    "Yes!",
    "Oh my goodness, look at that!",
    "Have you seen my glasses anywhere? I left them on the table.",
    "She said seven hundred and forty three, not eight hundred.",
    "Hey! Stop that! Get down from there!",
    "Please call the doctor and ask about the prescription.",
    "And now for the news. The minister resigned this evening.",
    "What a goal! He shoots, he scores, and the crowd goes wild!",
    "One, two, three, four, five, six.",
    "Happy birthday, dear grandmother.",
    "Wait for me!",
)
_CHINESE = (
    "早上好，昨天晚上睡得好吗？",
    "妈妈，今天中午吃什么？",
    "哎呀，怎么又下雨了！",
    "请把电视声音关小一点。",
    "喂，你好，请问你找谁？",
    "快来看，快来看！",
    "吃药了没有？",
    "明天下午三点去医院。",
)
_OTHER = (
    ("de", "Guten Abend, wo ist denn die Zeitung geblieben?"),
    ("fr-fr", "Bonjour, est-ce que tu veux encore du café?"),
    ("es", "¡Hola! ¿Qué tal? Vamos a comer ahora."),
    ("it", "Mamma mia, che bella giornata oggi!"),
    ("ru", "Здравствуйте, как вы себя чувствуете сегодня?"),
)
_VARIANTS = ("m1", "m3", "m7", "f1", "f2", "f4", "croak", "whisper", "klatt2", "f5")
_FLITE = ("kal16", "awb", "rms", "slt")


def speech(rng: Generator, count: int) -> Iterator[Wave]:
    """Let different voices say different things.

    Raises:
        FileNotFoundError: espeak-ng or flite is not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "said.wav"
        for _ in range(count):
            subprocess.run(_command(rng, out), check=True, capture_output=True)
            wave = read(out)
            yield wave


def _command(rng: Generator, out: Path) -> list[str]:
    if rng.random() < 0.4:
        text, voice = str(rng.choice(_ENGLISH)), str(rng.choice(_FLITE))
        stretch = f"duration_stretch={rng.uniform(0.75, 1.3):.2f}"
        return ["flite", "-voice", voice, "--setf", stretch, "-t", text, "-o", str(out)]
    draw = rng.random()
    if draw < 0.4:
        language, text = str(rng.choice(("en-gb", "en-us"))), str(rng.choice(_ENGLISH))
    elif draw < 0.8:
        language, text = "cmn", str(rng.choice(_CHINESE))
    else:
        language, text = _OTHER[rng.integers(len(_OTHER))]
    voice = f"{language}+{rng.choice(_VARIANTS)}"
    pitch, speed = str(rng.integers(10, 99)), str(rng.integers(110, 240))
    return ["espeak-ng", "-v", voice, "-p", pitch, "-s", speed, "-w", str(out), text]
