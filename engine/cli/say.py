"""`main.py say`: refuses honestly until ObamaNet is built."""

from __future__ import annotations

import sys

from engine.cli import exits
from engine.cli.options import Say
from engine.papers import load_paper


def run(options: Say) -> int:
    """Says what is missing; nothing is spoken."""
    paper = load_paper("obamanet")
    print(f"Nothing was spoken: {paper.short_title} is not built yet. The paper: {paper.link}", file=sys.stderr)
    return exits.NOT_BUILT
