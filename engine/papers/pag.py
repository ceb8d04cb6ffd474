"""Plan, Attend, Generate: Planning for Sequence-to-Sequence Models: what is known before it is built."""

from __future__ import annotations

from engine.papers.contract import Paper

PAPER = Paper(
    name="pag",
    title="Plan, Attend, Generate: Planning for Sequence-to-Sequence Models",
    short_title="Plan, Attend, Generate",
    authors="Dutil, Gulcehre, Trischler, Bengio",
    year=2017,
    arxiv="1711.10462",
    claim="A decoder that keeps a plan of its future alignments and decides when to follow it and "
    "when to plan anew beats plain attention.",
    group="Planning",
    centrepiece="The alignment plan moving through time; follow or re-plan; Eulerian circuits drawn on the graph.",
)
