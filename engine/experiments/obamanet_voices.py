"""The trained voice of ObamaNet: its recogniser, reader and vocoder, written to and read from `assets/obamanet/`."""

from __future__ import annotations

import json
from dataclasses import asdict

import torch
from torch import nn

from engine.data.obamanet_phones import SILENCE, SOUNDS
from engine.experiments import shipped
from engine.experiments.obamanet_speech_set import Example
from engine.models.obamanet_reader import Reader, Shape
from engine.models.obamanet_reading import Dials, Read, read_aloud
from engine.models.obamanet_recogniser import Recogniser, error_rate, meant_of
from engine.models.obamanet_sound import audio_of, log_mel
from engine.models.obamanet_vocoder import Vocoder

PAPER = "obamanet"
PLAIN = Dials()
RECOGNISER, READER, VOCODER = "recogniser-formant", "reader-formant", "vocoder-formant"


def keep(name: str, net: nn.Module, facts: dict[str, str], shape: Shape | None = None) -> None:
    """Writes a network to the assets with what was measured of it."""
    words = dict(facts)
    if shape is not None:
        words["shape"] = json.dumps(asdict(shape))
    shipped.write(shipped.path_of(PAPER, name), net.state_dict(), words)


def recogniser() -> Recogniser:
    """The shipped meter of intelligibility, in evaluation mode."""
    net = Recogniser(SOUNDS)
    net.load_state_dict(shipped.read(shipped.path_of(PAPER, RECOGNISER))[0])
    return net.eval()


def reader(name: str = READER) -> Reader:
    """A shipped reader, in evaluation mode."""
    tensors, words = shipped.read(shipped.path_of(PAPER, name))
    values = json.loads(words["shape"])
    net = Reader(Shape(**{**values, "prenet": tuple(values["prenet"])}))
    net.load_state_dict(tensors)
    return net.eval()


def vocoder(name: str = VOCODER) -> Vocoder:
    """The shipped vocoder, in evaluation mode."""
    net = Vocoder()
    net.load_state_dict(shipped.read(shipped.path_of(PAPER, name))[0])
    return net.eval()


def heard_error(judge: Recogniser, spoken: list[torch.Tensor], meant: list[list[int]]) -> float:
    """Phone error rate of log-mel frames [T, 80] against the sounds that should be heard, silence included."""
    return error_rate([(judge.heard(mel), meant_of(s, SILENCE)) for mel, s in zip(spoken, meant, strict=True)])


def read_examples(net: Reader, examples: list[Example], dials: Dials = PLAIN) -> Read:
    """All examples read aloud as one batch, free-running."""
    symbols = nn.utils.rnn.pad_sequence([example.symbols for example in examples], batch_first=True)
    return read_aloud(net, symbols, torch.tensor([len(example.symbols) for example in examples]), dials)


def free_running(judge: Recogniser, net: Reader, examples: list[Example], through_sound: bool = False) -> float:
    """The number to show: phone error rate of a free-running reader; through_sound: after Griffin-Lim (page, 5.4)."""
    found = read_examples(net, examples)
    spoken = [found.frames(row, net.shape.fold) for row in range(len(examples))]
    if through_sound:
        spoken = [log_mel(audio_of(mel)) for mel in spoken]
    return heard_error(judge, spoken, [example.sounds for example in examples])
