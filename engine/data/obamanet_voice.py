"""A voice that is always there: a formant synthesiser written for this project, the teacher without any package.

Source and filter, pulse by pulse. Every glottal pulse (KLGLOTT88: flow t^2 - t^3 / Te over the open part of the
period, its derivative's spectrum in closed form, tilted by one pole) excites a cascade of eight resonances as they
stand at that instant; the response is computed in the frequency domain and added where the pulse falls, between
samples too. Breath is noise through the same cascade; frication and bursts are noise in bands of their own. Formants
move between the phones' targets along smoothed lines, consonants lean towards their vowel (page, 5.1: the fallback
teacher; the page measured espeak-ng only, so no figure of it is about this voice).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.obamanet_formants import NASAL_POLE, NASAL_ZERO, UPPER
from engine.data.obamanet_prosody import Plan, plan_of
from engine.data.obamanet_speech import SAMPLE_RATE, Speech
from engine.data.obamanet_tracks import TICK, Tracks, tracks_of

_PULSE_FFT = 1024  # 64 ms: a 60-Hz bandwidth has died by 100 dB
_NOISE_FFT = 512
_NOISE_WINDOW = 160
_OPEN = 0.62  # part of the period in which the glottis is open
_TILT_HZ = 3000.0
_VOICE_LEVEL, _BREATH_LEVEL, _HISS_LEVEL = 1.0, 0.085, 0.55
_LOUDNESS = 0.075  # root mean square of the whole phrase
_PEAK = 0.97


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    """rate: words a minute, 80 to 260. pitch: 0 to 99, 50 is 112 Hz. tract: length of the vocal tract against a man's
    17.5 cm, 0.7 to 1.2; a shorter one raises every resonance. breath: 0 (pressed) to 1 (breathy)."""

    rate: float = 150.0
    pitch: float = 50.0
    tract: float = 1.0
    breath: float = 0.25

    def __post_init__(self) -> None:
        for name, low, high in (("rate", 80, 260), ("pitch", 0, 99), ("tract", 0.7, 1.2), ("breath", 0, 1)):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} {getattr(self, name):g} is outside {low:g} to {high:g}")


VOICE = VoiceSettings()


def speak(phones: tuple[str, ...], settings: VoiceSettings = VOICE, text: str = "") -> Speech:
    """Sound and timings of a sequence of symbols; the same phones and settings give the same samples.

    A pause at the beginning and the end is expected; without one the sound begins and ends at once. Raises `ValueError`
    for a sequence without any sound and for unknown symbols.
    """
    plan = plan_of(phones, settings.rate, settings.pitch)
    return Speech(_sounded(plan, settings, zlib.crc32(" ".join(phones).encode())), phones, plan.starts, text)


def _sounded(plan: Plan, settings: VoiceSettings, seed: int) -> NDArray[np.float32]:
    tracks = tracks_of(plan, settings.tract)
    random = np.random.default_rng(seed)
    count = int(plan.starts[-1])
    cycles = _cycles(plan.pitch, count, random)
    audio = _VOICE_LEVEL * _voiced(tracks, cycles, count, settings, random)
    audio += _noises(tracks, cycles, count, settings, random)
    audio *= _LOUDNESS / max(float(np.sqrt(np.mean(audio**2))), 1e-6)
    # A soft knee instead of clipping.
    over = np.abs(audio) > 0.7
    audio[over] = np.sign(audio[over]) * (0.7 + (_PEAK - 0.7) * np.tanh((np.abs(audio[over]) - 0.7) / (_PEAK - 0.7)))
    return audio.astype(np.float32)


def _cycles(pitch: NDArray[np.float64], count: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Glottal cycles elapsed at every sample; slow flutter as a larynx has."""
    t = np.arange(count) / SAMPLE_RATE
    flutter = sum(np.sin(2 * np.pi * (hz * t + random.random())) for hz in (12.7, 7.1, 4.7))
    f0 = np.interp(t, np.arange(len(pitch)) * TICK / SAMPLE_RATE, pitch) * (1 + 0.004 * flutter)
    return np.asarray(np.cumsum(f0) / SAMPLE_RATE)


