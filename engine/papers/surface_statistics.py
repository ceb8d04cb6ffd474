"""Measuring the Tendency of CNNs to Learn Surface Statistical Regularities: what is known before it is built."""

from __future__ import annotations

from engine.papers.contract import Paper

PAPER = Paper(
    name="surface_statistics",
    title="Measuring the Tendency of CNNs to Learn Surface Statistical Regularities",
    short_title="Surface statistics",
    authors="Jo, Bengio",
    year=2017,
    arxiv="1711.11561",
    claim="CNNs lean on Fourier statistics of images: filters that leave the objects recognisable "
    "to people open large gaps in test accuracy.",
    group="How networks generalise",
    centrepiece="A Fourier filter in the hand; the train-on/test-on matrix filling up.",
)
