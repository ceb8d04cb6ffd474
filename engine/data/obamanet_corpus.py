"""Phrases spoken while one trains: 3 to 6 random words by a teacher voice, streamed and cached (page, 5.2).

Phrase i depends on the settings and i alone with the formant voice; espeak-ng repeats itself only from a fresh process
in a fixed order, so its phrases are made in blocks, one process a block (page, 5.1). The cache is a folder of plain
arrays; what cannot be read is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from engine.data.obamanet_espeak import Espeak
from engine.data.obamanet_phones import LEAD, SYMBOLS, bare, ids_of
from engine.data.obamanet_speech import Speech
from engine.data.obamanet_text import word_phones
from engine.data.obamanet_vocabulary import SMALL_WORDS, WORDS, made_up
from engine.data.obamanet_voice import VoiceSettings, speak
from engine.runtime import paths

Teacher = Literal["formant", "espeak"]
BLOCK = 50  # phrases of one file
HELD_OUT = 1_000_000  # phrases from here on are never trained on
_FORM = 3  # of voice and files; another number makes them anew
_FULL = 32767.0
_TEMPLATE_WORDS = 150
_SMALL_WORD, _COMMA, _ASKS, _SHOUTS = 0.3, 0.15, 0.12, 0.06


@dataclass(frozen=True, slots=True)
class CorpusSettings:
    """teacher: formant or espeak. seed: another one, other phrases. made_up: part of the words that do not exist, 0 to
    1 (formant voice only; their phrases have no text). few_words: only 150 words, the page's template corpus, for
    learning to read characters in a minute. rate, pitch, tract: as in `VoiceSettings`."""

    teacher: Teacher = "formant"
    seed: int = 0
    made_up: float = 0.25
    few_words: bool = False
    rate: float = 150.0
    pitch: float = 50.0
    tract: float = 1.0


class Corpus:
    """Phrases by number. `phrase(i)` for training, `held_out(i)` for measuring; both are made and cached in blocks."""

    def __init__(self, settings: CorpusSettings, folder: Path | None = None, block: int = BLOCK) -> None:
        self.settings, self.block = settings, block
        key = json.dumps([_FORM, asdict(settings), *([block] if block != BLOCK else [])], sort_keys=True)
        name = hashlib.sha256(key.encode()).hexdigest()[:20]
        self.folder = (folder or paths.cache_folder() / "obamanet") / name
        self._blocks: dict[int, list[Speech]] = {}

    def phrase(self, number: int) -> Speech:
        """The phrase with this number, made, or read, with its block."""
        block, place = divmod(number, self.block)
        if block not in self._blocks:
            self._blocks[block] = self._read(block) or self._make(block)
        return self._blocks[block][place]

    def held_out(self, number: int) -> Speech:
        """A phrase that training never sees (its words may occur elsewhere)."""
        return self.phrase(HELD_OUT + number)

    def stream(self, count: int) -> Iterator[Speech]:
        """The first phrases, one after the other, as they are made."""
        return (self.phrase(i) for i in range(count))

    def _make(self, block: int) -> list[Speech]:
        numbers = range(block * self.block, (block + 1) * self.block)
        s = self.settings
        if s.teacher == "espeak":
            with Espeak(round(s.rate), round(s.pitch)) as voice:
                made = [voice.say(phrase_of(s, i)[0]) for i in numbers]
        else:
            voice_settings = VoiceSettings(s.rate, s.pitch, s.tract)
            made = [speak(phones, voice_settings, text) for text, phones in (phrase_of(s, i) for i in numbers)]
        self._write(block, made)
        return made

    def _file(self, block: int) -> Path:
        return self.folder / f"{block:06d}.npz"

    def _write(self, block: int, made: list[Speech]) -> None:
        """Whole or not at all; a disk that is full or closed costs the cache, not the corpus."""
        part = self._file(block).with_suffix(f".{os.getpid()}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                np.savez(
                    file,
                    audio=np.concatenate([np.round(speech.audio * _FULL) for speech in made]).astype(np.int16),
                    lengths=np.array([len(speech.audio) for speech in made]),
                    phones=np.concatenate([ids_of(speech.phones) for speech in made]),
                    starts=np.concatenate([speech.starts for speech in made]),
                    counts=np.array([len(speech.phones) for speech in made]),
                    texts=np.array([speech.text for speech in made]),
                )
            part.replace(self._file(block))
        except OSError:
            part.unlink(missing_ok=True)

    def _read(self, block: int) -> list[Speech] | None:
        try:
            with np.load(self._file(block), allow_pickle=False) as file:
                stored = {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):
            return None
        ends, counts = np.cumsum(stored["lengths"]), stored["counts"]
        if len(counts) != self.block or ends[-1] != len(stored["audio"]):
            return None
        sounds = np.split(stored["audio"].astype(np.float32) / np.float32(_FULL), ends[:-1])
        phones = np.split(stored["phones"], np.cumsum(counts)[:-1])
        starts = np.split(stored["starts"], np.cumsum(counts + 1)[:-1])
        return [
            Speech(audio, tuple(SYMBOLS[i] for i in ids), begins.astype(np.int64), str(text))
            for audio, ids, begins, text in zip(sounds, phones, starts, stored["texts"], strict=True)
        ]


def phrase_of(settings: CorpusSettings, number: int) -> tuple[str, tuple[str, ...]]:
    """Text and phones of a phrase before it is spoken; text "" when a word of it does not exist."""
    random = np.random.default_rng([settings.seed, number])
    vocabulary = WORDS[:: len(WORDS) // _TEMPLATE_WORDS][:_TEMPLATE_WORDS] if settings.few_words else WORDS
    phones: list[str] = [LEAD]
    words: list[str] = []
    has_text = True
    count = int(random.integers(3, 7))
    for place in range(count):
        if random.random() < _SMALL_WORD:
            _add(words, phones, SMALL_WORDS[int(random.integers(len(SMALL_WORDS)))])
        if settings.teacher == "formant" and random.random() < settings.made_up:
            phones += made_up(random)
            has_text = False
        else:
            _add(words, phones, vocabulary[int(random.integers(len(vocabulary)))])
        if place + 1 < count and random.random() < _COMMA:
            phones.append(",")
            words[-1:] = [words[-1] + ","] if words else []
    draw = random.random()
    end = "?" if draw < _ASKS else "!" if draw < _ASKS + _SHOUTS else "."
    return (" ".join(words) + end if has_text else ""), (*phones, end)


def _add(words: list[str], phones: list[str], word: str) -> None:
    words.append(word)
    phones += word_phones(word)


def coverage(settings: CorpusSettings, count: int) -> dict[str, int]:
    """How often each symbol occurs in the first phrases."""
    found = dict.fromkeys(SYMBOLS[1:], 0)
    for i in range(count):
        for symbol in phrase_of(settings, i)[1]:
            found[symbol] += 1
    return found


def missing_from(settings: CorpusSettings, count: int) -> list[str]:
    """Symbols that the first phrases do not have."""
    return [symbol for symbol, times in coverage(settings, count).items() if not times and bare(symbol)]
