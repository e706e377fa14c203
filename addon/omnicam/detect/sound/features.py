"""What a second of sound is like, in a few numbers with units.

Measured once an observation and shared by all sound scorers. Method: one short-time Fourier
transform for level, spectrum and onsets; the autocorrelation of longer frames for pitch (Boersma
1993, without the sub-sample interpolation); the modulation spectrum of the 1-4 kHz envelope for
roughness, which is what makes a scream a scream (Arnal et al. 2015: 30-150 Hz).

Camera sound is often 8 kHz G.711 brought up to 16 kHz, whose upper half is empty. Measures of "how
much is high" are therefore taken within the band that the sound really has (`bandwidth_hz`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from omnicam.media import SAMPLE_RATE, Samples

type Numbers = npt.NDArray[np.float64]

_FFT = 512  # 32 ms: resolves 31 Hz, short enough for the onset of glass
_STEP = 160  # 10 ms
_FLOOR = 1e-10  # power that counts as silence, -100 dB
_PITCH_FRAME = 640  # 40 ms: two periods of the lowest voice
_PITCH_STEP = 320
_PITCH_HZ = (70.0, 2000.0)  # from a low voice to the highest scream
_ENVELOPE_FRAME = 64  # 4 ms, 250 Hz bins
_ENVELOPE_STEP = 32  # envelope at 500 Hz, so modulation is seen up to 250 Hz
_ROUGH_HZ = (30.0, 150.0)
_ROUGH_BLOCK = 128  # 0.256 s of envelope, 3.9 Hz bins
_ACTIVE_BELOW_PEAK_DB = 15.0
_VOICED = 0.6  # autocorrelation from which a frame has a pitch

_HZ = np.fft.rfftfreq(_FFT, 1 / SAMPLE_RATE)
_WINDOW = np.hanning(_FFT)
_PITCH_WINDOW = np.hanning(_PITCH_FRAME)
_PITCH_FFT = 2048
_ENVELOPE_WINDOW = np.hanning(_ENVELOPE_FRAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundFeatures:
    """The numbers; every one is finite for every input.

    Attributes:
        loudness_db: loudest 10 ms frame above the camera's background level.
        peak_db: loudest 10 ms frame, dB relative to full scale.
        active_s: seconds within 15 dB of the loudest frame.
        sustained_s: longest unbroken run within 10 dB of the loudest frame.
        bandwidth_hz: frequency above which practically nothing is left; about 4000 for G.711.
        centroid_hz: centre of gravity of the active frames' spectrum.
        flatness: 0 for a tone to 1 for white noise, within the band.
        high_ratio: share of energy in the upper half of the band that the sound has, 0..1.
        presence_ratio: share of energy in 1-4 kHz, 0..1.
        low_ratio: share of energy below 500 Hz, 0..1.
        harmonicity: mean autocorrelation peak of active frames, 0..1.
        voiced_ratio: share of active frames with a pitch, 0..1.
        pitch_hz: median pitch of voiced frames, 0 without any.
        pitch_high_hz: 80th percentile of the same.
        pitch_range: semitones between the 10th and 90th percentile of the pitch.
        roughness: depth of the 30-150 Hz modulation of the 1-4 kHz envelope, 0..1.
        onset_db: steepest rise of level within 30 ms.
        high_onset_db: the same in the upper half of the band.
        decay_db_s: fall of level after the loudest frame, dB a second (0 where it does not fall).
        fall_db: how far the last 100 ms lie below the loudest frame; 0 while a sound goes on.
        tinkles: separate onsets in the upper half of the band.
        peak_age_s: seconds from the loudest frame to the end of the window.
        onset_age_s: seconds from the first active frame to the end of the window.
    """

    loudness_db: float
    peak_db: float
    active_s: float
    sustained_s: float
    bandwidth_hz: float
    centroid_hz: float
    flatness: float
    high_ratio: float
    presence_ratio: float
    low_ratio: float
    harmonicity: float
    voiced_ratio: float
    pitch_hz: float
    pitch_high_hz: float
    pitch_range: float
    roughness: float
    onset_db: float
    high_onset_db: float
    decay_db_s: float
    fall_db: float
    tinkles: float
    peak_age_s: float
    onset_age_s: float


def measure(samples: Samples, noise_db: float) -> SoundFeatures:
    """Measure a window of 16 kHz mono sound of any length; about a second is meant.

    Args:
        samples: shape (n,), in -1..1; what is not finite counts as silence.
        noise_db: the camera's background level, dB relative to full scale.
    """
    clean = np.nan_to_num(samples.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    clean = np.clip(clean, -1.0, 1.0)
    if len(clean) < 2 * _FFT:
        clean = np.pad(clean, (2 * _FFT - len(clean), 0))
    power = _spectrogram(clean)
    level = _decibels(power.sum(axis=1))
    peak = int(level.argmax())
    active = level > level[peak] - _ACTIVE_BELOW_PEAK_DB
    spectrum = power[active].mean(axis=0)
    bandwidth = _bandwidth(spectrum)
    high = bandwidth / 2 <= _HZ
    high_level = _decibels(power[:, high].sum(axis=1))
    pitch, strength = _pitch(clean)
    # Pitch frames lie twice as far apart as level frames.
    voice_active = active[np.minimum(np.arange(len(pitch)) * 2, len(active) - 1)]
    if not voice_active.any():
        voice_active[:] = True
    voiced = pitch[voice_active & (strength > _VOICED)]
    frame_s = _STEP / SAMPLE_RATE
    return SoundFeatures(
        loudness_db=float(level[peak] - max(noise_db, -100.0)),
        peak_db=float(level[peak]),
        active_s=float(active.sum() * frame_s),
        sustained_s=_longest_run(level > level[peak] - 10.0) * frame_s,
        bandwidth_hz=bandwidth,
        centroid_hz=float((spectrum * _HZ).sum() / spectrum.sum()),
        flatness=_flatness(spectrum, bandwidth),
        high_ratio=_share(spectrum, high),
        presence_ratio=_share(spectrum, (_HZ >= 1000) & (_HZ < 4000)),
        low_ratio=_share(spectrum, _HZ < 500),
        harmonicity=float(strength[voice_active].mean()),
        voiced_ratio=len(voiced) / int(voice_active.sum()),
        pitch_hz=float(np.median(voiced)) if len(voiced) else 0.0,
        pitch_high_hz=float(np.percentile(voiced, 80)) if len(voiced) else 0.0,
        pitch_range=_semitones(voiced),
        roughness=_roughness(clean),
        onset_db=_steepest_rise(level),
        high_onset_db=_steepest_rise(high_level),
        decay_db_s=_decay(level, peak) / frame_s,
        fall_db=max(0.0, float(level[peak] - level[-10:].mean())),
        tinkles=float(_count_onsets(high_level)),
        peak_age_s=(len(level) - 1 - peak) * frame_s,
        onset_age_s=(len(level) - int(active.argmax())) * frame_s,
    )


def _frames(samples: Numbers, size: int, step: int) -> Numbers:
    return np.lib.stride_tricks.sliding_window_view(samples, size)[::step]


def _spectrogram(samples: Numbers) -> Numbers:
    """Power of 10 ms steps, shape (frames, 257); a frame's sum is its mean square."""
    spectrum = np.fft.rfft(_frames(samples, _FFT, _STEP) * _WINDOW, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    power[:, 0] = 0.0  # an offset is no sound
    return power * (2.0 / (_FFT * float((_WINDOW**2).sum()))) + _FLOOR / len(_HZ)


def _decibels(power: Numbers) -> Numbers:
    return 10.0 * np.log10(np.maximum(power, _FLOOR))


def _bandwidth(spectrum: Numbers) -> float:
    """Give the frequency below which all but a ten-thousandth of the energy above 300 Hz lies.

    Two answers only, for stability: the full 8000 Hz, or 4000 Hz where the upper half is empty.
    """
    voice = spectrum[(_HZ >= 300) & (_HZ < 3800)].sum()
    upper = spectrum[_HZ >= 4300].sum()
    return 4000.0 if upper < 1e-4 * voice else 8000.0


def _flatness(spectrum: Numbers, bandwidth: float) -> float:
    band = spectrum[(_HZ >= 300) & (bandwidth * 0.92 > _HZ)]
    return float(np.exp(np.log(band).mean()) / band.mean())


def _share(spectrum: Numbers, chosen: npt.NDArray[np.bool_]) -> float:
    return float(spectrum[chosen].sum() / spectrum.sum())


def _longest_run(flags: npt.NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0


def _pitch(samples: Numbers) -> tuple[Numbers, Numbers]:
    """Pitch in Hz and its strength 0..1 for every 20 ms."""
    frames = _frames(samples, _PITCH_FRAME, _PITCH_STEP)
    spectrum = np.fft.rfft(
        (frames - frames.mean(axis=1, keepdims=True)) * _PITCH_WINDOW, _PITCH_FFT
    )
    correlation = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)[:, : _PITCH_FRAME // 2]
    first, last = (int(SAMPLE_RATE / hz) for hz in reversed(_PITCH_HZ))
    taper = _taper()[: _PITCH_FRAME // 2]
    energy = np.maximum(correlation[:, :1], _FLOOR)
    normal = correlation / energy / taper
    # The main lobe around lag 0 is no pitch: begin behind its first zero crossing.
    below = normal < 0.2
    start = np.where(below.any(axis=1), below.argmax(axis=1), last)
    lags = np.arange(normal.shape[1])
    searched = np.where((lags >= np.maximum(start, first)[:, None]) & (lags <= last), normal, 0.0)
    # The shortest lag that is nearly as good as the best, against octave errors downwards.
    best = searched.max(axis=1)
    good = searched >= 0.9 * best[:, None]
    lag = good.argmax(axis=1)
    # Up to the top of that peak.
    for _ in range(8):
        following = np.minimum(lag + 1, len(lags) - 1)
        rows = np.arange(len(lag))
        lag = np.where(searched[rows, following] > searched[rows, lag], following, lag)
    pitch = SAMPLE_RATE / np.maximum(lag, first)
    loud = correlation[:, 0] > _FLOOR * _PITCH_FRAME
    return pitch, np.clip(np.where(loud, best, 0.0), 0.0, 1.0)


def _taper() -> Numbers:
    """Autocorrelation of the window itself, by which a frame's must be divided."""
    spectrum = np.fft.rfft(_PITCH_WINDOW, _PITCH_FFT)
    taper: Numbers = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)
    normal: Numbers = taper / taper[0]
    return normal


def _semitones(pitch: Numbers) -> float:
    if len(pitch) < 3:
        return 0.0
    low, high = np.percentile(pitch, (10, 90))
    return float(12 * np.log2(high / low))


def _roughness(samples: Numbers) -> float:
    """Depth of the 30-150 Hz modulation of 1-4 kHz in the louder half of the window."""
    spectrum = np.fft.rfft(_frames(samples, _ENVELOPE_FRAME, _ENVELOPE_STEP) * _ENVELOPE_WINDOW)
    envelope = np.abs(spectrum[:, 4:17]).sum(axis=1)
    blocks = _frames(envelope, min(_ROUGH_BLOCK, len(envelope)), _ROUGH_BLOCK // 2)
    mean = blocks.mean(axis=1)
    chosen = mean >= np.median(mean)
    blocks, mean = blocks[chosen], np.maximum(mean[chosen], 1e-6)
    size = blocks.shape[1]
    window = np.hanning(size)
    modulation = np.abs(np.fft.rfft((blocks / mean[:, None] - 1.0) * window, axis=1)) ** 2
    hz = np.fft.rfftfreq(size, _ENVELOPE_STEP / SAMPLE_RATE)
    rough = modulation[:, (hz >= _ROUGH_HZ[0]) & (hz <= _ROUGH_HZ[1])].sum(axis=1)
    depth = np.sqrt(2 * rough / (size * float((window**2).sum())))
    return float(np.clip(depth.mean(), 0.0, 1.0))


def _steepest_rise(level: Numbers) -> float:
    return max(0.0, float((level[3:] - level[:-3]).max())) if len(level) > 3 else 0.0


def _decay(level: Numbers, peak: int) -> float:
    """Decibels a frame by which the level falls from its peak to the end, by least squares."""
    tail = level[peak:]
    if len(tail) < 8:
        return 0.0
    steps = np.arange(len(tail)) - (len(tail) - 1) / 2
    return max(0.0, float(-(steps * tail).sum() / (steps**2).sum()))


def _count_onsets(level: Numbers) -> int:
    """Count rises of 6 dB within 30 ms that lie within 30 dB of the loudest frame."""
    rising = (level[3:] - level[:-3] > 6.0) & (level[3:] > level.max() - 30.0)
    return int((np.diff(rising.astype(np.int8), prepend=0) == 1).sum())
