"""``python -m engine.experiments.obamanet_voice_ship {recogniser,reader,vocoder} [SECONDS]``: trains the shipped voice.

Each part learns from the formant voice's random phrases for so many seconds of one CPU thread (measuring excluded) and
is written to ``assets/obamanet/`` with what was measured on held-out phrases. The reader and the vocoder need the
recogniser; a vocoder with a reader beside it also prints what the chain of both makes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import nn

from engine.data.obamanet_corpus import Corpus, CorpusSettings
from engine.data.obamanet_phones import SOUNDS, SYMBOLS
from engine.data.obamanet_speech import HOP
from engine.data.obamanet_text import script_of
from engine.data.obamanet_vocabulary import SENTENCES
from engine.data.obamanet_voice import speak
from engine.experiments import obamanet_voices as voices
from engine.experiments.obamanet_speech_set import Example, SpeechSet, batch_of, example_of
from engine.models.obamanet_reader import Reader, Shape, alignment_of, l1_of, loss_of, teach
from engine.models.obamanet_recogniser import Recogniser
from engine.models.obamanet_recogniser import loss_of as recogniser_loss
from engine.models.obamanet_sound import audio_of, log_mel
from engine.models.obamanet_vocoder import Vocoder
from engine.models.obamanet_vocoder import loss_of as vocoder_loss

PHRASES, HELD_OUT = 1300, 20
MARKS = (0, 20, 45, 60, 90, 120, 180, 240, 300, 360, 420, 480)
CROP, VOCODER_CROP = 160, 65
BATCH, VOCODER_BATCH = 32, 8
SECONDS = {"recogniser": 60.0, "reader": 210.0, "vocoder": 180.0}
Report = Callable[[], dict[str, float]]


def clocked(budget: float, update: Callable[[int, float], float], report: Report) -> dict[str, float]:
    """Calls update(step, part of the budget used) until the budget of CPU seconds is used; prints at the marks.

    Returns the last report, the seconds and the updates.
    """
    used, step, marks = 0.0, 0, [mark for mark in MARKS if mark < budget]
    while used < budget:
        if marks and used >= marks[0]:
            _print(marks.pop(0), step, report())
        begun = time.process_time()
        update(step, used / budget)
        used += time.process_time() - begun
        step += 1
    found = report()
    _print(used, step, found)
    return {**found, "seconds": used, "updates": step}


def _print(seconds: float, step: int, found: dict[str, float]) -> None:
    print(f"{seconds:5.0f} s {step:5d}  " + "  ".join(f"{k} {v:.4f}" for k, v in found.items()), flush=True)


def descend(net: nn.Module, optimiser: torch.optim.Optimizer, loss: torch.Tensor, rate: float) -> float:
    """One update with the total norm clipped at 1."""
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimiser.step()
    return float(loss.detach())


def phrases(count: int) -> SpeechSet:
    """The first phrases of the corpus in memory."""
    begun = time.process_time()
    found = SpeechSet(Corpus(CorpusSettings()))
    found.grow(count)
    minutes = sum(len(example.speech.audio) for example in found.examples) / 16_000 / 60
    print(f"{count} phrases, {minutes:.1f} minutes of speech, {time.process_time() - begun:.0f} CPU s", flush=True)
    return found


def unseen() -> list[Example]:
    """The 50 sentences that nobody trains on, spoken by the teacher."""

    return [example_of(speak(chunk.phones)) for text in SENTENCES for chunk in script_of(text).chunks]


def train_recogniser(seconds: float) -> None:
    """AdamW, 4e-3 after a short warm-up, falling to zero; 1.6-s pieces."""
    data = phrases(PHRASES)
    held = data.held_out(50)
    torch.manual_seed(0)
    net = Recogniser(SOUNDS)
    net.standard.fit(data.frames())
    optimiser = torch.optim.AdamW(net.parameters(), weight_decay=1e-2)
    generator, random = torch.Generator().manual_seed(0), np.random.default_rng(0)

    def update(step: int, part: float) -> float:
        net.train()
        mel, labels = data.crops(random, BATCH, CROP)
        rate = 4e-3 * min(1.0, (step + 1) / 40) * (1 - part) + 1e-5
        return descend(net, optimiser, recogniser_loss(net, mel, labels, generator), rate)

    def report(examples: list[Example] = held) -> dict[str, float]:
        return {"PER": voices.heard_error(net.eval(), [e.mel for e in examples], [e.sounds for e in examples])}

    found = clocked(seconds, update, report)
    meant = [e.sounds for e in held]
    found["PER_griffin_lim"] = voices.heard_error(net, [log_mel(audio_of(e.mel)) for e in held], meant)
    found["PER_constant"] = voices.heard_error(net, [torch.full_like(e.mel, -2.0) for e in held], meant)
    found["PER_wrong"] = voices.heard_error(net, [e.mel for e in held[1:]], meant[:-1])
    found["PER_sentences"] = report(unseen())["PER"]
    print(found)
    voices.keep(voices.RECOGNISER, net, _words(found))


def train_reader(seconds: float) -> None:
    """AdamW 2e-3, betas (.9, .98), 30 updates of warm-up, falling from half time on, norm clipped at 1 (page, 5.4)."""
    judge, data = voices.recogniser(), phrases(PHRASES)
    held = data.held_out(HELD_OUT)
    read = torch.tensor([len(e.symbols) for e in data.examples])
    lasts = torch.tensor([len(e.mel) for e in data.examples])
    shape = Shape(len(SYMBOLS))
    shape = Shape(len(SYMBOLS), alignment=round(alignment_of(read, lasts, shape.fold), 3))
    torch.manual_seed(0)
    net = Reader(shape)
    net.standard.fit(data.frames())
    optimiser = torch.optim.AdamW(net.parameters(), betas=(0.9, 0.98), weight_decay=1e-2)
    generator, random = torch.Generator().manual_seed(0), np.random.default_rng(0)

    def update(step: int, part: float) -> float:
        batch = data.batch(random, BATCH, shape.fold)
        frames = net.standard(batch.mel)
        taught = teach(net, net.read(batch.symbols, batch.lengths), frames, generator)
        rate = 2e-3 * min(1.0, (step + 1) / 30) * min(1.0, 2 * (1 - part) + 0.01)
        return descend(net, optimiser, loss_of(net, taught, frames, batch.frames), rate)

    together = batch_of(held, shape.fold)

    @torch.no_grad()
    def report() -> dict[str, float]:
        frames = net.standard(together.mel)
        taught = teach(net, net.read(together.symbols, together.lengths), frames)
        l1 = l1_of(net, taught, frames, together.frames)
        return {"PER": voices.free_running(judge, net, held), "L1": float(l1)}

    found = clocked(seconds, update, report)
    voices.keep(voices.READER, net, _words(found), shape)
    sentences = unseen()
    found["PER_sound"] = voices.free_running(judge, net, held, through_sound=True)
    found["PER_sentences"] = voices.free_running(judge, net, sentences)
    found["PER_sentences_sound"] = voices.free_running(judge, net, sentences, through_sound=True)
    found["lost"] = float(voices.read_examples(net, sentences).is_lost.sum())
    print(found, f"alignment {shape.alignment}, {net.size:,} parameters")
    voices.keep(voices.READER, net, _words(found), shape)


def train_vocoder(seconds: float) -> None:
    """Adam 1e-3 falling to zero on pieces of 0.64 s; the score is what the recogniser hears, and log-mel L1."""
    judge, data = voices.recogniser(), phrases(PHRASES // 2)
    held = data.held_out(HELD_OUT)
    torch.manual_seed(0)
    net = Vocoder()
    net.standard.fit(data.frames())
    optimiser = torch.optim.AdamW(net.parameters(), betas=(0.8, 0.99))
    random = np.random.default_rng(0)

    def update(step: int, part: float) -> float:
        mel, sound = next(_pieces(data, random))
        rate = 1.5e-3 * min(1.0, (step + 1) / 30) * (1 - part) + 1e-5
        return descend(net, optimiser, vocoder_loss(net, mel, sound), rate)

    @torch.no_grad()
    def report() -> dict[str, float]:
        made = [log_mel(net(e.mel[None])[0]) for e in held]
        away = torch.cat(
            [(a[: len(e.mel)] - e.mel[: len(a)]).abs().mean()[None] for a, e in zip(made, held, strict=True)]
        )
        return {"PER": voices.heard_error(judge, made, [e.sounds for e in held]), "mel_L1": float(away.mean())}

    found = clocked(seconds, update, report)
    found["mel_L1_griffin_lim"] = _away([log_mel(audio_of(e.mel)) for e in held], held)
    print(found, f"{net.size:,} parameters")
    voices.keep(voices.VOCODER, net, _words(found))


def _away(made: list[torch.Tensor], examples: list[Example]) -> float:
    """Mean distance of log-mel frames from the teacher's."""
    pairs = zip(made, examples, strict=True)
    return float(np.mean([float((mel[: len(e.mel)] - e.mel[: len(mel)]).abs().mean()) for mel, e in pairs]))


