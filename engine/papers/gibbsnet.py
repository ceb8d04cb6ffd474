"""GibbsNet: Iterative Adversarial Inference for Deep Graphical Models: what is known before it is built."""

from __future__ import annotations

from engine.papers.contract import Paper

PAPER = Paper(
    name="gibbsnet",
    title="GibbsNet: Iterative Adversarial Inference for Deep Graphical Models",
    short_title="GibbsNet",
    authors="Lamb, Hjelm, Ganin, Cohen, Courville, Bengio",
    year=2017,
    arxiv="1712.04120",
    claim="A short adversarially trained chain learns the joint of data and latents without ever "
    "writing down p(z), and one model inpaints, classifies and generates.",
    group="Generative models",
    centrepiece="Scrubbing a chain of thousands of steps; painting a mask; clamping a label.",
)
