"""One spoken phrase: its sound, its phones and when each of them is heard; what every teacher voice returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.obamanet_phones import sounds_of

SAMPLE_RATE = 16_000
HOP = 160  # samples of one acoustic frame: 100 Hz (page, section 2)
FRAMES_A_PICTURE = 4  # 25 pictures a second


@dataclass(frozen=True, slots=True)
class Speech:
    """audio: float32 [S] in [-1, 1] at 16 kHz. phones: symbols [P], pauses included. starts: int64 [P + 1], the sample
    at which each phone begins; the last is S. text: what was said, "" for sounds that are no words."""

    audio: NDArray[np.float32]
    phones: tuple[str, ...]
    starts: NDArray[np.int64]
    text: str = ""

    @property
    def frames(self) -> int:
        """Acoustic frames: one every 10 ms, the last one whole, and one more (frames are centred)."""
        return len(self.audio) // HOP + 1

    def labels(self) -> NDArray[np.int64]:
        """The recogniser's class of every acoustic frame [frames]: the phone at the frame's centre."""
        centres = np.arange(self.frames) * HOP
        places = np.clip(np.searchsorted(self.starts, centres, "right") - 1, 0, len(self.phones) - 1)
        return np.asarray(sounds_of(self.phones), np.int64)[places]

    def seconds_of(self, place: int) -> tuple[float, float]:
        """When a phone begins and ends, in seconds."""
        begin, end = self.starts[place : place + 2] / SAMPLE_RATE
        return float(begin), float(end)


def timed(audio: NDArray[np.float32], phones: tuple[str, ...], begins: NDArray[np.int64], text: str = "") -> Speech:
    """A speech from where its phones begin. Phones that would have no length get one sample."""
    starts = np.append(np.clip(begins, 0, len(audio)), len(audio)).astype(np.int64)
    starts[0] = 0
    room = np.arange(len(starts))
    starts = np.maximum.accumulate(starts - room) + room
    overrun = int(starts[-1]) - len(audio)
    if overrun > 0:
        audio = np.pad(audio, (0, overrun))
    return Speech(audio, phones, starts, text)
