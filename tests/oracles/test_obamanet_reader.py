"""Identities of the reader: window, stepwise against whole, hand-written backward, stop rule (page, section 7)."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.data.obamanet_corpus import Corpus, CorpusSettings
from engine.data.obamanet_phones import SYMBOLS as SYMBOLS_OF_ENGLISH
from engine.data.obamanet_text import script_of
from engine.data.obamanet_vocabulary import SENTENCES
from engine.data.obamanet_voice import speak
from engine.experiments import obamanet_voices as voices
from engine.experiments.obamanet_speech_set import SILENT, SpeechSet, batch_of, example_of
from engine.models.obamanet_attention import (
    Moment,
    Weights,
    Window,
    aim,
    attend,
    attend_by_autograd,
    bells,
    heights,
    start,
    step,
)
from engine.models.obamanet_reader import (
    Reader,
    Shape,
    alignment_of,
    frames_of,
    guide_of,
    loss_of,
    mixture_nll,
    paper_shape,
    teach,
)
from engine.models.obamanet_reading import Dials, cap, faults_of, read_aloud, reading
from engine.models.obamanet_recogniser import NO_LABEL

SYMBOLS = 12
SMALL = Shape(SYMBOLS, embedding=6, encoder=5, units=9, components=3, prenet=(8, 8), dropout=0.0, alignment=0.7)


def small(seed=0, **changes):
    torch.manual_seed(seed)
    values = {name: getattr(SMALL, name) for name in SMALL.__dataclass_fields__} | changes
    return Reader(Shape(**values)).eval()


def text(B=3, N=7, seed=1):
    g = torch.Generator().manual_seed(seed)
    return torch.randint(1, SYMBOLS, (B, N), generator=g), torch.tensor([N, N - 2, N - 1][:B])


def frames(B=3, steps=10, fold=4, seed=2):
    return torch.randn(B, steps * fold, 80, generator=torch.Generator().manual_seed(seed))


def loop(normalised, seed=0):
    g = torch.Generator().manual_seed(seed)
    T, B, N, H, C, K = 12, 3, 9, 7, 6, 4
    sizes = ((C, 3 * H), (H, 3 * H), (3 * H,), (H, 3 * K), (3 * K,), (T, B, 3 * H), (B, N, C))
    leaves = [torch.randn(size, generator=g).requires_grad_() for size in sizes]
    is_symbol = (torch.arange(N) < torch.tensor([9, 6, 8])[:, None]).float()
    carried = Moment(torch.randn(B, H, generator=g), torch.rand(B, K, generator=g), torch.randn(B, C, generator=g))
    wanted = [torch.randn(T, B, size, generator=g) for size in (H, C, N)]

    def gradients(way):
        out = way(Weights(*leaves[:5]), leaves[5], leaves[6], is_symbol, Window(0.7, normalised, 1.3, 0.9), carried)
        loss = sum((a * b).sum() for a, b in zip((out.h, out.w, out.phi), wanted, strict=True))
        return out, torch.autograd.grad(loss, leaves)

    return gradients


@pytest.mark.parametrize("normalised", [True, False])
def test_that_the_hand_written_backward_is_autograds(normalised):
    """All seven gradients, relative 1e-4 in single precision (4e-6 on the page)."""
    gradients = loop(normalised)
    (ours, mine), (naive, theirs) = gradients(attend), gradients(attend_by_autograd)
    assert torch.equal(ours.phi, naive.phi) and torch.equal(ours.last.kappa, naive.last.kappa.detach())
    for a, b in zip(mine, theirs, strict=True):
        assert float((a - b).norm() / b.norm()) < 1e-4 and float(b.norm()) > 1e-2


@pytest.mark.parametrize("changes", [{}, {"upper": 2, "upper_cell": "gru", "full_feedback": True, "readout": 11}])
def test_that_teaching_equals_stepping_with_the_same_frames(changes):
    """The teacher-forced pass against single steps fed with the true frames, 1e-5 (1e-7 on the page)."""
    net, (symbols, lengths), true = small(**changes), text(), frames()
    memory = net.read(symbols, lengths)
    taught = teach(net, memory, true)
    whole = frames_of(net, taught.output)
    moment, states, made = start(memory.memory, 9, 3), [None] * net.shape.upper, []
    places = torch.arange(symbols.shape[1]).float()
    for t in range(10):
        frame = true[:, 4 * t - 1] if t else torch.zeros(3, 80)
        fed = net.before(frame, None)
        moment, phi, _ = step(net.weights, net.W_x(fed), moment, memory.memory, places, memory.is_symbol, net.window())
        assert torch.allclose(phi, taught.attended.phi[t], atol=1e-6)
        made.append(frames_of(net, net.above(moment.h[None], moment.w[None], fed[None], states).transpose(0, 1)))
    assert torch.allclose(torch.cat(made, 1), whole, atol=1e-5) and float(whole.detach().abs().max()) > 1e-2


@pytest.mark.parametrize("changes", [{}, {"upper": 2, "upper_cell": "gru"}])
def test_that_segments_with_carried_state_are_the_whole(changes):
    """Truncated back-propagation: kappa makes no sense in the second segment otherwise (2.3)."""
    net, (symbols, lengths), true = small(**changes), text(), frames()
    memory = net.read(symbols, lengths)
    whole = teach(net, memory, true)
    first = teach(net, memory, true[:, :16])
    second = teach(net, memory, true[:, 16:], carried=first.carried)
    assert torch.allclose(torch.cat([first.attended.phi, second.attended.phi]), whole.attended.phi, atol=1e-6)
    assert torch.allclose(torch.cat([first.output, second.output], 1), whole.output, atol=1e-5)
    second.output.sum().backward()  # stops at the segment's border
    with pytest.raises(RuntimeError):
        first.carried.moment.h.sum().backward()


def test_that_the_window_moves_on_only_and_by_the_alignment_at_first():
    net, (symbols, lengths) = small(), text()
    steps = list(reading(net, symbols, lengths, Dials(seed=None)))
    centres = torch.stack([s.centre for s in steps])
    moved = centres.diff(dim=0)
    assert bool((moved > 0).all()) and float((moved / 0.7 - 1).abs().max()) < 0.03
    slower = torch.stack([s.centre for s in reading(net, symbols, lengths, Dials(timing=1.5, seed=None))])
    assert torch.allclose(slower[3] * 1.5, centres[3], rtol=0.02)


@pytest.mark.parametrize(
    ("beta", "total", "tolerance"), [(0.1, 1, 1e-5), (0.5, 1, 1e-5), (1, 0.99997, 1e-4), (4, 0.9475, 1e-3)]
)
def test_that_the_normalised_window_sums_to_one_over_all_places(beta, total, tolerance):
    """Above beta = 1 the places are too far apart for the bell (kappa = 20.3)."""
    how, alpha = Window(1.0), torch.tensor([[0.25, 0.75]])
    betas, kappa = torch.full((1, 2), float(beta)), torch.tensor([[20.3, 20.3]])
    bell, _ = bells(betas, kappa, torch.arange(-100.0, 140.0))
    assert abs(float((heights(alpha, betas, how)[..., None] * bell).sum()) - total) < tolerance


def test_that_a_sharp_window_on_a_place_reads_that_symbol():
    memory = torch.randn(1, 6, 4, generator=torch.Generator().manual_seed(0))
    bell, _ = bells(torch.full((1, 1), 1e4), torch.tensor([[2.0]]), torch.arange(6.0))
    phi = heights(torch.ones(1, 1), torch.full((1, 1), 1e4), Window(1.0))[..., None] * bell
    one_hot = (phi / phi.sum())[0]
    assert torch.allclose(one_hot, torch.eye(6)[2:3], atol=1e-6)
    assert torch.allclose(one_hot @ memory[0], memory[0, 2:3], atol=1e-6)


def test_that_enormous_logits_stay_finite():
    _, beta, kappa = aim(torch.full((1, 6), 1e4), torch.zeros(1, 2), Window(0.7))
    assert float(kappa.max()) <= 0.7 * math.exp(3) + 1e-4 and bool(torch.isfinite(beta).all())
    _, beta, kappa = aim(torch.full((1, 6), -1e4), torch.zeros(1, 2), Window(0.7, normalised=False))
    assert float(beta.min()) > 0 and float(kappa.min()) >= 0


def test_that_a_mixture_of_one_is_a_squared_error():
    """K = 1, sigma = 1: |y - mu|^2 / 2 + D / 2 ln 2 pi, relative 1e-5."""
    D = 20
    mean, target = torch.randn(5, D), torch.randn(5, D)
    output = torch.cat([torch.zeros(5, 1), mean, torch.zeros(5, D)], 1)
    wanted = 0.5 * ((target - mean) ** 2).sum(1) + D / 2 * math.log(2 * math.pi)
    assert torch.allclose(mixture_nll(output, target, 1), wanted, rtol=1e-5)


@pytest.mark.parametrize("loss", ["l1", "mse", "mixture"])
def test_that_padding_changes_neither_loss_nor_reading(loss):
    net, (symbols, lengths), true = small(loss=loss, mixtures=2), text(), frames()
    counted = torch.tensor([40, 24, 36])
    spoiled = true.clone()
    for row, length in enumerate(counted.tolist()):
        spoiled[row, length:] = 99.0
    memory = net.read(symbols, lengths)
    one, other = (loss_of(net, teach(net, memory, f), f, counted) for f in (true, spoiled))
    assert torch.allclose(one, other) and math.isfinite(one.item())
    alone = read_aloud(net, symbols[1:2, :5], lengths[1:2], Dials(seed=None))
    together = read_aloud(net, symbols, lengths, Dials(seed=None))
    assert torch.allclose(alone.frames(0, 4), together.frames(1, 4), atol=1e-5)
    assert int(alone.steps[0]) == int(together.steps[1])


def test_that_a_reading_ends_two_steps_after_the_last_symbol_and_is_cut_when_lost():
    net, (symbols, lengths) = small(), text()
    found = read_aloud(net, symbols, lengths, Dials(seed=None))
    for row, length in enumerate(lengths.tolist()):
        over = torch.nonzero(found.centre[row] > length - 1).flatten()
        assert int(found.steps[row]) == int(over[1]) + 1 and not bool(found.is_lost[row])
    with torch.no_grad():
        net.b_att[6:] = -6.0  # it hardly moves
    lost = read_aloud(net, symbols, lengths, Dials(seed=None))
    assert bool(lost.is_lost.all()) and lost.phi.shape[1] == cap(7, 1.0, 4) == 12 + 3 * 7
    assert faults_of(lost.centre[0])[0] == (10, "stalled") or faults_of(lost.centre[0])[0][1] == "stalled"
    assert faults_of(torch.tensor([0.5, 1.0, 6.0, 6.5])) == [(2, "jumped")]


def test_that_a_hand_moves_the_window():
    net, (symbols, lengths) = small(), text()
    path = torch.linspace(5, 0, 8)
    found = read_aloud(net, symbols, lengths, Dials(seed=None, path=path))
    assert torch.allclose(found.centre[0, :8], path, atol=1e-5) and int(found.steps[0]) > 8
    assert int(found.phi[0, 0].argmax()) == 5 and int(found.phi[0, 7].argmax()) == 0


def test_that_reading_with_a_seed_repeats_and_its_dropout_is_on():
    net, (symbols, lengths) = small(dropout=0.5), text()
    one, again, other, plain = (read_aloud(net, symbols, lengths, Dials(seed=seed)).mel for seed in (1, 1, 2, None))
    assert (
        torch.equal(one, again)
        and not torch.equal(one[:, :8], other[:, :8])
        and not torch.equal(one[:, :8], plain[:, :8])
    )


def test_that_the_guide_prefers_the_diagonal():
    net, (symbols, lengths) = small(), text()
    memory = net.read(symbols, lengths)
    penalties = []
    for alignment in (0.7, 0.01):
        how, X = Window(alignment), net.W_x(net.before(frames()[:, 3::4].transpose(0, 1), None))
        attended = attend(net.weights, X, memory.memory, memory.is_symbol, how, start(memory.memory, 9, 3))
        taught = type("Taught", (), {"attended": attended})
        penalties.append(guide_of(taught, memory, torch.tensor([40, 28, 34]), 4).item())
    assert penalties[0] < 0.5 * penalties[1]
    assert alignment_of(torch.tensor([10, 20]), torch.tensor([80, 160]), 4) == pytest.approx(0.5)


def test_that_the_papers_size_is_built_and_steps():
    shape = paper_shape(62)
    assert (shape.units, shape.components, shape.fold, shape.mixtures) == (1024, 10, 1, 20)
    with torch.device("meta"):
        assert 25e6 < Reader(shape).size < 30e6  # page, section 9
    net = small(
        upper=2,
        upper_cell="gru",
        encoder_cell="gru",
        prenet=(),
        fold=1,
        readout=16,
        loss="mixture",
        mixtures=3,
        spread=0.01,
    )
    symbols, lengths = text()
    true = frames(steps=5, fold=1)
    loss = loss_of(net, teach(net, net.read(symbols, lengths), true), true, torch.tensor([5, 5, 4]))
    loss.backward()
    assert math.isfinite(loss.item()) and float(net.W_att.grad.abs().max()) > 0
    with pytest.raises(ValueError, match="multiple of 4"):
        teach(small(), small().read(symbols, lengths), true)


def test_that_the_shipped_reader_says_sentences_it_never_read():
    """Free-running, as it will be heard; the stop rule ends every one of them within its cap."""
    judge, net = voices.recogniser(), voices.reader()
    spoken = [example_of(speak(chunk.phones)) for text in SENTENCES[:6] for chunk in script_of(text).chunks]
    found = voices.read_examples(net, spoken)
    assert not bool(found.is_lost.any())
    heard = [found.frames(row, net.shape.fold) for row in range(len(spoken))]
    assert voices.heard_error(judge, heard, [example.sounds for example in spoken]) < 0.15
    taught = torch.tensor([len(example.mel) for example in spoken])
    assert 0.8 < float((found.steps * net.shape.fold).sum() / taught.sum()) < 1.2


def test_that_batches_are_padded_with_silence_and_pieces_keep_their_labels(tmp_path):
    data = SpeechSet(Corpus(CorpusSettings(seed=5), tmp_path, 6))
    data.grow(6)
    batch = data.batch(np.random.default_rng(0), 3)
    assert batch.mel.shape[1] % 4 == 0 and batch.mel.shape[1] - int(batch.frames.max()) < 4
    for row in range(3):
        assert torch.all(batch.mel[row, int(batch.frames[row]) :] == SILENT)
        assert torch.all(batch.symbols[row, int(batch.lengths[row]) :] == 0)
        example = next(e for e in data.examples if torch.equal(e.mel, batch.mel[row, : len(e.mel)]))
        assert torch.equal(example.symbols, batch.symbols[row, : len(example.symbols)])
    mel, labels = data.crops(np.random.default_rng(0), 4, 400)  # longer than most phrases
    for row in range(4):
        known = labels[row] != NO_LABEL
        assert any(torch.equal(labels[row][known], e.labels[: int(known.sum())]) for e in data.examples)
        assert torch.all(mel[row][~known] == SILENT)


def test_that_a_reader_learns_a_phrase_by_heart(tmp_path):
    """Twelve updates by the sign of the gradient bring the loss of one batch down by a third."""
    data = SpeechSet(Corpus(CorpusSettings(seed=5), tmp_path, 4))
    data.grow(4)
    batch = batch_of(data.examples)
    torch.manual_seed(0)
    net = Reader(Shape(len(SYMBOLS_OF_ENGLISH), embedding=32, encoder=32, units=64, alignment=0.4))
    net.standard.fit(data.frames())
    frames, losses, generator = net.standard(batch.mel), [], torch.Generator().manual_seed(0)
    for _ in range(12):
        loss = loss_of(net, teach(net, net.read(batch.symbols, batch.lengths), frames, generator), frames, batch.frames)
        net.zero_grad()
        loss.backward()
        losses.append(loss.item())
        with torch.no_grad():
            for p in net.parameters():
                p.sub_(2e-3 * p.grad.sign())
    assert losses[-1] < 0.67 * losses[0]
