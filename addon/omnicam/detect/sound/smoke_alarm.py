"""The tone of a smoke alarm that goes off somewhere in the home.

ISO 8201 and NFPA 72 prescribe the pattern: three beeps of half a second, half a second apart, then
a rest of one and a half (T3). Ordinary alarms beep at 3 to 3.5 kHz, those for the hard of hearing
at 520 Hz. Older ones beep on without a rest, all beeps alike. Physics decides alone: telephone
sound carries the tone, and no other thing at home counts to three like this at that pitch. It is a
sound, not smoke that is seen, so it alarms as `abnormal_sound`, and `decide` lets it strengthen
what the picture says about smoke.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from omnicam.detect.protocol import Need, Observation, ScorerContext, Sound
from omnicam.evidence import Evidence
from omnicam.media import SAMPLE_RATE, Samples
from omnicam.taxonomy import AnomalyClass, SoundLabel

_FFT = 512
_STEP = 160
_STEP_S = _STEP / SAMPLE_RATE
_HZ = np.fft.rfftfreq(_FFT, 1 / SAMPLE_RATE)
_WINDOW = np.hanning(_FFT)
_BANDS_HZ = ((2800.0, 3700.0), (480.0, 560.0))
_OVERTONES = (1.0, 3.0, 5.0)  # a 520 Hz horn is a square wave
_SHARE = 0.5  # of the energy above 300 Hz that lies in the tone
_SAME_HZ = 70.0  # beeps of one horn differ by less
_BELOW_LOUDEST_DB = 10.0  # the echo of a beep is no beep
_MEMORY_S = 8.0
_BRIDGED_S = 0.05  # a dropped packet does not end a beep
_HEARD_DB = 2.0  # over the background: below it nothing is looked at, which saves a quiet room
_SPAN_S = 4.0  # of one group of T3
_ALARM = 10.0  # a whole group with its rest: 0.98 with the prior of 0.05
_COUNT = 3
_BEEP_S, _GAP_S, _REST_S = (0.35, 0.65), (0.35, 0.65), 1.0
_STEADY_COUNT = 10
_STEADY_PERIOD_S = (0.1, 1.2)
_UNEVEN = 0.15  # deviation of a machine's periods, relative


@dataclass(frozen=True, slots=True)
class Beep:
    """One tone: when it began and ended, in stream time, its pitch and its level."""

    start: float
    end: float
    hz: float
    level_db: float


class SmokeAlarmScorer:
    """Counts the beeps on one camera."""

    def __init__(self, context: ScorerContext) -> None:
        self._camera = context.camera.id
        self._beeps: deque[Beep] = deque(maxlen=2 * _STEADY_COUNT)
        self._told = -1.0

    @property
    def name(self) -> str:
        """The scorer's name as in the taxonomy."""
        return SoundLabel.SMOKE_ALARM.value

    @property
    def needs(self) -> frozenset[Need]:
        """Sound alone."""
        return frozenset({Need.SOUND})

    def observe(self, observation: Observation) -> Iterable[Evidence]:
        """Take the newest sound; speak once for every group of beeps."""
        sound, now = observation.sound, observation.time
        if sound is None:
            return ()
        for start, hz, level_db in _tones(sound, now):
            self._take(start, hz, level_db)
        while self._beeps and self._beeps[0].end < now - _MEMORY_S - _SPAN_S:
            self._beeps.popleft()
        group = pattern(self._beeps, now)
        if group is None or group[-1].start <= self._told:
            return ()
        self._told = group[-1].start
        return (
            Evidence(
                camera=self._camera,
                anomaly=AnomalyClass.ABNORMAL_SOUND,
                log_odds=_ALARM,
                time=now,
                span_s=_SPAN_S,
                scorer=self.name,
                why=f"{len(group)} beeps at {group[0].hz:.0f} Hz, as of a smoke alarm",
                label=SoundLabel.SMOKE_ALARM.value,
                onset=group[0].start,
            ),
        )

    def _take(self, start: float, hz: float, level_db: float) -> None:
        """Lengthen the last beep by one frame, or begin another."""
        loudest = max((beep.level_db for beep in self._beeps), default=level_db)
        if level_db < loudest - _BELOW_LOUDEST_DB:
            return
        end = start + _STEP_S
        last = self._beeps[-1] if self._beeps else None
        if last is not None and abs(last.hz - hz) <= _SAME_HZ and start - last.end < _BRIDGED_S:
            self._beeps[-1] = Beep(last.start, end, last.hz, max(last.level_db, level_db))
        else:
            self._beeps.append(Beep(start, end, hz, level_db))


