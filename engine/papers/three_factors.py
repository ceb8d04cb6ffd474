"""Three Factors Influencing Minima in SGD: what is known before it is built."""

from __future__ import annotations

from engine.papers.contract import Paper

PAPER = Paper(
    name="three_factors",
    title="Three Factors Influencing Minima in SGD",
    short_title="Three factors of SGD",
    authors="Jastrzębski, Kenton, Arpit, Ballas, Fischer, Bengio, Storkey",
    year=2017,
    arxiv="1711.04623",
    claim="Learning rate, batch size and gradient covariance decide which minimum SGD finds; only "
    "the ratio of learning rate to batch size enters.",
    group="How networks generalise",
    centrepiece="Many SGD runs raced at once; sharpness; the double well against its Gibbs density.",
)
