"""Equivalence of Equilibrium Propagation and Recurrent Backpropagation: what is known before it is built."""

from __future__ import annotations

from engine.papers.contract import Paper

PAPER = Paper(
    name="equilibrium",
    title="Equivalence of Equilibrium Propagation and Recurrent Backpropagation",
    short_title="Equilibrium = RBP",
    authors="Scellier, Bengio",
    year=2017,
    arxiv="1711.08416",
    claim="While the output is nudged, the velocity of every neuron equals the process that "
    "recurrent backprop runs in a side network — at every moment.",
    group="Learning without backprop",
    centrepiece="Two processes drawn on top of each other at every moment of the second phase.",
)