def pattern(beeps: Iterable[Beep], now: float) -> tuple[Beep, ...] | None:
    """Give the newest beeps if they are a smoke alarm's: three and a rest, or many alike."""
    heard = [beep for beep in beeps if beep.end - beep.start >= 0.04]
    three = tuple(heard[-_COUNT:])
    if len(three) == _COUNT and now - three[-1].end >= _REST_S and _is_group(three):
        before = heard[:-_COUNT]
        # Four or more in a row are another machine's, unless a rest parts them from these.
        if not before or three[0].start - before[-1].end >= _REST_S:
            return three
    many = tuple(heard[-_STEADY_COUNT:])
    return many if len(many) == _STEADY_COUNT and _is_steady(many) else None


def _is_group(three: tuple[Beep, ...]) -> bool:
    lengths = all(_BEEP_S[0] <= beep.end - beep.start <= _BEEP_S[1] for beep in three)
    gaps = all(
        _GAP_S[0] <= later.start - earlier.end <= _GAP_S[1] for earlier, later in pairwise(three)
    )
    return lengths and gaps and _same_pitch(three)


def _is_steady(beeps: tuple[Beep, ...]) -> bool:
    periods = np.diff([beep.start for beep in beeps])
    mean = float(periods.mean())
    even = float(periods.std()) <= _UNEVEN * mean
    return even and _STEADY_PERIOD_S[0] <= mean <= _STEADY_PERIOD_S[1] and _same_pitch(beeps)


def _same_pitch(beeps: tuple[Beep, ...]) -> bool:
    hz = [beep.hz for beep in beeps]
    return max(hz) - min(hz) <= _SAME_HZ


def _tones(sound: Sound, now: float) -> list[tuple[float, float, float]]:
    """Give start, pitch in Hz and level in dB of every new 10 ms that are one of the tones."""
    new = sound.window[-(sound.hop + _FFT - _STEP) :]
    if len(new) < _FFT or sound.level_db < sound.noise_db + _HEARD_DB:
        return []
    power = _power(new)
    whole = power[:, _HZ >= 300.0].sum(axis=1) + 1e-12
    first = now - (len(power) - 1) * _STEP_S - _FFT / SAMPLE_RATE
    found = []
    for low, high in _BANDS_HZ:
        inside = np.flatnonzero((low <= _HZ) & (high >= _HZ))
        peak = inside[power[:, inside].argmax(axis=1)]
        level = _comb(power, peak, _OVERTONES if low < 1000.0 else (1.0,))
        for i in np.flatnonzero(level > _SHARE * whole):
            at = first + float(i) * _STEP_S
            found.append((at, float(_HZ[peak[i]]), 10.0 * float(np.log10(level[i]))))
    return sorted(found)


def _comb(
    power: npt.NDArray[np.float64], peak: npt.NDArray[np.intp], overtones: tuple[float, ...]
) -> npt.NDArray[np.float64]:
    """Sum the energy within two bins of a tone and of its overtones."""
    rows = np.arange(len(power))[:, None]
    near = np.arange(-2, 3)
    level = np.zeros(len(power))
    for times in overtones:
        bins = np.minimum(np.rint(peak * times).astype(np.intp)[:, None] + near, len(_HZ) - 1)
        level += power[rows, bins].sum(axis=1)
    return level


def _power(samples: Samples) -> npt.NDArray[np.float64]:
    clean = np.nan_to_num(samples.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    frames = np.lib.stride_tricks.sliding_window_view(clean, _FFT)[::_STEP]
    spectrum = np.fft.rfft(frames * _WINDOW, axis=1)
    return np.asarray(spectrum.real**2 + spectrum.imag**2, np.float64)
