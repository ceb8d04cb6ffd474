"""Chains that can be scrubbed and branched: one main tape for each model, and up to eight branches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.experiments.contract import LongAction, Partial
from engine.experiments.gibbsnet_data import to_images
from engine.experiments.gibbsnet_holding import held_by
from engine.experiments.gibbsnet_latent import lift, on_map
from engine.experiments.gibbsnet_setup import chain_knobs, game_knobs
from engine.experiments.random_streams import stream
from engine.models.gibbsnet_chain import CountedNoise, Moment, Tape
from engine.models.gibbsnet_judge import spread
from engine.papers.gibbsnet_views import (
    MOST_CHAINS,
    MOST_SHOWN,
    MOST_STEPS,
    MOST_TAPES,
    AlongQuery,
    AlongView,
    BranchArguments,
    ChainQuery,
    ChainView,
    ModelName,
    RecordArguments,
    TapeInfo,
)

if TYPE_CHECKING:
    from engine.experiments.gibbsnet_run import GibbsNetExperiment

PIECE_S = 0.02  # computing time between two looks at whether somebody waits
LOOK_S = 0.03  # that one look at an unfinished tape may add to it
TRAIL = 10
ALONG_POINTS = 60
_ALONG = ("distance", "moved", "seen", "spread", "one", "seen_one")


@dataclass(slots=True)
class _Recording:
    """A tape of each model with one noise. version: training step of the weights."""

    number: int
    version: int
    tapes: dict[ModelName, Tape]
    parent: int = -1
    parent_chain: int = -1

    def info(self) -> TapeInfo:
        tapes = [*self.tapes.values()]
        return TapeInfo(
            self.number, self.version, tapes[0].first, min(t.recorded for t in tapes), tapes[0].last,
            len(tapes[0].z_first), tuple(self.tapes), sum(t.nbytes for t in tapes), self.parent, self.parent_chain,
            sum(t.seconds for t in tapes),
        )  # fmt: skip

    def extend(self, seconds: float) -> bool:
        """Goes on with the tape that is furthest behind; True when all are done."""
        behind = min(self.tapes.values(), key=lambda tape: tape.recorded)
        behind.extend(seconds)
        return all(tape.recorded >= tape.last for tape in self.tapes.values())


class Tapes:
    """The recordings of one run. Nothing here touches the training."""

    def __init__(self) -> None:
        self._all: dict[int, _Recording] = {}

    # --- gestures -----------------------------------------------------------------------------------------------

    def record(self, experiment: GibbsNetExperiment, arguments: RecordArguments) -> LongAction:
        """Records tape 0 with the weights of now; the old one stays until the new one has its first steps."""
        recording = self._begin(experiment, arguments)
        self._all = {0: recording}
        while not recording.extend(PIECE_S):
            info = recording.info()
            yield Partial(info, info.recorded / info.steps)
        return recording.info()

    def branch(self, experiment: GibbsNetExperiment, arguments: BranchArguments) -> LongAction:
        """New chains from one moment of one chain, with another noise. Raises `ValueError` naming what is not there."""
        parent = self._recording(experiment, arguments.tape)
        tape = parent.tapes.get(arguments.model)
        if tape is None or tape.fresh:
            raise ValueError(f"tape {arguments.tape} has no chain of {arguments.model}")
        if not 0 <= arguments.chain < len(tape.z_first):
            raise ValueError(f"there is no chain {arguments.chain}: the tape has {len(tape.z_first)}")
        if not tape.first <= arguments.step <= tape.recorded:
            raise ValueError(f"step {arguments.step:,} is not recorded: {tape.first:,} to {tape.recorded:,} are")
        number = next((n for n in range(1, MOST_TAPES) if n not in self._all), 0)
        if number == 0:
            number = min(n for n in self._all if n > 0)  # the oldest branch makes room
        count = min(max(1, arguments.count), 16)
        z = tape.z_at(arguments.step)[arguments.chain].repeat(count, 1)
        noise = CountedNoise(tape.nets, count, tape.knobs, arguments.seed)
        last = min(tape.last, arguments.step + max(1, arguments.steps))
        grown = Tape(tape.nets, tape.knobs, tape.held, noise, z, last, first=arguments.step)
        recording = _Recording(number, parent.version, {arguments.model: grown}, arguments.tape, arguments.chain)
        self._all.pop(number, None)
        self._all[number] = recording
        while not recording.extend(PIECE_S):
            info = recording.info()
            yield Partial(info, (info.recorded - info.first) / max(1, info.steps - info.first))
        return recording.info()

    def _begin(self, experiment: GibbsNetExperiment, arguments: RecordArguments) -> _Recording:
        names = [n for n in arguments.models if n in experiment.learners] or ["gibbsnet"]
        chains = min(max(1, arguments.chains), MOST_CHAINS)
        steps = min(max(1, arguments.steps), MOST_STEPS)
        knobs = chain_knobs(experiment.p)
        held = held_by(experiment, arguments.clamps)
        tapes: dict[ModelName, Tape] = {}
        for name in names:
            nets = experiment.learners[name].average.frozen()
            noise = CountedNoise(nets, chains, knobs, arguments.seed)
            z = self._start(experiment, arguments, name, noise, chains)
            tapes[name] = Tape(nets, knobs, held, noise, z, steps, fresh=name == "gan")
        return _Recording(0, experiment.steps_done, tapes)

    @staticmethod
    @torch.no_grad()
    def _start(
        experiment: GibbsNetExperiment, arguments: RecordArguments, name: ModelName, noise: CountedNoise, chains: int
    ) -> Tensor:
        learner = experiment.learners[name]
        if arguments.start == "point":
            return lift(experiment, arguments.point).repeat(chains, 1)
        if arguments.start == "pool" and name == "gibbsnet":
            return learner.pool[torch.arange(chains, device=learner.device) % len(learner.pool)].clone()
        if arguments.start == "data" and name != "gan":
            at = torch.randperm(len(experiment.data.train_x), generator=stream(arguments.seed, "starts"))[:chains]
            x, y = experiment.data.batch(at), experiment.data.train_y[at]
            mu, log_sigma = learner.average.q(x, torch.zeros_like(y), experiment.p.log_sigma_max)
            z: Tensor = mu + log_sigma.exp() * noise.start()
            return z
        return noise.start()

    # --- views --------------------------------------------------------------------------------------------------

    def _recording(self, experiment: GibbsNetExperiment, number: int) -> _Recording:
        if 0 not in self._all:
            self._all[0] = self._begin(experiment, RecordArguments())
        if number not in self._all:
            raise ValueError(f"there is no tape {number}: there are {', '.join(map(str, sorted(self._all)))}")
        return self._all[number]

    def _shown(self, experiment: GibbsNetExperiment, number: int) -> _Recording:
        """For views: a tape that was dropped in the meantime is answered with the main one."""
        recording = self._recording(experiment, number if number in self._all else 0)
        recording.extend(LOOK_S)
        return recording

    @torch.no_grad()
    def chain(self, experiment: GibbsNetExperiment, query: ChainQuery) -> ChainView:
        """Any steps; every one is computed from the nearest kept state."""
        recording = self._shown(experiment, query.tape)
        info = recording.info()
        names: tuple[ModelName, ...] = tuple(n for n in recording.tapes if not query.models or n in query.models)
        names = names or tuple(recording.tapes)[:1]
        wanted = query.steps[:MOST_SHOWN] or (info.first,)
        steps = [min(max(step, info.first), info.recorded) for step in wanted]
        n = min(query.chains, info.chains) if query.chains > 0 else info.chains
        standardise = game_knobs(experiment.p, 0).standardise
        rows: list[list[Moment]] = []
        seen: list[Tensor] = []
        for name in names:
            tape = recording.tapes[name]
            moments = [tape.at(step) for step in steps]
            rows.append(moments)
            seen.append(torch.stack([tape.belief(m, standardise)[:n] for m in moments]))
        x = torch.stack([torch.stack([m.x[:n] for m in row]) for row in rows])  # [M, S, n, P]
        y = torch.stack([torch.stack([m.y[:n] for m in row]) for row in rows])
        z = torch.stack([torch.stack([m.z[:n] for m in row]) for row in rows])
        past = [max(info.first, steps[-1] - back) for back in range(TRAIL - 1, -1, -1)]
        trail = torch.stack([
            torch.stack([on_map(experiment, recording.tapes[name].z_at(s)[:n]) for s in past], 1) for name in names
        ])  # fmt: skip
        first = torch.stack([recording.tapes[name].z_first[:n] for name in names])
        distance = (z[:, -1] - first).square().mean(-1).sqrt()
        reads = experiment.p.reads
        return ChainView(
            info, tuple(r.info() for r in self._all.values()), names, np.array(steps, np.int64),
            to_images(x, experiment.data.shape), _f32(x) if experiment.is_toy else _none(), labels_of(y, reads),
            y.round().to(torch.uint8).cpu().numpy() if reads == "attributes" else np.zeros(0, np.uint8), _f32(z),
            _f32(on_map(experiment, z)), _f32(trail), _f32(distance), _f32(torch.stack(seen)),
            recording.version == experiment.steps_done, self._words(recording, info, wanted),
        )  # fmt: skip

    @staticmethod
    def _words(recording: _Recording, info: TapeInfo, wanted: tuple[int, ...]) -> str:
        if max(wanted) > info.recorded:
            return f"Recorded so far: step {info.recorded:,} of {info.steps:,}."
        return "A GAN has no chain: each of its steps is a fresh draw." if "gan" in recording.tapes else ""

    @torch.no_grad()
    def along(self, experiment: GibbsNetExperiment, query: AlongQuery) -> AlongView:
        """Distance, change, belief and diversity at log-spaced steps."""
        recording = self._shown(experiment, query.tape)
        info = recording.info()
        reach = info.recorded - info.first + 1
        steps = info.first - 1 + np.unique(np.geomspace(1, reach, ALONG_POINTS).round().astype(np.int64))
        standardise = game_knobs(experiment.p, 0).standardise
        chain = min(max(0, query.chain), info.chains - 1)
        table: dict[str, list[list[float]]] = {
            k: [] for k in ("distance", "moved", "seen", "spread", "one", "seen_one")
        }
        for tape in recording.tapes.values():
            row: dict[str, list[float]] = {k: [] for k in table}
            for step in steps:
                moment = tape.at(int(step))
                before = tape.at(int(step) - 1).x if step > info.first else moment.x
                far = (moment.z - tape.z_first).square().mean(1).sqrt()
                belief = tape.belief(moment, standardise)
                row["distance"].append(float(far.mean()))
                row["moved"].append(
                    math.sqrt(float((moment.x - before).square().mean())) if step > info.first else math.nan
                )
                row["seen"].append(float(belief.mean()))
                row["spread"].append(spread(moment.x) / experiment.data.pair_distance)
                row["one"].append(float(far[chain]))
                row["seen_one"].append(float(belief[chain]))
            for key, values in row.items():
                table[key].append(values)
        arrays = {key: np.array(values, np.float32) for key, values in table.items()}
        return AlongView(
            tuple(recording.tapes), steps, arrays["distance"], arrays["moved"], arrays["seen"], arrays["spread"],
            arrays["one"], arrays["seen_one"],
        )  # fmt: skip


def labels_of(y: Tensor, reads: str) -> np.ndarray:
    """y [..., C] to the class int16 [...], -1 where y is no class."""
    if reads != "label":
        return np.full(y.shape[:-1], -1, np.int16)
    return np.asarray(y.argmax(-1).to(torch.int16).cpu().numpy())


def _f32(values: Tensor) -> np.ndarray:
    return np.ascontiguousarray(values.detach().float().cpu().numpy())


def _none() -> np.ndarray:
    return np.zeros(0, np.float32)
