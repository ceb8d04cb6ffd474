"""What the dendritic tab shows of an image circuit. Read-only: nothing here draws from a training stream."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor

from engine.experiments.classified import confusion
from engine.experiments.dendritic_membranes import as_array, first
from engine.experiments.dendritic_setup import GAIN_EXAMPLES
from engine.models.dendritic_reference import angles_to_backprop, backprop_deltas, output_error
from engine.models.dendritic_two_step import Activity
from engine.papers.classified import ConfusionView
from engine.papers.dendritic_views import (
    AreaView,
    CellQuery,
    CellView,
    CircuitView,
    DreamView,
    ImagineQuery,
    ImagineView,
    OutputView,
    Probe,
    TilesQuery,
    TilesView,
    TrackingView,
)

if TYPE_CHECKING:
    from engine.experiments.dendritic_images import ImageExperiment

SILENT = 0.05  # share of the largest apical potential in the area below which a dendrite says nothing
SCATTER_POINTS = 1000


def picture_of(experiment: ImageExperiment, probe: Probe) -> tuple[Tensor, int]:
    """The probe's pixels [1, n_0] on the device and its label (-1: a drawn picture without one)."""
    task = experiment.task
    if probe.image is None:
        index = probe.index % len(task.test_x)
        return task.test_x[index : index + 1], int(task.test_y[index])
    h, w = task.shape
    if probe.image.shape != (h, w):
        raise ValueError(f"the drawn picture is {probe.image.shape}, this circuit sees {h}×{w}")
    clean = np.clip(np.nan_to_num(probe.image), 0.0, 1.0).reshape(1, -1)
    return torch.from_numpy(clean).to(task.test_x), -1


def target_of(experiment: ImageExperiment, probe: Probe, label: int) -> Tensor | None:
    """Target voltages [1, 10] for the probe; None when nobody can say the right answer."""
    wanted = probe.target if probe.target >= 0 else label
    return experiment.task.u_star[wanted : wanted + 1] if 0 <= wanted < len(experiment.task.u_star) else None


def circuit_view(experiment: ImageExperiment, probe: Probe, teacher: bool) -> CircuitView:
    """One presentation of the probe, without noise and without learning."""
    x, label = picture_of(experiment, probe)
    target = target_of(experiment, probe, label) if teacher and experiment.net.knobs.teacher else None
    with torch.no_grad():
        activity = experiment.net.present(experiment.looked_at, x, target)
    return _view_of(experiment, activity, label, target is not None, phase=-1)


def staged_view(experiment: ImageExperiment, activity: Activity, phase: int) -> CircuitView:
    """The training batch's first example after phase number `phase`."""
    return _view_of(experiment, activity, -1, phase >= 1, phase)


def _view_of(experiment: ImageExperiment, a: Activity, label: int, is_taught: bool, phase: int) -> CircuitView:
    net = experiment.net
    angles: tuple[float, ...] = ()
    deltas: dict[int, Tensor] = {}
    if is_taught and phase in (-1, 2, 3):
        deltas = backprop_deltas(net.synapses, a, output_error(a, net.mixing.lam_N, "nudge"))
        one = a.batch == 1
        angles = _angles_of_one(a, deltas) if one else tuple(angles_to_backprop(net, a).values())
    areas = tuple(_area_view(experiment, a, k, deltas.get(k + 1)) for k in range(1, net.N))
    N, mixing = net.N, net.mixing
    output = OutputView(
        v_basal=first(a.vB(N, mixing)),
        u=first(a.u[N]),
        rate=first(a.cells[N]),
        target=first(a.target) if is_taught else np.full(net.sizes[N], np.nan, np.float32),
    )
    return CircuitView(
        image=first(a.cells_up[0]).reshape(experiment.task.shape),
        areas=areas,
        output=output,
        label=label,
        predicted=int(a.p_hat[N][0].argmax()),
        phase=phase,
        time_ms=float("nan"),
        angles=angles,
    )


