"""What comes out of a throat: screams, coughs, and words through espeak-ng."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from collections.abc import Mapping

import numpy as np

from staging.waves import Samples, band, envelope, peak, resample, seconds

SPEECH_TIMEOUT_S = 20.0
# What espeak-ng calls the voice of a language, its pitch (0-99) and words a minute.
VOICES: Mapping[str, tuple[str, int, int]] = {
    "en": ("en-us", 50, 150),
    "zh": ("cmn", 60, 140),
}
_SILENCE = 0.02


def speech(text: str, language: str, rate: int) -> Samples:
    """Speak a text; the first sample is the beginning of the first sound.

    Raises:
        RuntimeError: espeak-ng is missing, fails, or does not finish in time.
        ValueError: no voice is known for the language.
    """
    if language not in VOICES:
        raise ValueError(f"language {language!r}: expected one of {', '.join(VOICES)}")
    program = shutil.which("espeak-ng")
    if program is None:
        raise RuntimeError("espeak-ng is missing: install Debian's package espeak-ng")
    voice, pitch, speed = VOICES[language]
    command = [program, "-v", voice, "-p", str(pitch), "-s", str(speed), "-a", "180", "--stdout"]
    try:
        done = subprocess.run(
            [*command, text], capture_output=True, timeout=SPEECH_TIMEOUT_S, check=True
        )
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"espeak-ng took longer than {SPEECH_TIMEOUT_S:.0f} s") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()
        raise RuntimeError(f"espeak-ng failed on voice {voice}: {said}") from error
    # To standard output it writes a length that it could not know yet: what is there counts.
    with wave.open(io.BytesIO(done.stdout)) as source:
        own_rate = source.getframerate()
        words = np.frombuffer(source.readframes(source.getnframes()), "<i2") / 32768.0
    loud = np.flatnonzero(np.abs(words) > _SILENCE * np.abs(words).max(initial=1e-9))
    if not len(loud):
        raise RuntimeError(f"espeak-ng said nothing for a text in language {language!r}")
    return peak(resample(words[loud[0] : loud[-1] + 1], own_rate, rate), 0.5)


def _voiced(pitch: Samples, rate: int, formants: Mapping[float, float], tilt: float) -> Samples:
    """Add up the harmonics of a pitch contour (Hz, one a sample) under a vowel's formants."""
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    total = np.zeros(len(pitch))
    for number in range(1, int(0.46 * rate / pitch.min()) + 1):
        frequency = pitch * number
        weight = number**-tilt * sum(
            gain * np.exp(-(((frequency - centre) / (0.22 * centre)) ** 2))
            for centre, gain in formants.items()
        )
        total += np.where(frequency < 0.46 * rate, weight, 0.0) * np.sin(phase * number)
    return total


def scream(random: np.random.Generator, rate: int) -> Samples:
    """Scream "aaah" for about 1.7 s.

    High pitch, strong harmonics in 1-4 kHz, and a fast modulation of loudness in 30-150 Hz: the
    roughness by which people tell a scream from song (Arnal et al., Current Biology 2015).
    """
    time = seconds(1.7, rate)
    share = time / time[-1]
    jitter = np.cumsum(random.normal(0, 1, len(time)))
    jitter = jitter / np.abs(jitter).max() * 35
    pitch = 760 + 620 * np.sin(np.pi * np.clip(share * 1.15, 0, 1)) ** 0.7
    pitch += 22 * np.sin(2 * np.pi * 6.5 * time) + jitter
    tone = _voiced(pitch, rate, {1100.0: 1.0, 1800.0: 0.9, 2900.0: 0.9, 3700.0: 0.5}, 0.1)
    roughness = random.uniform(60, 85)
    rough = 1 - 0.72 * (0.5 + 0.5 * np.sin(2 * np.pi * roughness * time + 2 * np.sin(9 * time)))
    breath = band(random.normal(0, 1, len(time)), rate, 1500, 6500)
    loud = envelope(time, 0.04, 1.25, 0.35)
    return peak((peak(tone, 1.0) * rough + 0.1 * peak(breath, 1.0)) * loud, 0.8)


def shout(random: np.random.Generator, rate: int) -> Samples:
    """Shout a short "hey" with a rough voice, about half a second."""
    time = seconds(random.uniform(0.4, 0.6), rate)
    share = time / time[-1]
    pitch = random.uniform(210, 290) * (1 + 0.35 * np.sin(np.pi * share))
    tone = _voiced(pitch, rate, {620.0: 1.0, 1250.0: 0.8, 2500.0: 0.5, 3400.0: 0.25}, 0.2)
    rough = 1 - 0.35 * (0.5 + 0.5 * np.sin(2 * np.pi * 48 * time))
    return peak(tone * rough * envelope(time, 0.02, time[-1] - 0.2, 0.18), 0.6)


def cough(random: np.random.Generator, rate: int) -> Samples:
    """Cough once: a burst as the glottis opens, a noisy flow, and a short voiced end."""
    time = seconds(0.42, rate)
    noise = random.normal(0, 1, len(time))
    burst = band(noise, rate, 350, 5500) * np.exp(-time / 0.022)
    flow = band(noise, rate, 500, 3200) * np.exp(-(((time - 0.1) / 0.06) ** 2))
    pitch = np.linspace(random.uniform(280, 330), 190, len(time))
    voice = _voiced(pitch, rate, {650.0: 1.0, 1400.0: 0.6, 2600.0: 0.3}, 0.4)
    voice *= np.exp(-(((time - 0.23) / 0.05) ** 2))
    return peak(peak(burst, 1.0) + 0.4 * peak(flow, 1.0) + 0.35 * peak(voice, 1.0), 0.6)
