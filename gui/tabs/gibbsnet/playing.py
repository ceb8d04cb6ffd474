"""Chains that run before one's eyes: which model, how fast, from where; the query of the views `paint` and `clamp`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.papers.gibbsnet_views import ModelName, PlayQuery
from gui.tabs.gibbsnet.names import Facts, model_words
from gui.widgets.flow import FlowRow
from gui.widgets.segments import Segments, icon_button, switch
from gui.widgets.slider_row import SliderRow

if TYPE_CHECKING:
    from gui.shell.bench import Bench

INFERRING: tuple[ModelName, ...] = ("gibbsnet", "ali")
"""Models that have a q and can therefore run a chain."""


class Playing(QObject):
    """`query` is what the chains do; changed when it is another one."""

    changed = Signal()

    def __init__(self, query: PlayQuery, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.query = query

    def set_query(self, **values: object) -> None:
        """Change parts of the query and tell."""
        self.query = replace(self.query, **values)  # type: ignore[arg-type]
        self.changed.emit()

    def set_clamps(self, **values: object) -> None:
        """Change parts of what is held and tell."""
        self.set_query(clamps=replace(self.query.clamps, **values))  # type: ignore[arg-type]

    def restart(self) -> None:
        """All chains from N(0, I) again."""
        self.set_query(restart=self.query.restart + 1)


class PlayingControls(FlowRow):
    """Run or hold, start over, other noise, steps a frame, and whose conditionals."""

    def __init__(self, bench: Bench, facts: Facts, playing: Playing, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._facts, self._playing = facts, playing
        self.run = switch("Run", "Down: one Gibbs step a frame; up: they hold still")
        self.run.setChecked(playing.query.playing)
        self.run.clicked.connect(lambda on: playing.set_query(playing=on))
        self.again = icon_button("rewind", "Start over from N(0, I)", playing.restart)
        self.noise = icon_button("dice", "Start over with other noise", self.on_noise)
        self.speed = SliderRow(
            "steps/frame", "Gibbs steps between two pictures", low=1, high=50, value=1, log=True, width=0
        )
        self.speed.setFixedWidth(170)
        self.speed.value_changed.connect(lambda v: playing.set_query(steps_per_frame=max(1, round(v))))
        self.model = Segments([model_words(m) for m in INFERRING], "whose conditionals")
        self.model.setToolTip("GibbsNet was trained on its own chain, ALI never was: the same gestures on both")
        self.model.chosen.connect(lambda i: playing.set_query(model=INFERRING[i]))
        for widget in (self.run, self.again, self.noise, self.speed, self.model):
            self.add(widget)
        facts.changed.connect(self.on_facts_changed)
        playing.changed.connect(self.on_changed)
        self.on_facts_changed()

    def on_noise(self) -> None:
        """Another random stream, from the start."""
        query = self._playing.query
        self._playing.set_query(seed=query.seed + 1, restart=query.restart + 1)

    def on_facts_changed(self) -> None:
        """ALI is offered where it is trained."""
        has_ali = "ali" in self._facts.models
        self.model.setVisible(has_ali)
        if not has_ali and self._playing.query.model != "gibbsnet":
            self.model.choose(0)
            self._playing.set_query(model="gibbsnet")

    def on_changed(self) -> None:
        """The switch follows the query."""
        self.run.setChecked(self._playing.query.playing)
