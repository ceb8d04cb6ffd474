"""The better teacher: espeak-ng from the optional extra [voice], driven by ctypes in a process of its own (page, 5.1).

The wheel `espeakng-loader` brings the library and its data, so no system package is needed. The library keeps global
state and is not deterministic from one call to the next within a process: an `Espeak` therefore owns one spawned
process and asks it in order; the first call of a fresh process repeats exactly. Its IPA phone names become this
project's phones, so that whatever learns from it is asked in the same language as what learns from the formant voice.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import multiprocessing
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.obamanet_phones import LEAD, is_pause
from engine.data.obamanet_speech import Speech, timed

PACKAGE = "espeakng_loader"
MISSING = (
    "The espeak-ng voice is not installed (optional extra [voice]); the project's own formant voice speaks instead."
)
_RETRIEVAL, _PHONEMES, _IPA, _NEVER_EXIT = 1, 0x0001, 0x0002, 0x8000
_UTF8 = 1
_RATE, _PITCH = 1, 3  # espeak_PARAMETER
_PHONEME, _LIST_END = 7, 0  # espeak_EVENT_TYPE
_UP, _DOWN = 320, 441  # 22,050 Hz to 16 kHz
_NATIVE_RATE = 22_050
_TAPS = 24  # of the resampler, on each side, in samples of the lower rate
_ANSWER_S = 30.0
_VOICE = b"en-us"

Answer = tuple[NDArray[np.int16], list[tuple[str, int]]]


class VoiceMissingError(RuntimeError):
    """espeak-ng cannot be used here; the message says why and what speaks instead."""


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("id", _Id),
    )


_Heard = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))

# IPA as espeak-ng's American English names its sounds. A name that is missing is read as the parts it is made of.
_NAMES = (
    "iː=iy i=iy ɪ=ih ᵻ=ih ɛ=eh e=eh æ=ae a=ae ɑː=aa ɑ=aa ɒ=aa ɔː=ao ɔ=ao oː=ao ʌ=ah ʊ=uh uː=uw u=uw ɜː=er ɜ=er "
    "ɚ=er ə=ax ɐ=ax aɪ=ay aʊ=aw ɔɪ=oy eɪ=ey oʊ=ow əʊ=ow o=ow p=p b=b t=t ɾ=t ʔ=t d=d k=k ɡ=g g=g x=k tʃ=ch dʒ=jh "
    "f=f v=v θ=th ð=dh s=s z=z ʃ=sh ʒ=zh h=hh m=m n=n ŋ=ng l=l ɫ=l ɹ=r r=r w=w j=y n̩=ax+n m̩=ax+m l̩=ax+l əl=ax+l "
    "ɜːɹ=er ɑːɹ=aa+r ɔːɹ=ao+r oːɹ=ao+r ɛɹ=eh+r ɪɹ=ih+r ʊɹ=uh+r əɹ=er iə=iy+ax aɪə=ay+ax aɪɚ=ay+er"
)
_FROM_IPA = {name: tuple(said.split("+")) for name, said in (pair.split("=") for pair in _NAMES.split())}
_MARKS = str.maketrans("", "", "ˈˌʰ̃ʲ͡")


def is_installed() -> bool:
    """Whether the extra [voice] is there. Loads nothing."""
    return importlib.util.find_spec(PACKAGE) is not None


def from_ipa(name: str) -> tuple[str, ...]:
    """Phones of one espeak-ng phoneme name, stress included; () for a name that is no sound of English."""
    plain = name.translate(_MARKS)
    said = _known(plain)
    if said and "ˈ" in name and said[0] not in ("ax",) and plain[0] in "iɪᵻɛæaɑɒɔʌʊuɜɚeo":
        return (said[0] + "1", *said[1:])
    return said


def _known(plain: str) -> tuple[str, ...]:
    for size in range(len(plain), 0, -1):
        if plain[:size] in _FROM_IPA:
            return (*_FROM_IPA[plain[:size]], *_known(plain[size:]))
    return _known(plain[1:]) if plain else ()


class Espeak:
    """A spawned process that speaks. Use it as a context and `say` in a fixed order.

    rate: words a minute, 80 to 450. pitch: 0 to 99. Raises `VoiceMissingError` at once when the extra is not there or
    its library does not load.
    """

    def __init__(self, rate: int = 150, pitch: int = 50) -> None:
        if not is_installed():
            raise VoiceMissingError(MISSING)
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, rate, pitch), daemon=True, name="espeak")
        self._process.start()
        theirs.close()
        problem = self._received()
        if problem is not None:
            self.close()
            raise VoiceMissingError(f"espeak-ng did not start ({problem}); the formant voice speaks instead.")

    def say(self, text: str) -> Speech:
        """Sound and timed phones of one phrase. Raises `VoiceMissingError` when the process died."""
        self._ours.send(text)
        pcm, events = self._received()
        return speech_of(pcm, events, text)

    def close(self) -> None:
        """Ends the process."""
        self._ours.close()
        self._process.join(1.0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def __enter__(self) -> Espeak:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _received(self) -> Any:
        try:
            if self._ours.poll(_ANSWER_S):
                return self._ours.recv()
        except (EOFError, OSError):
            self._process.join(1.0)
        raise VoiceMissingError("espeak-ng stopped answering; the formant voice speaks instead.")


def speech_of(pcm: NDArray[np.int16], events: list[tuple[str, int]], text: str) -> Speech:
    """One phrase from the library's samples and phone events (IPA name, sample at 22,050 Hz).

    The two or three phones that one name stands for share its time. The text's last sign names the closing pause.
    """
    audio = resampled(pcm.astype(np.float32) / 32768.0)
    ends = [*(at for _, at in events[1:]), len(pcm)]
    phones: list[str] = []
    begins: list[float] = []
    for (name, at), end in zip(events, ends, strict=True):
        for k, phone in enumerate(said := from_ipa(name) or (("," if phones else LEAD),)):
            if not (is_pause(phone) and phones and is_pause(phones[-1])):
                phones.append(phone)
                begins.append((at + (end - at) * k / len(said)) * _UP / _DOWN)
    if not phones or not is_pause(phones[0]):
        phones.insert(0, LEAD)
        begins.insert(0, 0.0)
    closing = text.strip()[-1:] if text.strip()[-1:] in (".", "?", "!") else "."
    if is_pause(phones[-1]) and len(phones) > 1:
        phones[-1] = closing
    else:
        phones.append(closing)
        begins.append(float(len(audio)))
    return timed(audio, tuple(phones), np.round(begins).astype(np.int64), text)


def resampled(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """22,050 Hz -> 16 kHz by 320 / 441: a windowed sinc at each output's place, cut off at 0.94 of 8 kHz."""
    count = len(audio) * _UP // _DOWN
    step, cutoff = _DOWN / _UP, 0.94 * _UP / _DOWN
    reach = int(np.ceil(_TAPS * step))
    phase = np.arange(_UP) * step
    offsets = np.arange(-reach, reach + 1)
    away = offsets[None] - (phase - np.floor(phase))[:, None]
    taper = 0.5 + 0.5 * np.cos(np.pi * np.clip(away / (reach + 1), -1, 1))
    taps = (cutoff * np.sinc(cutoff * away) * taper).astype(np.float32)
    padded = np.pad(audio, (reach, reach + 1))
    places = np.floor(np.arange(count) * step).astype(np.int64)
    return np.asarray(np.einsum("nk,nk->n", padded[places[:, None] + offsets + reach], taps[np.arange(count) % _UP]))


