"""Spoken phrases as a training set in memory: log-mel frames, labels, symbols, and padded batches of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from engine.data.obamanet_corpus import Corpus
from engine.data.obamanet_phones import character_ids_of, ids_of, sounds_of
from engine.data.obamanet_speech import FRAMES_A_PICTURE, Speech
from engine.models.obamanet_recogniser import NO_LABEL
from engine.models.obamanet_sound import FLOOR, log_mel

SILENT = float(np.log(FLOOR))


@dataclass(frozen=True, slots=True)
class Example:
    """One phrase. mel [T, 80]; labels int64 [T]; symbols int64 [N] what the reader reads; sounds: what is meant."""

    speech: Speech
    mel: Tensor
    labels: Tensor
    symbols: Tensor
    sounds: list[int]


@dataclass(frozen=True, slots=True)
class Batch:
    """symbols int64 [B, N], lengths int64 [B]; mel [B, T, 80], T a multiple of R; frames int64 [B], as many of them
    count."""

    symbols: Tensor
    lengths: Tensor
    mel: Tensor
    frames: Tensor


def example_of(speech: Speech, characters: bool = False) -> Example:
    """Frames and ids of one phrase. characters: the reader reads the text's letters instead of phones."""
    mel = log_mel(torch.from_numpy(speech.audio))
    labels = torch.from_numpy(speech.labels())[: len(mel)]
    ids = character_ids_of(speech.text) if characters else ids_of(speech.phones)
    return Example(speech, mel, labels, torch.tensor(ids), sounds_of(speech.phones))


class SpeechSet:
    """Examples that grow while one trains: `grow` makes some more from the corpus."""

    def __init__(self, corpus: Corpus, characters: bool = False) -> None:
        self.corpus = corpus
        self.characters = characters
        self.examples: list[Example] = []

    def __len__(self) -> int:
        return len(self.examples)

    def grow(self, count: int) -> None:
        """Up to so many examples in all."""
        for number in range(len(self.examples), count):
            self.examples.append(example_of(self.corpus.phrase(number), self.characters))

    def held_out(self, count: int) -> list[Example]:
        """Phrases for measuring."""
        return [example_of(self.corpus.held_out(number), self.characters) for number in range(count)]

    def frames(self) -> Tensor:
        """Every frame so far [N, 80]."""
        return torch.cat([example.mel for example in self.examples])

    def crops(self, random: np.random.Generator, size: int, length: int) -> tuple[Tensor, Tensor]:
        """Random pieces of `length` frames: mel [B, L, 80], labels [B, L]; shorter phrases are padded with silence that
        has no label."""
        mels, labels = torch.full((size, length, 80), SILENT), torch.full((size, length), NO_LABEL)
        for row in range(size):
            example = self.examples[int(random.integers(len(self.examples)))]
            begin = int(random.integers(max(len(example.mel) - length, 0) + 1))
            piece = example.mel[begin : begin + length]
            mels[row, : len(piece)] = piece
            labels[row, : len(piece)] = example.labels[begin : begin + length]
        return mels, labels

    def batch(self, random: np.random.Generator, size: int, fold: int = FRAMES_A_PICTURE) -> Batch:
        """Random whole phrases of like length, so that little is padding."""
        pool = random.integers(len(self.examples), size=4 * size)
        ordered = sorted((int(i) for i in pool), key=lambda i: len(self.examples[i].mel))
        begin = int(random.integers(3 * size + 1))
        return batch_of([self.examples[i] for i in ordered[begin : begin + size]], fold)


def batch_of(examples: Sequence[Example], fold: int = FRAMES_A_PICTURE) -> Batch:
    """Padded: symbols with 0, frames with silence up to a multiple of `fold`."""
    symbols = pad_sequence([example.symbols for example in examples], batch_first=True)
    mel = pad_sequence([example.mel for example in examples], batch_first=True, padding_value=SILENT)
    short = -mel.shape[1] % fold
    mel = torch.nn.functional.pad(mel, (0, 0, 0, short), value=SILENT)
    frames = torch.tensor([len(example.mel) for example in examples])
    return Batch(symbols, torch.tensor([len(example.symbols) for example in examples]), mel, frames)