def _angles_of_one(a: Activity, deltas: Mapping[int, Tensor]) -> tuple[float, ...]:
    """`angles_to_backprop` for a batch of one, where both updates have rank one: no matrix has to be formed.

    With u = a⊗b and v = c⊗d, |u/|u| − v/|v||² = 2 − 2 cos(a, c) cos(b, d), written in chords so that small angles
    stay exact.
    """
    angles = []
    for k in range(1, a.N + 1):
        posts = _row(a.cells[k] - a.p_hat[k]), _row(deltas[k])
        pres = _row(a.r[k - 1]), _row(a.r_up[k - 1])
        post, pre = _squared_chord(*posts), _squared_chord(*pres)
        chord = post + pre - post * pre / 2.0
        angles.append(math.degrees(2.0 * math.atan2(math.sqrt(max(0.0, chord)), math.sqrt(max(0.0, 4.0 - chord)))))
    return tuple(angles)


def _row(batch: Tensor) -> np.ndarray:
    return batch[0].cpu().numpy().astype(np.float64)


def _squared_chord(x: np.ndarray, y: np.ndarray) -> float:
    """Squared distance of the unit vectors; NaN when one of them has no direction."""
    a, b = math.sqrt(float(x @ x)), math.sqrt(float(y @ y))
    if not (math.isfinite(a) and math.isfinite(b)) or a == 0.0 or b == 0.0:
        return math.nan
    difference = x / a - y / b
    return float(difference @ difference)


def _area_view(experiment: ImageExperiment, a: Activity, k: int, delta_above: Tensor | None) -> AreaView:
    net = experiment.net
    weights = net.synapses.W[k + 1][:, :-1]
    delta = torch.zeros_like(a.vA[k]) if delta_above is None else delta_above @ weights
    return AreaView(
        v_basal=first(a.vB(k, net.mixing)),
        top_down=first(a.top_down[k]),
        cancellation=first(a.cancellation(k)),
        v_apical=first(a.vA[k]),
        u=first(a.u[k]),
        rate=first(a.cells[k]),
        u_inter=first(a.uI[k]),
        u_next=first(a.u[k + 1]),
        delta=first(delta),
    )


def cell_view(experiment: ImageExperiment, query: CellQuery, view: CircuitView) -> CellView:
    """One cell of a hidden area in this picture of the circuit."""
    k = min(max(1, query.area), experiment.net.N - 1)
    area = view.areas[k - 1]
    cell = min(max(0, query.cell), len(area.u) - 1)
    weights = as_array(experiment.net.synapses.W[k][cell, :-1])
    return opened_cell(area, k, cell, weights.reshape(experiment.task.shape if k == 1 else (1, -1)))


def opened_cell(area: AreaView, k: int, cell: int, weights: np.ndarray) -> CellView:
    """Cell number `cell` of hidden area k, out of the picture of that area; weights [h, w]: its incoming ones."""
    return CellView(
        area=k,
        cell=cell,
        weights=weights,
        v_basal=float(area.v_basal[cell]),
        top_down=float(area.top_down[cell]),
        cancellation=float(area.cancellation[cell]),
        v_apical=float(area.v_apical[cell]),
        u=float(area.u[cell]),
        rate=float(area.rate[cell]),
        delta=float(area.delta[cell]),
        says=what_it_says(area.v_apical, cell),
    )


def what_it_says(v_apical: np.ndarray, cell: int) -> Literal["raise", "lower", "silent"]:
    """The apical dendrite in one word; silent when small beside the loudest cell of the area, or truly quiet."""
    value, loudest = float(v_apical[cell]), float(np.abs(v_apical).max(initial=0.0))
    if abs(value) <= max(SILENT * loudest, 1e-4):
        return "silent"
    return "raise" if value > 0 else "lower"


