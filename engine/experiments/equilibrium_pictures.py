"""What the equilibrium tab shows of a network. Read-only: nothing here draws from a training stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.experiments.classified import confusion
from engine.experiments.equilibrium_measures import at_rest
from engine.experiments.equilibrium_setup import learning_knobs, tested_pictures
from engine.experiments.images import CLASSES
from engine.models.equilibrium import States
from engine.models.equilibrium_learning import Learner, Phases
from engine.models.equilibrium_play import dream, recognise
from engine.papers.classified import ConfusionView
from engine.papers.equilibrium_views import (
    DreamQuery,
    DreamView,
    Probe,
    StatesQuery,
    StatesView,
    TilesQuery,
    TilesView,
)

if TYPE_CHECKING:
    from engine.experiments.equilibrium_run import EquilibriumExperiment


def picture_of(experiment: EquilibriumExperiment, probe: Probe, count: int = 1) -> tuple[Tensor, Tensor]:
    """Pixels [B, n_0] and labels [B]: `count` test pictures from the probe's on, or one drawn picture with label -1."""
    pictures = experiment.pictures
    if probe.image is None:
        rows = torch.arange(probe.index, probe.index + count, device=pictures.test_y.device) % len(pictures.test_x)
        return pictures.test_x[rows], pictures.test_y[rows]
    h, w = pictures.shape
    if probe.image.shape != (h, w):
        raise ValueError(f"the drawn picture is {probe.image.shape}, this network sees {h}×{w}")
    clean = np.clip(np.nan_to_num(probe.image), 0.0, 1.0).reshape(1, -1)
    return torch.from_numpy(clean).to(pictures.test_x), torch.full((1,), -1, device=pictures.test_y.device)


def target_of(experiment: EquilibriumExperiment, probe: Probe, x: Tensor, labels: Tensor) -> Tensor:
    """y [B, 10]: the class asked for, else the label, else (a drawn picture) the class that is least believed in."""
    y = experiment.pictures.y
    if 0 <= probe.target < CLASSES:
        return y[probe.target : probe.target + 1].expand(len(x), CLASSES)
    if int(labels[0]) >= 0:
        return y[labels]
    return y[at_rest(experiment, x)[-1].argmin(1)]


def states_view(experiment: EquilibriumExperiment, query: StatesQuery) -> StatesView:
    """All three states of one picture: of the probe, or of the batch in training between two phases."""
    if query.live and experiment.phase > 0:
        p, label = experiment.phases, -1
        return _states(experiment, p, label, experiment.phase - 1)
    x, labels = picture_of(experiment, query.probe)
    y = target_of(experiment, query.probe, x, labels)
    learner, p = Learner(experiment.net, learning_knobs(experiment.p)), Phases(experiment.net, 1)
    learner.begin(p, x, y)
    learner.free_phase(p)
    learner.nudged_phase(p)
    return _states(experiment, p, int(labels[0]), -1)


def _states(experiment: EquilibriumExperiment, p: Phases, label: int, phase: int) -> StatesView:
    knobs, B = experiment.learner.knobs, p.batch
    is_nudged = phase != 0 and knobs.trainer == "ep"
    centred = knobs.nudging == "centred"
    free = [v[0] for v in p.rested[1:]]
    plus = [v[0] for v in p.s[1:]] if is_nudged else free
    minus = [v[B] for v in p.s[1:]] if is_nudged and centred else free
    distance = float(p.beta[0, 0]) * (2.0 if centred else 1.0) if is_nudged else 1.0
    out = free[-1]
    return StatesView(
        image=_f32(p.x[0]).reshape(experiment.pictures.shape),
        free=_layers(free),
        plus=_layers(plus),
        minus=_layers(minus),
        shift=_layers([(a - b) / distance for a, b in zip(plus, minus, strict=True)]),
        target=_f32(p.y[0]),
        label=label,
        predicted=int(out.argmax()) if float(out.max()) > 0.0 else -1,
        phase=phase,
    )


def tiles_view(experiment: EquilibriumExperiment, query: TilesQuery) -> TilesView:
    """Weights from the input of some neurons of layer 1, with their rates for the probe."""
    net = experiment.net
    first = min(max(0, query.first), max(0, net.sizes[1] - 1))
    last = min(net.sizes[1], first + max(1, min(query.count, 256)))
    x, _ = picture_of(experiment, query.probe)
    rate = net.rho(at_rest(experiment, x)[1])[0, first:last]
    tiles = net.W[0][:, first:last].t().half().cpu().numpy()
    return TilesView(first, tiles.reshape(-1, *experiment.pictures.shape).copy(), _f32(rate))


def confusion_view(experiment: EquilibriumExperiment) -> ConfusionView:
    """The test set (or as much of it as takes a second), classified now."""
    pictures = experiment.pictures
    count = tested_pictures(experiment.p, pictures)
    x, labels = pictures.test_x[:count], pictures.test_y[:count]
    said = torch.cat([at_rest(experiment, part)[-1].argmax(1) for part in torch.split(x, 2000)])
    return confusion(x, labels, said, CLASSES, pictures.shape)


def dream_view(experiment: EquilibriumExperiment, query: DreamQuery) -> DreamView:
    """One picture a class, the output held and the input let go."""
    pictures = experiment.pictures
    x = dream(experiment.net, pictures.mean, query.helped)
    squared = (x.unsqueeze(1) - pictures.means.unsqueeze(0)).square().sum(2)  # [10, 10]
    return DreamView(
        images=_f32(x).reshape(-1, *pictures.shape),
        recognised=recognise(experiment.net, x, max(30, experiment.p.free_sweeps)).cpu().numpy(),
        nearest=squared.argmin(1).cpu().numpy(),
        distance=_f32(squared.diagonal()),
    )


def _layers(values: States) -> tuple[np.ndarray, ...]:
    return tuple(_f32(v) for v in values)


def _f32(values: Tensor) -> np.ndarray:
    return np.array(values.detach().cpu().numpy(), dtype=np.float32)
