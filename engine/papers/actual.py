"""ACtuAL: Actor-Critic Under Adversarial Learning: what is known before it is built."""

from __future__ import annotations

from engine.papers.contract import Paper

PAPER = Paper(
    name="actual",
    title="ACtuAL: Actor-Critic Under Adversarial Learning",
    short_title="ACtuAL",
    authors="Goyal, Ke, Lamb, Hjelm, Pal, Pineau, Bengio",
    year=2017,
    arxiv="1711.04755",
    claim="A GAN for discrete sequences: the discriminator rewards, a temporal-difference critic "
    "says which token is worth what, and no gradient crosses over.",
    group="Generative models",
    centrepiece="Text as it is written, with the critic's value under each symbol.",
)
