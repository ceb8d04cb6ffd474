"""ObamaNet: Photo-realistic lip-sync from text: what is known before it is built."""

from __future__ import annotations

from engine.papers.contract import Paper

PAPER = Paper(
    name="obamanet",
    title="ObamaNet: Photo-realistic lip-sync from text",
    short_title="ObamaNet",
    authors="Kumar, Sotelo, Kumar, de Brébisson, Bengio",
    year=2018,
    arxiv="1801.01442",
    claim="Any text becomes speech and a synchronised photo-realistic video through trainable neural modules only.",
    group="Text to video",
    centrepiece="Type a sentence, watch and hear it spoken.",
)
