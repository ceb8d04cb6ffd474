"""Z-Forcing: Training Stochastic Recurrent Networks: what is known before it is built."""

from __future__ import annotations

from engine.papers.contract import Paper

PAPER = Paper(
    name="zforcing",
    title="Z-Forcing: Training Stochastic Recurrent Networks",
    short_title="Z-Forcing",
    authors="Goyal, Sordoni, Côté, Ke, Bengio",
    year=2017,
    arxiv="1711.05411",
    claim="An auxiliary cost that makes the latents predict a backward network's state keeps a "
    "stochastic recurrent network from ignoring its latents.",
    group="Stochastic sequences",
    centrepiece="Finish my drawing; per-step KL; sliding between two sentences.",
)