def _serve(pipe: Connection, rate: int, pitch: int) -> None:
    """The process: loads the library, then answers each text with its samples and events until the pipe ends."""
    try:
        library = _Library(rate, pitch)
    except (OSError, ImportError, AttributeError, RuntimeError) as problem:
        pipe.send(str(problem))
        return
    pipe.send(None)
    while True:
        try:
            text = pipe.recv()
        except (EOFError, OSError):
            return
        pipe.send(library.say(text))


class _Library:
    """The shared library in this process; there can be only one."""

    def __init__(self, rate: int, pitch: int) -> None:
        loader = importlib.import_module(PACKAGE)
        self._library = ctypes.CDLL(str(loader.get_library_path()))
        flags = _PHONEMES | _IPA | _NEVER_EXIT
        native = self._library.espeak_Initialize(_RETRIEVAL, 0, str(loader.get_data_path()).encode(), flags)
        if native != _NATIVE_RATE:
            raise RuntimeError(f"its data gives {native} samples a second instead of {_NATIVE_RATE}")
        self._pcm: list[NDArray[np.int16]] = []
        self._events: list[tuple[str, int]] = []
        self._heard = _Heard(self._on_heard)  # kept: the library calls it
        self._library.espeak_SetSynthCallback(self._heard)
        if self._library.espeak_SetVoiceByName(_VOICE) != 0:
            raise RuntimeError("it has no American English")
        self._library.espeak_SetParameter(_RATE, rate, 0)
        self._library.espeak_SetParameter(_PITCH, pitch, 0)

    def say(self, text: str) -> Answer:
        self._pcm, self._events = [], []
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 1, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        return (np.concatenate(self._pcm) if self._pcm else np.zeros(0, np.int16)), self._events

    def _on_heard(self, samples: Any, count: int, events: Any) -> int:
        if count > 0:
            self._pcm.append(np.ctypeslib.as_array(samples, (count,)).copy())
        place = 0
        while events[place].type != _LIST_END:
            event = events[place]
            if event.type == _PHONEME:
                # Names are cut at eight bytes, also within a letter.
                self._events.append((event.id.string.decode(errors="ignore"), event.sample))
            place += 1
        return 0