def _pieces(data: SpeechSet, random: np.random.Generator) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """mel [B, T, 80] of pieces of sound [B, (T - 1) 160]; the frames are those of the piece in its phrase."""
    while True:
        mels: list[torch.Tensor] = []
        sounds: list[torch.Tensor] = []
        while len(mels) < VOCODER_BATCH:
            example = data.examples[int(random.integers(len(data.examples)))]
            room = min(len(example.mel) - 1, len(example.speech.audio) // HOP) - VOCODER_CROP
            if room < 1:
                continue
            begin = int(random.integers(room))
            mels.append(example.mel[begin : begin + VOCODER_CROP])
            sounds.append(torch.from_numpy(example.speech.audio[begin * HOP : (begin + VOCODER_CROP - 1) * HOP]))
        yield torch.stack(mels), torch.stack(sounds)


def _words(found: dict[str, float]) -> dict[str, str]:
    return {key: f"{value:.4f}" for key, value in found.items()} | {"seed": "0"}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("part", choices=SECONDS)
    parser.add_argument("seconds", type=float, nargs="?", help="CPU seconds of training")
    options = parser.parse_args()
    torch.set_num_threads(1)
    train = {"recogniser": train_recogniser, "reader": train_reader, "vocoder": train_vocoder}[options.part]
    train(options.seconds or SECONDS[options.part])


if __name__ == "__main__":
    main()
