"""Payloads of the comparison as lines: neurons, weights, gaps over time; the gap over β and over asymmetry."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.papers.equilibrium_views import MomentsView, SlopeView
from gui.tabs.equilibrium.names import EP, SIDE, layer_name, weight_name
from gui.widgets.lines_plot import Line

FLOOR_IN_SIGHT = 1e-3
"""The floor of the exact derivative is drawn when it is not lower than this share of the smallest gap."""


def layers_in(view: MomentsView) -> int:
    """Layers after the input."""
    return int(view.gap_units.shape[1])


def neuron_lines(view: MomentsView, layer: int) -> list[Line]:
    """The neurons of one layer (1..L) that move most: EP solid, the side network dashed on top of it."""
    chosen = np.flatnonzero(view.unit_layer == layer)
    names = [f"{layer_name(layer, layers_in(view))}, neuron {view.unit_index[i]}" for i in chosen]
    return _both(view.time, view.unit_ep[:, chosen], view.unit_rbp[:, chosen], names)


def weight_lines(view: MomentsView, k: int) -> list[Line]:
    """Six weights of W_k: both running estimates, and where the exact solution ends as a dot."""
    chosen = np.flatnonzero(view.weight_layer == k)
    names = [f"{weight_name(k)} {view.weight_from[i]} → {view.weight_to[i]}" for i in chosen]
    lines = _both(view.time, view.weight_ep[:, chosen], view.weight_rbp[:, chosen], names)
    end = view.time[-1:]
    for name, final in zip(names, view.weight_final[chosen].tolist(), strict=True):
        if np.isfinite(final):
            words = "" if lines[-1].dots else "H⁻¹"
            lines.append(Line(words, "text", end, np.array([final]), dots=True, hover=f"H⁻¹, {name}"))
    return lines


def _both(time: NDArray[Any], ep: NDArray[Any], side: NDArray[Any], names: list[str]) -> list[Line]:
    """[T, n] of both processes; the first line of each kind stands for all in the legend."""
    lines = [Line("" if n else "EP", EP, time, ep[:, n], hover=f"EP, {name}") for n, name in enumerate(names)]
    for n, name in enumerate(names):
        words = "" if n else "side network"
        lines.append(Line(words, SIDE, time, side[:, n], dashed=True, hover=f"side network, {name}"))
    return lines


def gap_lines(view: MomentsView) -> list[Line]:
    """Relative distance at each moment, layer by layer; and the floor below which it says nothing."""
    layers = layers_in(view)
    lines = [Line(layer_name(k + 1, layers), f"series{k}", view.time, view.gap_units[:, k]) for k in range(layers)]
    lines += [Line(weight_name(k), f"series{k}", view.time, view.gap_weights[:, k], dashed=True) for k in range(layers)]
    if view.floor > 0 and len(view.time):
        ends = np.array([view.time[0], view.time[-1]])
        lines.append(Line("floor", "baseline", ends, np.full(2, view.floor), dashed=True, hover="residual / β"))
    return lines


def slope_lines(view: SlopeView) -> list[Line]:
    """Gap over β for both kinds of nudge, and the exact derivative as a floor where it is near."""
    lines = [
        Line("one-sided", "series1", view.betas, view.one_sided, dots=True),
        Line("centred", "series0", view.betas, view.centred, dots=True),
    ]
    gaps = np.concatenate([view.one_sided, view.centred])
    lowest = float(np.min(gaps[gaps > 0], initial=1.0))
    if view.exact > FLOOR_IN_SIGHT * lowest:  # a floor far below would press the slopes flat
        ends = view.betas[[0, -1]]
        lines.append(Line("exact derivative", "baseline", ends, np.full(len(ends), view.exact), dashed=True))
    return lines


def asymmetry_lines(view: SlopeView) -> list[Line]:
    """Gap and correlation over the asymmetry of the top-down weights."""
    return [
        Line("gap", "bad", view.asymmetries, view.gap_of_asymmetry, dots=True),
        Line("correlation", "good", view.asymmetries, view.correlation_of_asymmetry, dots=True),
    ]
