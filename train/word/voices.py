"""The synthetic voices: which there are, which are kept apart for measuring, and how they speak."""

from __future__ import annotations

import io
import subprocess
import tempfile
import wave
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import resample_poly

type Array = npt.NDArray[np.float32]

RATE = 16000

# Variants of espeak-ng's formant synthesiser: other throats, other sources of voice.
_VARIANTS = (
    "adam Alex Alicia Andrea Andy Annie antonio aunty belinda benjamin boris caleb david Denis "
    "Diogo ed edward edward2 Gene Gene2 gustave Henrique Hugo iven iven2 iven3 iven4 Jacky john "
    "kaukovalta Lee linda marcelo Marco Mario Max michael michel miguel Mike Nguyen pablo paul "
    "pedro quincy RicishayMax RicishayMax2 RicishayMax3 rob robert steph steph2 steph3 Storm "
    "Tweaky Zac anika AnxiousAndy f1 f2 f3 f4 f5 whisperf grandpa grandma klatt klatt2 klatt3 "
    "klatt4 klatt5 klatt6 m1 m2 m3 m4 m5 m6 m7 m8 norbert sandro shelby travis victor whisper croak"
).split()
_HELD_OUT_VARIANTS = frozenset(
    "Alicia Andy belinda boris Denis edward2 Hugo iven3 john linda Mario Nguyen quincy steph2 Zac "
    "f4 grandma klatt4 m3 m7 victor".split()
)
# Native English, and English with the accent of a language whose "help" sounds alike.
_ENGLISH = "en-us en-gb en-gb-scotland en-gb-x-rp en-gb-x-gbclan en-gb-x-gbcwmd en-029 en-us-nyc"
_MANDARIN = "cmn-latn-pinyin"

# Voices made of recorded speech, all under permissive licences. The two of "slt" and the two of
# "kal" are one speaker each.
_FLITE = ("slt", "awb", "kal16", "rms")
_FESTIVAL = {"kal_diphone": False, "cmu_us_slt_arctic_hts": False, "ked_diphone": True}
# Recorded speakers of other languages under copyleft licences: for measuring alone.
_FOREIGN = ("suo_fi_lj_diphone", "hy_fi_mv_diphone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A synthetic voice.

    Attributes:
        engine: `espeak-ng`, `flite` or `festival`.
        name: the engine's own name of it.
        accent: espeak-ng's language; empty for the others.
        held_out: it is never trained on.
    """

    engine: str
    name: str
    accent: str
    held_out: bool


def english() -> tuple[Voice, ...]:
    """Give every English voice; espeak-ng's outnumber the others, so draw by engine."""
    return (
        *(
            Voice(engine="espeak-ng", name=name, accent=accent, held_out=_held_out(name))
            for name in _VARIANTS
            for accent in _ENGLISH.split()
        ),
        *(Voice(engine="flite", name=n, accent="", held_out=False) for n in _FLITE),
        *(Voice(engine="festival", name=n, accent="", held_out=h) for n, h in _FESTIVAL.items()),
    )


def mandarin() -> tuple[Voice, ...]:
    """Give every Mandarin voice; they read pinyin with tone numbers, or characters."""
    return tuple(
        Voice(engine="espeak-ng", name=name, accent=_MANDARIN, held_out=_held_out(name))
        for name in _VARIANTS
    )


def foreign() -> tuple[Voice, ...]:
    """Give voices that can say the English words, spelt as in `texts.SPELT`, and nothing else."""
    return tuple(Voice(engine="festival", name=name, accent="", held_out=True) for name in _FOREIGN)


def _held_out(variant: str) -> bool:
    return variant in _HELD_OUT_VARIANTS


def speak(voice: Voice, text: str, random: np.random.Generator) -> Array:
    """Give the text as spoken by the voice at a drawn pace and pitch: float32 16 kHz, peak 1.

    Raises:
        subprocess.CalledProcessError: the engine failed.
    """
    pace, pitch = float(random.uniform(0.75, 1.25)), float(random.uniform(0.0, 1.0))
    if voice.engine == "espeak-ng":
        command = [
            "espeak-ng", "-b", "1", "-v", f"{voice.accent}+{voice.name}", "--stdout", "--stdin",
            "-s", f"{160 * pace:.0f}", "-p", f"{5 + 90 * pitch:.0f}",
        ]  # fmt: skip
        made = _run(command, text)
    elif voice.engine == "flite":
        mean = {"slt": 170.0, "awb": 140.0}.get(voice.name, 105.0) * (0.8 + 0.7 * pitch)
        command = [
            "flite", "-voice", voice.name, "--setf", f"duration_stretch={1 / pace:.2f}",
            "--setf", f"int_f0_target_mean={mean:.0f}", "-o", "/dev/stdout",
        ]  # fmt: skip
        made = _run([*command, "-t", text], "")
    else:
        setting = f"(begin (voice_{voice.name}) (Parameter.set 'Duration_Stretch {1 / pace:.2f}))"
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            _run(["text2wave", "-eval", setting, "-o", file.name], text)
            made = file.read()
    return _read(made)


def _run(command: list[str], text: str) -> bytes:
    return subprocess.run(
        command, input=text.encode(), capture_output=True, check=True, timeout=60
    ).stdout


def _read(made: bytes) -> Array:
    """Read a wave whose header may not know its length, since it came through a pipe."""
    with wave.open(io.BytesIO(made)) as file:
        rate = file.getframerate()
        raw = np.frombuffer(file.readframes(10**7), "<i2").astype(np.float32)
    sound = raw if rate == RATE else resample_poly(raw, RATE // 50, rate // 50)
    return (sound / max(float(np.abs(sound).max(initial=0.0)), 1.0)).astype(np.float32)
