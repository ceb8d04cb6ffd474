"""Writes every panel of a page as picture and data into the exports folder of its run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from engine.runtime.paths import home, run_folder
from gui.shell.paper_run import PaperRun
from gui.widgets.panel import Panel


def export_panels(panels: Sequence[Panel], run: PaperRun) -> tuple[Path, int]:
    """The folder they are being written to and how many files there will be; each panel says when one is done."""
    base = run_folder(run.paper.name, run.record) if run.record else home() / "exports" / run.paper.name
    folder = (base / "exports" if run.record else base) / f"{time.strftime('%Y%m%d-%H%M%S')}-step-{run.step}"
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for panel in panels:
        stem = "".join(c if c.isalnum() else "-" for c in panel.title.lower()).strip("-")
        suffixes = (".png", ".npz") if panel.has_data() else (".png",)
        for suffix in suffixes:
            panel.export_to(folder / f"{stem}{suffix}")
            count += 1
    return folder, count
