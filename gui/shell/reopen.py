"""Brings a recorded run back: its settings and stored curves on screen, then its newest whole checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.papers.contract import ParameterError
from gui.shell.history import Points
from gui.shell.marks import mark_words

if TYPE_CHECKING:
    from engine.runtime.records import RunRecord
    from gui.shell.main_window import MainWindow

_MOST_POINTS = 4000


def resume_run(window: MainWindow, record_id: str, paused: bool = True) -> None:
    """Open the run on its paper's page and load its checkpoint; it waits for Space unless not `paused`."""

    def read(store: Any) -> tuple[Any, dict[str, Points], list[tuple[int, str]]]:
        record = store.get_run(record_id)
        series = store.read_scalars(record_id, None, _MOST_POINTS)
        curves = {name: (s.steps, s.values, s.walls) for name, s in series.items()}
        paper = window.papers.get(record.paper)
        marks = [(m.step, mark_words(paper, m.knob, m.old, m.new)) for m in store.read_marks(record_id) if paper]
        return record, curves, marks

    def show(found: tuple[Any, dict[str, Points], list[tuple[int, str]]]) -> None:
        record, curves, marks = found
        if record.paper not in window.papers or not window.papers[record.paper].built:
            window.say(f"The paper {record.paper!r} of this run is not in this version.", "warning")
            return
        page = window.open_paper(record.paper)
        run = page.run
        if run.is_live and run.record == record_id:
            return
        try:
            run.adopt(record.preset, record.params)
        except ParameterError as error:
            window.say(f"The run cannot be resumed with this version: {error}", "warning")
            return
        run.load_history(record_id, curves, marks)
        run.start(paused=paused, resume=record_id)

    window.records.run(read, show)


def compare_runs(window: MainWindow, records: Sequence[RunRecord]) -> None:
    """Draw these runs as ghosts behind the curves of their paper (the paper of the first one)."""
    if not records:
        return
    paper = records[0].paper
    chosen = [r for r in records if r.paper == paper]

    def read(store: Any) -> dict[str, Any]:
        ghosts: dict[str, Any] = {}
        for record in chosen:
            title = record.title or record.preset
            title = title if title not in ghosts else f"{title} ({record.id[:4]})"
            series = store.read_scalars(record.id)
            ghosts[title] = {name: (s.steps, s.values) for name, s in series.items()}
        return ghosts

    def show(ghosts: dict[str, Any]) -> None:
        page = window.open_paper(paper)
        page.run.show_ghosts(ghosts)
        words = "1 past run is" if len(ghosts) == 1 else f"{len(ghosts)} past runs are"
        page.notices.show_notice(
            f"{words} drawn behind the curves.", "info", "ghosts", [("Remove", lambda: page.run.show_ghosts({}))]
        )

    window.records.run(read, show)
