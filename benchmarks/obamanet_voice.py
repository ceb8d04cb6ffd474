"""ObamaNet's voice: the hand-written backward against autograd, teachers, vocoders and the way from text to sound."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch

from benchmarks.harness import Row
from benchmarks.pag import in_turns
from engine.data.obamanet_phones import SYMBOLS, ids_of
from engine.data.obamanet_text import script_of
from engine.data.obamanet_voice import speak
from engine.models.obamanet_attention import Attended, Weights, Window, attend, attend_by_autograd, start
from engine.models.obamanet_reader import Reader, Shape, loss_of, teach
from engine.models.obamanet_reading import PASSED_STEPS, read_aloud
from engine.models.obamanet_recogniser import Recogniser
from engine.models.obamanet_samplernn import TINY, SampleRnn, sampled
from engine.models.obamanet_sound import HOP, MELS, SAMPLE_RATE, log_mel
from engine.models.obamanet_vocoder import BLOCK, MARGIN, Vocoder, by_griffin_lim, in_blocks, refined

# The page's sizes and figures, one thread of a loaded machine.
STEPS, BATCH, SYMBOLS_A_TEXT, UNITS, MEMORY, COMPONENTS = 84, 24, 57, 160, 192, 5
PAGE_BACKWARD, LEAST_BACKWARD = 2.3, 1.5
PAGE_UPDATE = "0.16-0.20 s"
PAGE_GRIFFIN_LIM, PAGE_NETWORK, PAGE_REFINED, PAGE_SAMPLERNN = 0.015, (0.004, 0.008), 0.011, 2.0
TEXT = "What you hear now was computed a moment ago, by a voice that was never born."
SAMPLERNN_FRAMES = 13  # 0.12 s: it is slow
PAGE_FIRST_SOUND_MS = 100.0
UPDATE_BATCH, UPDATE_SYMBOLS, UPDATE_FRAMES = 32, 24, 208


def measure(quick: bool) -> Iterable[Row]:
    """Rows of the table."""
    torch.set_num_threads(1)
    seconds = 0.5 if quick else 3.0
    yield from _backward(seconds)
    yield _update(seconds)
    yield from _vocoders(seconds)
    yield from _from_text(seconds)


def _threads() -> str:
    return f"CPU time, torch threads {torch.get_num_threads()}"


def _loop(
    way: Callable[..., Attended], weights: Weights, X: torch.Tensor, memory: torch.Tensor
) -> Callable[[], torch.Tensor]:
    is_symbol = torch.ones(memory.shape[:2])
    wanted = torch.randn(STEPS, BATCH, UNITS), torch.randn(STEPS, BATCH, MEMORY)
    leaves = [X, weights.W_w, weights.W_h, weights.b_h, weights.W_att, weights.b_att, memory]

    def call() -> torch.Tensor:
        out = way(weights, X, memory, is_symbol, Window(0.7), start(memory, UNITS, COMPONENTS))
        loss = (out.h * wanted[0]).sum() + (out.w * wanted[1]).sum()
        return torch.autograd.grad(loss, leaves)[0]

    return call


def _backward(seconds: float) -> Iterable[Row]:
    H, C, K = UNITS, MEMORY, COMPONENTS
    torch.manual_seed(0)
    sizes = ((C, 3 * H), (H, 3 * H), (3 * H,), (H, 3 * K), (3 * K,))
    weights = Weights(*((0.05 * torch.randn(size)).requires_grad_() for size in sizes))
    X = torch.randn(STEPS, BATCH, 3 * H).requires_grad_()
    memory = torch.randn(BATCH, SYMBOLS_A_TEXT, C).requires_grad_()
    naive, ours = in_turns([_loop(way, weights, X, memory) for way in (attend_by_autograd, attend)], seconds)
    detail = (
        f"{1e3 * naive:.3g} ms against {1e3 * ours:.3g} ms; T {STEPS}, B {BATCH}, N {SYMBOLS_A_TEXT}, H {H}, K {K}, "
        f"{_threads()}; the page: 198 ms against 87 ms, {PAGE_BACKWARD:g} ×"
    )
    ratio = naive / ours
    goal = f"at least {LEAST_BACKWARD:g} ×"
    yield Row(
        "reader's attention: autograd over the hand-written backward", ratio, "×", goal, ratio >= LEAST_BACKWARD, detail
    )


def _update(seconds: float) -> Row:
    torch.manual_seed(0)
    net = Reader(Shape(len(SYMBOLS)))
    symbols = torch.randint(1, len(SYMBOLS), (UPDATE_BATCH, UPDATE_SYMBOLS))
    lengths = torch.full((UPDATE_BATCH,), UPDATE_SYMBOLS)
    frames = torch.randn(UPDATE_BATCH, UPDATE_FRAMES, MELS)
    counts, generator = torch.full((UPDATE_BATCH,), UPDATE_FRAMES), torch.Generator().manual_seed(0)

    def call() -> None:
        net.zero_grad(set_to_none=True)
        taught = teach(net, net.read(symbols, lengths), frames, generator)
        loss_of(net, taught, frames, counts).backward()  # type: ignore[no-untyped-call]

    (once,) = in_turns([call], seconds)
    detail = (
        f"B {UPDATE_BATCH}, {UPDATE_SYMBOLS} symbols, {UPDATE_FRAMES} frames, {net.size:,} parameters, {_threads()}"
    )
    return Row("reader: forward and backward of a batch", 1e3 * once, "ms", detail=f"{detail}; the page: {PAGE_UPDATE}")


def _vocoders(seconds: float) -> Iterable[Row]:
    phones = script_of(TEXT).chunks[0].phones
    speech = speak(phones)
    mel = log_mel(torch.from_numpy(speech.audio))
    length = len(speech.audio) / SAMPLE_RATE
    torch.manual_seed(0)
    net, rnn, judge = Vocoder().eval(), SampleRnn(TINY).eval(), Recogniser(2).eval()
    piece, generator = mel[None, :SAMPLERNN_FRAMES], torch.Generator().manual_seed(0)
    tiny = (SAMPLERNN_FRAMES - 1) * HOP / SAMPLE_RATE
    with torch.no_grad():
        timed: list[tuple[str, Callable[[], object], float, str]] = [
            ("formant voice (the teacher)", lambda: speak(phones), length, ""),
            ("Griffin-Lim, 8 iterations", lambda: by_griffin_lim(mel), length, f"; the page: {PAGE_GRIFFIN_LIM:g}"),
            ("Griffin-Lim, 32 iterations", lambda: by_griffin_lim(mel, 32), length, "; the page: 0.043"),
            ("iSTFT network, whole", lambda: net(mel[None]), length, "; the page: {:g}-{:g}".format(*PAGE_NETWORK)),
            (f"iSTFT network, blocks of {BLOCK} with {MARGIN} around", lambda: list(in_blocks(net, mel)), length, ""),
            ("iSTFT network and 4 Griffin-Lim", lambda: refined(net, mel), length, f"; the page: {PAGE_REFINED:g}"),
            ("SampleRNN, tiny", lambda: sampled(rnn, piece, generator), tiny, f"; the page: {PAGE_SAMPLERNN:g}"),
            ("recogniser, listening", lambda: judge(mel[None]), length, ""),
        ]
        found = in_turns([call for _, call, _, _ in timed], seconds / 2)
    for (what, _, sound, page), once in zip(timed, found, strict=True):
        detail = f"{1e3 * once:.3g} ms for {sound:.3g} s of sound, {_threads()}{page}"
        yield Row(f"real-time factor: {what}", once / sound, "", detail=detail)


def _from_text(seconds: float) -> Iterable[Row]:
    torch.manual_seed(0)
    net = Reader(Shape(len(SYMBOLS))).eval()  # its speed does not depend on its weights, its stop hardly
    ids = ids_of(script_of(TEXT).chunks[0].phones)
    symbols, lengths = torch.tensor([ids]), torch.tensor([len(ids)])
    vocoder = Vocoder().eval()
    read = read_aloud(net, symbols, lengths)
    steps = int(read.steps[0])
    calls: list[Callable[[], object]] = [
        lambda: script_of(TEXT),
        lambda: read_aloud(net, symbols, lengths),
        lambda: next(in_blocks(vocoder, read.mel[0])),
    ]
    text, reading, first = in_turns(calls, seconds)
    detail = f"{len(ids)} phones, {_threads()}; the page: 17 ms"
    yield Row("text to phones (words already met are remembered)", 1e3 * text, "ms", detail=detail)
    length = steps * net.shape.fold * HOP / SAMPLE_RATE
    detail = f"{steps} steps, {1e3 * reading:.3g} ms, {_threads()}; the page: 66 ms for 3.4 s"
    yield Row("real-time factor: reader, free-running", reading / length, "", detail=detail)
    # The first block can be played when 25 + 17 frames are read; the window has then passed nothing yet.
    waiting = text + first + reading * min(1.0, (BLOCK + MARGIN) / net.shape.fold / max(steps - PASSED_STEPS, 1))
    goal = "below 1,000 ms"
    detail = (
        f"text, {BLOCK + MARGIN} frames of reading, one block of the vocoder, {_threads()}; "
        f"the page: whole audio after {PAGE_FIRST_SOUND_MS:g} ms"
    )
    yield Row("first sound after Enter, streaming", 1e3 * waiting, "ms", goal, waiting < 1.0, detail)
