"""Two processes drawn on top of each other: the valley, every moment of the second phase, the slopes, the bias map.

All in float64 on the CPU, on copies of the present weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.experiments.equilibrium_pictures import picture_of, target_of
from engine.experiments.equilibrium_setup import is_exact
from engine.experiments.random_streams import stream
from engine.models.equilibrium import Network, Rho, States, largest
from engine.models.equilibrium_side import Gradient, SideNetwork, exact_gradient
from engine.models.equilibrium_solvers import Nudge, Relaxation, Solver, to_rest
from engine.models.equilibrium_theorem import (
    Run,
    correlation,
    finite_runs,
    nudged_run,
    side_run,
    total_gap,
    unit_gaps,
    walls_touched,
    weight_entries,
    weight_gradient,
    worst_gap,
)
from engine.models.equilibrium_valley import Valley
from engine.papers.equilibrium_views import (
    BiasQuery,
    BiasView,
    MomentsQuery,
    MomentsView,
    Probe,
    SlopeQuery,
    SlopeView,
    ValleyQuery,
    ValleyView,
)
from engine.papers.equilibrium_views import (
    Rho as RhoChoice,
)

if TYPE_CHECKING:
    from engine.experiments.equilibrium_run import EquilibriumExperiment

MOST_POINTS = 2400
UNITS = 8
WEIGHTS = 6
WEIGHT_MOMENTS = 24  # moments at which whole weight matrices are compared
FINAL_SWEEPS = 400
SLOPE_BETAS = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4)
ASYMMETRIES = (0.01, 0.03, 0.1, 0.3, 1.0)
REST_SWEEPS = 600
ASYMMETRY_BETA = 1e-4  # its own error, about 1e-8, is far below what asymmetry does
SMALLEST_SIZE = 1e-9  # norm of an estimate below which nothing has arrived: what is left is rounding
FITTED = 3  # the slope is that of the smallest betas that stand above the floor: there no wall is touched any more
FLOOR = 30.0  # a gap counts for the slope when it is so many times above what rounding leaves


def valley_view(query: ValleyQuery) -> ValleyView:
    """Both phases of the two-neuron network. Raises `ValueError` for what is out of range."""
    _check("beta", query.beta, 1e-6, 0.9)
    _check("epsilon", query.epsilon, 0.01, 0.5)
    _check("steps", query.steps, 10, 400)
    valley = Valley.of(query.x, query.w_1, query.w_2, query.b, query.y, query.beta, query.smooth)
    lo, hi = valley.extent
    begin = (min(max(query.start[0], lo), hi), min(max(query.start[1], lo), hi))
    free = valley.roll(begin, query.epsilon, query.steps, 0.0)
    rest = valley.rest(begin, 0.0)
    lies = (float(rest[1]), float(rest[2]))
    nudged = valley.roll(lies, query.epsilon, query.steps, query.beta)
    velocity, side, gap = valley.arrows(rest, query.epsilon, query.steps)
    end = valley.rest(lies, query.beta)
    return ValleyView(
        energy=_f32(valley.surface(query.beta)),
        energy_free=_f32(valley.surface(0.0)),
        extent=valley.extent,
        free=_f32(free),
        nudged=_f32(nudged),
        velocity=_f32(velocity),
        side=_f32(side),
        energy_along_free=_f32(valley.energies(free, 0.0)),
        energy_along_nudged=_f32(valley.energies(nudged, query.beta)),
        rest=np.array(lies, np.float32),
        nudged_rest=np.array([float(end[1]), float(end[2])], np.float32),
        time=query.epsilon * np.arange(query.steps + 1),
        gap=gap,
        residual=largest(valley.net.defect(rest)),
    )


def _prepare(
    experiment: EquilibriumExperiment, probe: Probe, images: int, rho: RhoChoice, asymmetry: float
) -> tuple[Network, States, Tensor, Tensor]:
    """A float64 copy of the network, its free rest on the pictures, their targets and labels."""
    _check("images", images, 1, 64)
    x, labels = picture_of(experiment, probe, images)
    y = target_of(experiment, probe, x, labels).to("cpu", torch.float64)
    net = experiment.net.copy(torch.float64, experiment.net.rho if rho == "network" else Rho(rho))
    net.set_asymmetry(asymmetry, stream(experiment.p.seed, "asymmetry"))
    most = REST_SWEEPS if net.rho.is_clipped else 3 * REST_SWEEPS  # small steps take longer than blocks
    s = to_rest(net, x.to("cpu", torch.float64), 1e-14, most)
    return net, s, y, labels


def moments_view(experiment: EquilibriumExperiment, query: MomentsQuery) -> MomentsView:
    """Side network and nudged network, moment by moment."""
    _check("beta", query.beta, 1e-6, 1.0)
    _check("epsilon", query.epsilon, 0.01, 0.5)
    _check("steps", query.steps, 10, 400)
    _check("asymmetry", query.asymmetry, 0.0, 1.0)
    net, s, y, labels = _prepare(experiment, query.probe, query.images, query.rho, query.asymmetry)
    rbp = side_run(net, s, y, query.epsilon, query.steps)
    ep = nudged_run(net, s, y, query.epsilon, query.steps, query.nudging, query.beta)
    layer, unit, image = _sample_of_points(net, len(y))
    moving_layer, moving = _moving_units(net, rbp)
    weights = _weights(net, s, y, rbp, ep)
    gaps, gap_of_weights = _weight_gaps(net, s, rbp, ep, query.steps)
    residual = largest(net.defect(s))
    floor = 0.0 if query.nudging == "exact" else residual / query.beta
    gap, moved = total_gap(ep, rbp), walls_touched(net, s, ep)
    return MomentsView(
        time=query.epsilon * np.arange(query.steps),
        rbp=_points(rbp, layer, unit, image),
        ep=_points(ep, layer, unit, image),
        point_layer=layer.astype(np.int16),
        point_unit=unit.astype(np.int16),
        point_image=image.astype(np.int16),
        unit_layer=moving_layer.astype(np.int16),
        unit_index=moving.astype(np.int16),
        unit_rbp=_points(rbp, moving_layer, moving, np.zeros_like(moving)),
        unit_ep=_points(ep, moving_layer, moving, np.zeros_like(moving)),
        **weights,
        gap_units=unit_gaps(ep, rbp).numpy(),
        gap_weights=gaps,
        gap=gap,
        gap_of_weights=gap_of_weights,
        worst=worst_gap(ep, rbp),
        correlation=correlation(ep, rbp),
        residual=residual,
        floor=floor,
        moved=moved,
        label=int(labels[0]),
        words=_what_limits(query, gap, floor, moved, float((s[-1] - y).abs().max())),
    )


def _what_limits(query: MomentsQuery, gap: float, floor: float, moved: int, error: float) -> str:
    """One sentence on why the two processes are not the same, the largest cause first."""
    if not np.isfinite(gap) and error > 1e-12:
        return "Every wrong output sits on a wall: it has no derivative, so no error passes in either process."
    if not np.isfinite(gap):
        return "The output already is the target: there is no error to compare."
    if floor > 1.0:
        return f"The network does not come to rest ({floor * query.beta:.0e} away): the comparison means nothing."
    if query.asymmetry > 0.0 and gap > 1e-3:
        return "The weights down are not those up: there is no energy, and velocities are no longer error derivatives."
    if moved and query.nudging != "exact":
        plural = "s" if moved > 1 else ""
        return f"{moved} neuron{plural} entered or left saturation under way: smaller β, fewer of them."
    if query.nudging != "exact" and floor > 0.1 * gap:
        return f"The network is not quite at rest; that alone explains {floor:.0e} (residual / β)."
    if query.nudging == "one_sided" and gap > 1e-6:
        return "A nudge from one side is off in proportion to β; from both sides in proportion to β²."
    return ""


def _sample_of_points(net: Network, images: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Layer (1..L), neuron and picture of every point of the scatter, an even sample when there are too many."""
    sizes = net.sizes[1:]
    layer = np.concatenate([np.full(images * n, k + 1) for k, n in enumerate(sizes)])
    unit = np.concatenate([np.tile(np.arange(n), images) for n in sizes])
    image = np.concatenate([np.repeat(np.arange(images), n) for n in sizes])
    if len(layer) <= MOST_POINTS:
        return layer, unit, image
    is_output = layer == len(sizes)  # outputs are few: all of them stay
    hidden = np.flatnonzero(~is_output)
    room = max(1, MOST_POINTS - int(is_output.sum()))
    chosen = np.sort(np.concatenate([hidden[:: -(-len(hidden) // room)], np.flatnonzero(is_output)]))
    return layer[chosen], unit[chosen], image[chosen]


def _points(run: Run, layer: np.ndarray, unit: np.ndarray, image: np.ndarray) -> np.ndarray:
    """float32 [T, P] of these neurons."""
    found = np.empty((len(run.S[0]), len(layer)), np.float32)
    for k, S in enumerate(run.S, 1):
        here = np.flatnonzero(layer == k)
        found[:, here] = S[:, torch.from_numpy(image[here]), torch.from_numpy(unit[here])].float().numpy()
    return found


def _moving_units(net: Network, run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Layers and indices of the neurons that carry most error for the first picture, eight a layer."""
    layers, units = [], []
    for k, S in enumerate(run.S, 1):
        top = S[:, 0].abs().amax(0).argsort(descending=True, stable=True)[:UNITS]
        layers += [k] * len(top)
        units += top.tolist()
    return np.array(layers), np.array(units)


def _weights(net: Network, s: States, y: Tensor, rbp: Run, ep: Run) -> dict[str, np.ndarray]:
    """Six weights a layer: both running estimates and where they end."""
    final = _final(net, s, y)
    layers: list[int] = []
    rows, columns, one, other, ends = [], [], [], [], []
    last = len(rbp.S[0]) - 1
    for k in range(net.L):
        so_far = weight_gradient(net, s, rbp, k, last).abs().flatten()
        top = so_far.argsort(descending=True, stable=True)[: min(WEIGHTS, len(so_far))]
        i, j = top // net.sizes[k + 1], top % net.sizes[k + 1]
        layers += [k] * len(top)
        rows.append(i)
        columns.append(j)
        one.append(weight_entries(net, s, rbp, k, i, j))
        other.append(weight_entries(net, s, ep, k, i, j))
        ends.append(final.W[k][i, j] if final is not None else torch.full((len(top),), float("nan")))
    return {
        "weight_layer": np.array(layers, np.int16),
        "weight_from": torch.cat(rows).numpy().astype(np.int16),
        "weight_to": torch.cat(columns).numpy().astype(np.int16),
        "weight_rbp": _f32(torch.cat(one, 1)),
        "weight_ep": _f32(torch.cat(other, 1)),
        "weight_final": _f32(torch.cat(ends)),
    }


def _final(net: Network, s: States, y: Tensor) -> Gradient | None:
    """The gradient with H^{-1} dC/ds solved; None where the side network does not settle."""
    side = SideNetwork(net, s)
    v = side.solve(y, FINAL_SWEEPS, 0.0 if net.rho.is_clipped else side.stable_epsilon(y))
    left = [e + f for e, f in zip(side.error(y)[1:], side.flow(v)[1:], strict=True)]
    rest = max(float(x.abs().max()) for x in left)
    return side.gradient(v) if rest < 1e-6 else None


def _weight_gaps(net: Network, s: States, rbp: Run, ep: Run, steps: int) -> tuple[np.ndarray, float]:
    """Relative distance of the weight estimates [T, L] (between moments looked at, the last one stands), and of all."""
    moments = np.unique(np.linspace(0, steps - 1, min(steps, WEIGHT_MOMENTS)).round().astype(int))
    gaps = np.full((steps, net.L), np.nan)
    above = below = 0.0
    for place, n in enumerate(moments):
        until = moments[place + 1] if place + 1 < len(moments) else steps
        for k in range(net.L):
            wanted = weight_gradient(net, s, rbp, k, int(n))
            off = float((weight_gradient(net, s, ep, k, int(n)) - wanted).norm())
            size = float(wanted.norm())
            above, below = above + off**2, below + size**2
            gaps[n:until, k] = off / size if size > 0.0 else np.nan
    return gaps, float(np.sqrt(above / below)) if below > 0.0 else float("nan")


def slope_view(experiment: EquilibriumExperiment, query: SlopeQuery) -> SlopeView:
    """Gap over beta with fitted slopes, and over asymmetry."""
    net, s, y, _ = _prepare(experiment, query.probe, query.images, query.rho, 0.0)
    rbp = side_run(net, s, y, query.epsilon, query.steps)
    betas = np.array(SLOPE_BETAS)
    gaps = {}
    for centred in (False, True):
        runs = finite_runs(net, s, y, query.epsilon, query.steps, SLOPE_BETAS, centred)
        gaps[centred] = np.array([total_gap(run, rbp) for run in runs])
    exact = total_gap(nudged_run(net, s, y, query.epsilon, query.steps, "exact", 0.0), rbp)
    floor = max(largest(net.defect(s)), 1e-15)
    away, related = [], []
    for a in ASYMMETRIES:
        other, rest, target, _ = _prepare(experiment, query.probe, query.images, query.rho, a)
        wanted = side_run(other, rest, target, query.epsilon, query.steps)
        found = nudged_run(other, rest, target, query.epsilon, query.steps, "centred", ASYMMETRY_BETA)
        away.append(total_gap(found, wanted))
        related.append(correlation(found, wanted))
    return SlopeView(
        betas=betas,
        one_sided=gaps[False],
        centred=gaps[True],
        exact=exact,
        slope_one_sided=fitted_slope(betas, gaps[False], floor),
        slope_centred=fitted_slope(betas, gaps[True], floor),
        asymmetries=np.array(ASYMMETRIES),
        gap_of_asymmetry=np.array(away),
        correlation_of_asymmetry=np.array(related),
        slope_asymmetry=float(np.mean([g / a for g, a in zip(away[:3], ASYMMETRIES[:3], strict=True)])),
    )


def fitted_slope(betas: np.ndarray, gaps: np.ndarray, residual: float) -> float:
    """Log-log slope over the three smallest betas whose gap stands above the floor residual / beta; NaN below two."""
    stands = (gaps > FLOOR * residual / betas) & np.isfinite(gaps) & (gaps > 0.0)
    chosen = np.flatnonzero(stands)[np.argsort(betas[stands])][:FITTED]
    if len(chosen) < 2:
        return float("nan")
    return float(np.polyfit(np.log(betas[chosen]), np.log(gaps[chosen]), 1)[0])


def bias_view(experiment: EquilibriumExperiment, query: BiasQuery) -> BiasView:
    """Cosine and norm ratio of the estimate after 1..S nudged sweeps with the true gradient, all beta in one batch."""
    betas = tuple(float(b) for b in query.betas)
    if not betas or not all(1e-6 <= b < 1.0 for b in betas):
        raise ValueError(f"β values {betas}: between 1e-6 and 1 (at −1 the output has no stiffness)")
    _check("sweeps", query.sweeps, 1, 200)
    _check("images", query.images, 1, 256)
    pictures = experiment.pictures
    x = pictures.train_x[: query.images].to("cpu", torch.float64)
    y = pictures.y[pictures.train_y[: query.images]].to("cpu", torch.float64)
    net = experiment.net.copy(torch.float64)
    rest = to_rest(net, x, 1e-14, REST_SWEEPS)
    wanted = exact_gradient(net, rest, y)
    signs = (1.0, -1.0) if query.centred else (1.0,)
    rows = len(betas) * len(signs)
    strength = torch.tensor([sign * b for b in betas for sign in signs], dtype=torch.float64)
    s = [v.repeat(rows, 1) for v in rest]
    base, nudge = (
        net.input_drive(x).repeat(rows, 1),
        Nudge.of(y.repeat(rows, 1), strength.repeat_interleave(len(x)).unsqueeze(1)),
    )
    relaxation = Relaxation(net)
    solver: Solver = "exact" if is_exact(experiment.p) else "euler"
    shape = (len(betas), query.sweeps, net.L)
    cosine, ratio = np.full(shape, np.nan, np.float32), np.full(shape, np.nan, np.float32)
    for sweep in range(query.sweeps):
        relaxation.sweep(s, base, solver, min(experiment.p.epsilon, 1.0), nudge)
        for k in range(net.L):
            left, right = (_phases(net, s, rest, layer, len(betas)) for layer in (k, k + 1))
            size, along = _size_and_projection(*left, *right, wanted.W[k])
            true = float(wanted.W[k].norm())
            found = (size > SMALLEST_SIZE) & (true > 0.0)
            cosine[found, sweep, k] = -along[found] / (size[found] * true)
            share = torch.tensor(betas, dtype=torch.float64).numpy() * len(signs) * len(x)
            ratio[found, sweep, k] = size[found] / share[found] / true
    empty = tuple(why_no_gradient(net, rest, y, wanted.W[k]) for k in range(net.L))
    return BiasView(np.array(betas), np.arange(1, query.sweeps + 1), cosine, ratio, solver, empty)


def why_no_gradient(net: Network, rest: States, y: Tensor, wanted: Tensor) -> str:
    """Why the exact gradient `wanted` is zero at `rest` (states [B, n_k]) for targets y [B, 10]; "" where it is not."""
    if float(wanted.norm()) > 0.0:
        return ""
    pictures, out = len(y), rest[-1]
    if torch.equal(out, y):
        return (
            f"Nothing to correct: the outputs of all {pictures} pictures stand exactly at their targets, so the exact "
            "gradient is zero and no update has a direction. Take more pictures, or look at a younger run."
        )
    if net.rho.is_clipped and bool(((out <= 0.0) | (out >= 1.0) | (out == y)).all()):
        return (
            f"The exact gradient is zero: every output of these {pictures} pictures is right or saturated at 0 or 1, "
            "where a clipped neuron has no derivative."
        )
    return f"The exact gradient of these {pictures} pictures is zero: no active path carries an error to these weights."


def _phases(net: Network, s: States, rest: States, k: int, betas: int) -> tuple[Tensor, Tensor]:
    """rho(s_k) of plus and of minus (one-sided: of rest), each [betas, B, n_k]."""
    r = net.rho(s[k]).view(betas, -1, s[k].shape[1])
    B = len(rest[k])
    return (r, net.rho(rest[k]).expand_as(r)) if r.shape[1] == B else (r[:, :B], r[:, B:])


def _size_and_projection(
    s_plus: Tensor, s_minus: Tensor, t_plus: Tensor, t_minus: Tensor, gradient: Tensor
) -> tuple[np.ndarray, np.ndarray]:
    """Norm of M = s_+^T t_+ - s_-^T t_- and its inner product with the gradient, for each beta.

    M = (s_+ - s_-)^T t_+ + s_-^T (t_+ - t_-) =: A^T C, whose terms vanish where nothing moved, and |A^T C|^2 =
    sum (A A^T) * (C C^T): products of pictures with pictures, no matrix of the size of the weights.
    """
    A, C = torch.cat([s_plus - s_minus, s_minus], 1), torch.cat([t_plus, t_plus - t_minus], 1)
    square = ((A @ A.transpose(1, 2)) * (C @ C.transpose(1, 2))).sum((1, 2))
    return square.clamp(min=0.0).sqrt().numpy(), ((A @ gradient) * C).sum((1, 2)).numpy()


def _check(name: str, value: float, lo: float, hi: float) -> None:
    if not lo <= value <= hi:
        raise ValueError(f"{name} = {value:g} must lie between {lo:g} and {hi:g}")


def _f32(values: Tensor) -> np.ndarray:
    return np.array(values.detach().cpu().numpy(), dtype=np.float32)
