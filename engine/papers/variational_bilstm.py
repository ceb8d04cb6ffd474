"""Variational Bi-LSTMs: what is known before it is built."""

from __future__ import annotations

from engine.papers.contract import Paper

PAPER = Paper(
    name="variational_bilstm",
    title="Variational Bi-LSTMs",
    short_title="Variational Bi-LSTM",
    authors="Shabanian, Arpit, Trischler, Bengio",
    year=2017,
    arxiv="1711.05717",
    claim="A channel of latent variables between the two paths of a Bi-LSTM lets the forward path "
    "profit from the backward one in training and run alone afterwards.",
    group="Stochastic sequences",
    centrepiece="The channel between the two paths; the forward path running alone.",
)