def tiles_view(experiment: ImageExperiment, query: TilesQuery) -> TilesView:
    """Incoming weights of some cells of area 1, with their apical potentials for the probe."""
    cells = experiment.net.sizes[1]
    first = min(max(0, query.first), max(0, cells - 1))
    last = min(cells, first + max(1, min(query.count, 256)))
    weights = experiment.net.synapses.W[1][first:last, :-1].detach().half().cpu().numpy()
    view = circuit_view(experiment, query.probe, teacher=True)
    blame = view.areas[0].v_apical[first:last]
    return TilesView(first, weights.reshape(-1, *experiment.task.shape).copy(), blame.copy())


def tracking_view(experiment: ImageExperiment) -> TrackingView:
    """A fixed sample of P against a W, and the loop gains on the probe batch."""
    net = experiment.net
    targets, actuals = [], []
    for k in range(1, net.N):
        goal = (net.synapses.W[k + 1] * net.mixing.tracking_factor(k, net.N)).reshape(-1)
        every = max(1, goal.numel() // SCATTER_POINTS)
        targets.append(as_array(goal[::every][:SCATTER_POINTS]))
        actuals.append(as_array(net.synapses.P[k].reshape(-1)[::every][:SCATTER_POINTS]))
    activity = net.probe(experiment.probe_x[:GAIN_EXAMPLES], None)
    return TrackingView(tuple(targets), tuple(actuals), tuple(net.linearised_tracking_gains(activity).values()))


def confusion_view(experiment: ImageExperiment) -> ConfusionView:
    """The whole test set, classified now."""
    task = experiment.task
    said = torch.cat([experiment.net.predict(part).argmax(1) for part in torch.split(task.test_x, 2000)])
    return confusion(task.test_x, task.test_y, said, len(task.u_star), task.shape)


def imagine_view(experiment: ImageExperiment, query: ImagineQuery) -> ImagineView:
    """What the circuit perceives with gates d and a, and how it would name what it sees and what it perceives."""
    task = experiment.task
    clean, _ = picture_of(experiment, query.probe)
    seen = spoil(experiment, clean, query)
    cue = task.r_star[query.cue : query.cue + 1] if 0 <= query.cue < len(task.r_star) else None
    percept = experiment.imagination.perceive(seen, query.d, query.a, cue)
    is_known = query.probe.image is None
    return ImagineView(
        clean=first(clean).reshape(task.shape),
        seen=first(seen).reshape(task.shape),
        percept=first(percept.image).reshape(task.shape),
        rates_seen=first(experiment.net.predict(seen)),
        rates_percept=first(percept.verdict),
        mse_seen=float((seen - clean).square().sum()) if is_known else float("nan"),
        mse_percept=float((percept.image - clean).square().sum()) if is_known else float("nan"),
    )


def spoil(experiment: ImageExperiment, clean: Tensor, query: ImagineQuery) -> Tensor:
    """A second digit laid over it, clipped Gaussian noise, and the lower rows hidden, in this order."""
    task = experiment.task
    seen = clean
    if query.mix >= 0:
        seen = torch.maximum(seen, task.test_x[query.mix % len(task.test_x)].unsqueeze(0))
    if query.noise > 0.0:
        draw = np.random.default_rng(query.seed).normal(0.0, query.noise, tuple(seen.shape))
        seen = (seen + torch.from_numpy(draw).to(seen)).clamp(0.0, 1.0)
    hidden = round(min(1.0, max(0.0, query.occlusion)) * task.shape[0])
    if hidden:
        seen = seen.clone().reshape(-1, *task.shape)
        seen[:, task.shape[0] - hidden :] = 0.0
        seen = seen.reshape(1, -1)
    return seen


def dream_view(experiment: ImageExperiment) -> DreamView:
    """One picture generated from each class, d = a = 1."""
    task = experiment.task
    percept = experiment.imagination.generate(task.r_star)
    return DreamView(
        images=as_array(percept.image).reshape(-1, *task.shape),
        recognised=percept.verdict.argmax(1).cpu().numpy(),
        distance=as_array((percept.image - task.means).square().sum(1)),
    )