def _at(track: NDArray[np.float64], samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """A track [ticks] or [ticks, K] at places given in samples."""
    at = np.clip(samples / TICK, 0, len(track) - 1)
    low = at.astype(np.int64)
    high = np.minimum(low + 1, len(track) - 1)
    part = (at - low).reshape(-1, *([1] * (track.ndim - 1)))
    return np.asarray(track[low] * (1 - part) + track[high] * part)


def response(
    f: NDArray[np.float64], b: NDArray[np.float64], nasal: NDArray[np.float64], tract: float, points: int
) -> NDArray[np.complex128]:
    """The vocal tract at M instants: f, b [M, 3] in Hz, nasal [M] in 0..1 -> complex [M, points // 2 + 1].

    A cascade of resonances |p|^2 / ((s - p)(s - p*)), one at rest each, and the nasal pair of pole and zero.
    """
    s = 2j * np.pi * np.fft.rfftfreq(points, 1 / SAMPLE_RATE)[None]
    whole = np.ones((len(f), s.shape[1]), np.complex128)

    def resonance(centre: NDArray[np.float64], width: NDArray[np.float64]) -> NDArray[np.complex128]:
        size = (np.pi * width) ** 2 + (2 * np.pi * centre) ** 2
        return np.asarray(size[:, None] / (s * s + 2 * np.pi * width[:, None] * s + size[:, None]))

    for k in range(f.shape[1]):
        whole *= resonance(f[:, k], b[:, k])
    fixed = np.ones((1, s.shape[1]), np.complex128)
    for centre, width in UPPER:
        if centre / tract < 0.97 * SAMPLE_RATE / 2:
            fixed *= resonance(np.array([centre / tract]), np.array([width]))
    pole, width = NASAL_POLE
    is_nasal = nasal > 0.01
    if is_nasal.any():
        zero = pole + nasal[is_nasal] * (NASAL_ZERO - pole)
        ones = np.full(len(zero), 1.0)
        whole[is_nasal] *= resonance(pole * ones, width * ones) / resonance(zero, width * ones)
    return whole * fixed


def _pulse_spectrum(period: NDArray[np.float64], tilt: NDArray[np.float64]) -> NDArray[np.complex128]:
    """The derivative of the glottal flow for M periods in seconds, its steepest fall 1: complex [M, bins].

    With x(t) = (2 t - 3 t^2 / Te) / Te on [0, Te]; s = 2 pi i f;
    int t e^-st = 1/s^2 - e^-sT (T/s + 1/s^2), int t^2 e^-st = 2/s^3 - e^-sT (T^2/s + 2T/s^2 + 2/s^3).
    """
    hz = np.fft.rfftfreq(_PULSE_FFT, 1 / SAMPLE_RATE)[None, 1:]
    s = 2j * np.pi * hz
    T = (_OPEN * period)[:, None]
    gone = np.exp(-s * T)
    first = 1 / s**2 - gone * (T / s + 1 / s**2)
    second = 2 / s**3 - gone * (T**2 / s + 2 * T / s**2 + 2 / s**3)
    spectrum = (2 * first - 3 * second / T) / T / (1 + 1j * hz / tilt[:, None])
    return np.pad(spectrum, ((0, 0), (1, 0))) * SAMPLE_RATE


def _voiced(
    tracks: Tracks, cycles: NDArray[np.float64], count: int, settings: VoiceSettings, random: np.random.Generator
) -> NDArray[np.float64]:
    """The pulses, each through the tract as it stands."""
    numbers = np.arange(1, int(cycles[-1]) + 1) if count else np.arange(0)
    places = np.interp(numbers, cycles, np.arange(count))
    level = _at(tracks.voiced, places)
    heard = level > 0.01
    places, level = places[heard], level[heard]
    audio = np.zeros(count + _PULSE_FFT)
    if not len(places):
        return audio[:count]
    period = 1 / np.maximum(SAMPLE_RATE * np.gradient(cycles)[places.astype(np.int64)], 40.0)
    # A weak source is a soft one: less of it above the tilt.
    tilt = _TILT_HZ * (1.35 - 0.9 * settings.breath) * np.clip(level, 0.15, 1.0) ** 0.5
    shimmer = 1 + 0.03 * random.standard_normal(len(places))
    hz = np.fft.rfftfreq(_PULSE_FFT, 1 / SAMPLE_RATE)
    begin = np.floor(places).astype(np.int64)
    for block in np.array_split(np.arange(len(places)), max(1, len(places) // 128)):
        shift = np.exp(-2j * np.pi * hz * ((places - begin)[block] / SAMPLE_RATE)[:, None])
        tract = response(
            _at(tracks.f, places[block]), _at(tracks.b, places[block]), _at(tracks.nasal, places[block]),
            settings.tract, _PULSE_FFT,
        )  # fmt: skip
        heard_here = np.fft.irfft(_pulse_spectrum(period[block], tilt[block]) * tract * shift, _PULSE_FFT)
        heard_here *= (level * shimmer)[block, None]
        for row, at in zip(heard_here, begin[block], strict=True):
            audio[at : at + _PULSE_FFT] += row
    return audio[:count]


def _noises(
    tracks: Tracks, cycles: NDArray[np.float64], count: int, settings: VoiceSettings, random: np.random.Generator
) -> NDArray[np.float64]:
    """Breath through the tract, frication through its bands; both pulsate where the voice sounds."""
    half = _NOISE_WINDOW // 2
    samples = np.arange(count, dtype=np.float64)
    voiced = np.interp(samples / TICK, np.arange(len(tracks.voiced)), tracks.voiced)
    pulsing = 1 - np.clip(voiced, 0, 1) * (0.5 + 0.5 * np.cos(2 * np.pi * cycles)) * 0.8
    breath = np.interp(samples / TICK, np.arange(len(tracks.breath)), tracks.breath) + 0.12 * settings.breath * voiced
    hissing, centres = tracks.hiss[:count], np.arange(0.0, count + half, half)
    window = np.hanning(_NOISE_WINDOW + 1)[:-1]
    audio = np.zeros(count + 2 * _NOISE_FFT)
    tract = response(
        _at(tracks.f, centres), np.maximum(_at(tracks.b, centres), 90.0), _at(tracks.nasal, centres),
        settings.tract, _NOISE_FFT,
    )  # fmt: skip
    # Turbulence at the glottis is heard through the upper resonances more than the first.
    hz = np.fft.rfftfreq(_NOISE_FFT, 1 / SAMPLE_RATE)
    tract = tract * (1j * hz / (600 + 1j * hz)) * (1 + hz / 2500)
    for envelope, shape in ((_BREATH_LEVEL * breath * pulsing, tract), (_HISS_LEVEL * hissing * pulsing, tracks.shape)):
        noise = np.pad(random.standard_normal(count) * envelope, (half, 2 * _NOISE_WINDOW))
        pieces = np.lib.stride_tricks.sliding_window_view(noise, _NOISE_WINDOW)[: len(centres) * half : half]
        heard = np.fft.irfft(np.fft.rfft(pieces * window, _NOISE_FFT) * shape[: len(pieces)], _NOISE_FFT)
        for row, at in zip(heard, centres.astype(np.int64), strict=False):
            audio[at : at + _NOISE_FFT] += row
    return audio[half : half + count]
