"""What comes out of a throat: screams, crying, shouts, coughs, and words; levels are relative."""

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
    return resample(words[loud[0] : loud[-1] + 1], own_rate, rate)


def voiced(pitch: Samples, rate: int, formants: Mapping[float, float], tilt: float) -> Samples:
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
    """Scream "aaah" for 1-1.5 s, its pitch gliding through 700-1500 Hz.

    Strong harmonics up to 6 kHz, and a fast modulation of loudness in 30-150 Hz: the roughness by
    which people tell a scream from song (Arnal et al., Current Biology 2015).
    """
    time = seconds(random.uniform(1.2, 1.5), rate)
    share = time / time[-1]
    low, high = random.uniform(700, 850), random.uniform(1150, 1450)
    pitch = low + (high - low) * np.sin(np.pi * np.clip(share * 1.15, 0, 1)) ** 0.7
    jitter = np.cumsum(random.normal(0, 1, len(time)))
    pitch += 22 * np.sin(2 * np.pi * 6.5 * time) + 25 * jitter / np.abs(jitter).max()
    formants = {1100.0: 1.0, 1800.0: 0.9, 2900.0: 0.9, 3700.0: 0.5, 5200.0: 0.3}
    tone = voiced(np.maximum(pitch, 600.0), rate, formants, 0.1)
    beat = 2 * np.pi * random.uniform(50, 110) * time + 2 * np.sin(9 * time)
    rough = 1 - 0.7 * (0.5 + 0.5 * np.sin(beat))
    breath = band(random.normal(0, 1, len(time)), rate, 1500, 6500)
    loud = envelope(time, 0.02, time[-1] - 0.3, 0.1)
    voice: Samples = (peak(tone, 1.0) * rough + 0.12 * peak(breath, 1.0)) * loud
    return voice


def crying(random: np.random.Generator, rate: int) -> Samples:
    """Cry: four wails of about a second around 370 Hz, each rising and sinking, with pauses."""
    wails = [_wail(random, rate) for _ in range(4)]
    gap = round(0.25 * rate)
    total = np.zeros(sum(len(wail) + gap for wail in wails) - gap)
    first = 0
    for wail in wails:
        total[first : first + len(wail)] = wail
        first += len(wail) + gap
    return total


def _wail(random: np.random.Generator, rate: int) -> Samples:
    """Wail once: soft in its overtones, and shaken by sobs five times a second."""
    time = seconds(random.uniform(0.8, 1.1), rate)
    share = time / time[-1]
    pitch = random.uniform(330, 400) * (1 + 0.15 * np.sin(np.pi * share) - 0.15 * share)
    tone = voiced(pitch, rate, {700.0: 1.0, 1300.0: 0.5, 2700.0: 0.25}, 0.9)
    breath = band(random.normal(0, 1, len(time)), rate, 600, 4000)
    sobs = 1 - 0.45 * (0.5 - 0.5 * np.cos(2 * np.pi * 5 * time))
    loud = envelope(time, 0.015, time[-1] - 0.25, 0.1)
    return peak((peak(tone, 1.0) * sobs + 0.1 * peak(breath, 1.0)) * loud, 1.0)


def shouts(random: np.random.Generator, rate: int) -> Samples:
    """Shout "hey" three times, each half a second, rough and at another pitch."""
    total = np.zeros(round(2.4 * rate))
    for number in range(3):
        voice = _shout(random, rate)
        first = int((number * 0.75 + random.uniform(0, 0.1)) * rate) if number else 0
        total[first : first + len(voice)] += voice[: len(total) - first]
    return total


def _shout(random: np.random.Generator, rate: int) -> Samples:
    time = seconds(random.uniform(0.4, 0.6), rate)
    share = time / time[-1]
    pitch = random.uniform(210, 290) * (1 + 0.35 * np.sin(np.pi * share))
    tone = voiced(pitch, rate, {620.0: 1.0, 1250.0: 0.8, 2500.0: 0.5, 3400.0: 0.25}, 0.2)
    rough = 1 - 0.35 * (0.5 + 0.5 * np.sin(2 * np.pi * 48 * time))
    return peak(tone * rough * envelope(time, 0.02, time[-1] - 0.2, 0.08), 1.0)


def cough(random: np.random.Generator, rate: int) -> Samples:
    """Cough twice, the second time softer."""
    first, second = _cough(random, rate), _cough(random, rate)
    later = int(random.uniform(0.4, 0.5) * rate)
    total = np.zeros(later + len(second))
    total[: len(first)] += first
    total[later:] += random.uniform(0.6, 0.9) * second
    return total


def _cough(random: np.random.Generator, rate: int) -> Samples:
    """Cough once: a burst as the glottis opens, a noisy flow, and a short voiced end."""
    time = seconds(0.42, rate)
    noise = random.normal(0, 1, len(time))
    burst = band(noise, rate, 350, 5500) * np.exp(-time / 0.022)
    flow = band(noise, rate, 500, 3200) * np.exp(-(((time - 0.1) / 0.06) ** 2))
    pitch = np.linspace(random.uniform(240, 320), 190, len(time))
    voice = voiced(pitch, rate, {650.0: 1.0, 1400.0: 0.6, 2600.0: 0.3}, 0.4)
    voice *= np.exp(-(((time - 0.23) / 0.05) ** 2))
    return peak(peak(burst, 1.0) + 0.4 * peak(flow, 1.0) + 0.35 * peak(voice, 1.0), 1.0)
