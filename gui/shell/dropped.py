"""A file dropped on the window: an exported picture, data, a preset or a checkpoint gives its settings back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.papers.contract import ParameterError
from gui.widgets.provenance import read_provenance

if TYPE_CHECKING:
    from gui.shell.main_window import MainWindow

_LARGEST = 4 << 20


def settings_in(path: Path) -> dict[str, Any] | None:
    """paper, preset and params that a file carries (with `run` and `step` if known); None when it carries none."""
    if path.is_dir():
        return _in_folder(path)
    record = read_provenance(path)
    if record is None and path.suffix.lower() == ".json" and path.is_file() and path.stat().st_size <= _LARGEST:
        record = _plain_json(path)
    if record is None or not isinstance(record.get("paper"), str) or not isinstance(record.get("params"), dict):
        return None
    return record


def _in_folder(folder: Path) -> dict[str, Any] | None:
    """The newest checkpoint header of a run folder or its `checkpoints` folder."""
    inside = folder / "checkpoints" if (folder / "checkpoints").is_dir() else folder
    for header in sorted(inside.glob("*.json"), key=lambda p: p.stat().st_mtime, reverse=True):
        found = _plain_json(header)
        if found is not None and isinstance(found.get("paper"), str) and isinstance(found.get("params"), dict):
            return found
    return None


def _plain_json(path: Path) -> dict[str, Any] | None:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(read, dict):
        return None
    header = read.get("header")
    return header if isinstance(header, dict) else read


def restore_from(window: MainWindow, path: Path) -> None:
    """Show the paper with the settings of the file; nothing changes when the file does not fit."""
    record = settings_in(path)
    if record is None:
        window.say(
            f"{path.name} carries no settings: drop a picture, table, preset or run folder that Atelier wrote.",
            "warning",
        )
        return
    name = record["paper"]
    paper = window.papers.get(name)
    if paper is None or not paper.built:
        window.say(f"{path.name} belongs to the paper {name!r}, which is not built in this version.", "warning")
        return
    preset = str(record.get("preset", ""))
    known = {p.id for p in paper.presets}
    preset = preset if preset in known else paper.presets[0].id
    try:
        paper.make_params(preset, record["params"])
    except ParameterError as error:
        window.say(f"The settings in {path.name} do not fit this version: {error}", "warning")
        return
    page = window.open_paper(name)
    page.run.choose_preset(preset, record["params"])
    step = record.get("step")
    made_at = f", made at step {step:,}" if isinstance(step, int) and step > 0 else ""
    page.say(f"Settings of {path.name} restored{made_at}. The same seed repeats the run.")
