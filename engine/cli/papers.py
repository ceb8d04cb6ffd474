"""`main.py papers`: the table of papers and presets."""

from __future__ import annotations

import json
from typing import Any

from engine.cli import exits
from engine.cli.options import Papers
from engine.papers import all_papers
from engine.papers.contract import Paper


def run(options: Papers) -> int:
    """Prints every paper in the order of the rail."""
    papers = all_papers()
    if options.json:
        print(json.dumps([_as_json(paper) for paper in papers], indent=2, ensure_ascii=False))
        return exits.DONE
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("name", "paper", "arXiv", ""):
        table.add_column(heading, overflow="fold")
    for paper in papers:
        table.add_row(paper.name, paper.title, paper.arxiv, "built" if paper.built else "not built yet")
    console.print(table)
    for paper in papers:
        if paper.built:
            console.print()
            console.print(_presets(paper))
    return exits.DONE


def _presets(paper: Paper) -> Any:
    from rich.table import Table

    title = f"Presets of {paper.name}"
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), title=title, title_justify="left")
    for heading in ("preset", "what it is", "updates", "2 CPU cores", "GPU", "memory", "needs"):
        table.add_column(heading, justify="right" if heading == "updates" else "left", no_wrap=heading == "preset")
    for p in paper.presets:
        table.add_row(p.id, p.title, f"{p.steps:,}", p.cpu_time, p.gpu_time, p.memory, p.needs or "nothing")
    return table


def _as_json(paper: Paper) -> dict[str, Any]:
    fields = ("name", "title", "authors", "year", "arxiv", "claim", "group", "built")
    preset_fields = ("id", "title", "goal", "steps", "cpu_time", "gpu_time", "memory", "threads", "needs")
    return {
        **{name: getattr(paper, name) for name in fields},
        "presets": [{name: getattr(preset, name) for name in preset_fields} for preset in paper.presets],
        "claims": [claim.id for claim in paper.claims],
    }
