"""Hold a label and the whole wall turns into sevens; hold a picture and read its label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.papers.gibbsnet_views import PlayQuery, PlayView, TasksArguments, TasksResult
from gui.shell.rows import label, set_role
from gui.tabs.gibbsnet.clamp_controls import FREE, HoldControls, HoldPicture
from gui.tabs.gibbsnet.heading import headed
from gui.tabs.gibbsnet.names import TOY_WORDS, Facts, class_meaning, model_colour, model_words, pictures, waiting
from gui.tabs.gibbsnet.observed import Observed, ObservedPad
from gui.tabs.gibbsnet.playing import Playing, PlayingControls
from gui.tabs.gibbsnet.result_table import ResultTable, Row
from gui.widgets.ask_button import AskButton
from gui.widgets.bars import Bars
from gui.widgets.image_grid import ImageGrid
from gui.widgets.panel import Panel
from gui.widgets.panel_grid import PanelGrid, column, row
from gui.widgets.probing import when_there_is_one
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

WALL = 36
NO_LABELS = "This preset models pictures alone: there is no label to read. Choose one with labels or attributes."


class ClampScene(QWidget):
    """What is held at the left, the wall in the middle, what the model believes at the right."""

    least_height = 610

    def __init__(self, bench: Bench, facts: Facts, observed: Observed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench, self._facts, self._observed = bench, facts, observed
        self.playing = Playing(PlayQuery(chains=WALL), self)
        self._last: PlayView | None = None
        hold, picture, wall, beliefs, tasks = (
            self._hold(),
            self._picture(),
            self._wall(),
            self._beliefs(),
            self._tasks(),
        )
        self.panels = (hold, picture, wall, beliefs, tasks)
        self.symbols = {"clamp": wall, "hold": hold, "beliefs": beliefs, "tasks": tasks}
        self.grid = PanelGrid()
        left = column(hold, picture, stretch=(3, 3))
        right = column(beliefs, tasks, stretch=(4, 3))
        self.grid.arrange(row(left, wall, right, stretch=(4, 6, 4)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)
        self._watch = bench.watch("clamp", wall, when_there_is_one(self.draw), self.playing.query)
        self.playing.changed.connect(lambda: self._watch.set_query(self.playing.query))
        observed.changed.connect(self.on_picture_changed)
        facts.changed.connect(self._say_waiting)
        bench.run_state_changed.connect(self._say_waiting)
        self._say_waiting()

    # --- panels -------------------------------------------------------------------------------------------------

    def _hold(self) -> Panel:
        self.controls = HoldControls(self._facts, self.playing)
        return self._bench.panel("Hold", self.controls)

    def _picture(self) -> Panel:
        self.pad = ObservedPad(self._bench, self._observed)
        self.hold_picture = HoldPicture(self._bench, self.pad, self.playing)
        self.hold_picture.hold.toggled.connect(lambda _on: self.on_picture_changed())
        return self._bench.panel("Read a picture", Stacked(self.pad.canvas, body=self.hold_picture))

    def _wall(self) -> Panel:
        self.wall = ImageGrid(6, table="grey", low=0.0, high=255.0, name="free and held chains")
        self.run = PlayingControls(self._bench, self._facts, self.playing)
        self.words = label("", "muted", wrap=True)
        below = QWidget()
        down = QVBoxLayout(below)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(3)
        down.addWidget(self.run)
        down.addWidget(self.words)
        self.wall_panel = self._bench.panel("Chains that hold it", Stacked(self.wall, below=below))
        return self.wall_panel

    def _beliefs(self) -> Panel:
        self.bars = Bars(horizontal=True, low=0.0, high=1.0, name="p(y | z) along the chain")
        self.verdict = label("", "muted", wrap=True)
        self.beliefs_panel = self._bench.panel("p(y | z)", Stacked(self.bars, below=self.verdict))
        return self.beliefs_panel

    def _tasks(self) -> Panel:
        self.table = ResultTable("tasks that nobody trained it for")
        self.ask = AskButton(
            self._bench, "tasks", "Measure", "200 trials of each task, 20 steps each",
            arguments=TasksArguments, show=self.show_tasks, fault=lambda why: self._bench.note(why, "warning"),
        )  # fmt: skip
        self.task_words = label(
            "Measures drawing with a held label, reading a held picture, free pairs.", "muted", wrap=True
        )
        body = Stacked(self.table, above=headed(self.task_words, self.ask))
        self.tasks_panel = self._bench.panel("One model, three tasks", body)
        return self.tasks_panel

    # --- the hand -----------------------------------------------------------------------------------------------

    def on_picture_changed(self) -> None:
        """Hold the picture that was chosen, or let go of it."""
        observed = self._observed
        if not self.hold_picture.hold.isChecked():
            held = self.playing.query.clamps
            if held.image is not None or held.index >= 0:
                self.playing.set_clamps(image=None, index=-1, mask=None)
            return
        image = None if observed.index >= 0 else observed.image
        self.playing.set_clamps(image=image, index=observed.index, mask=None)

    # --- drawing ------------------------------------------------------------------------------------------------

    def draw(self, view: PlayView) -> None:
        """One step of all chains, and what they believe."""
        if not view.images.size or not self._facts.has_pictures:
            return
        self._last = view
        self.wall_panel.set_empty("")
        names = [self._facts.class_name(int(k)) for k in view.labels]
        self.wall.set_images(pictures(view.images), names if any(names) else [])
        self.wall_panel.set_subtitle(f"step {view.step:,}")
        self.words.setText(view.words or self._held_words())
        self._draw_beliefs(view)

    def _draw_beliefs(self, view: PlayView) -> None:
        facts = self._facts.view
        names = () if facts is None else facts.classes
        if facts is None or facts.reads == "none" or not len(view.p_y) or len(names) != len(view.p_y):
            return
        held = self.playing.query.clamps
        self.beliefs_panel.set_empty("")
        self.bars.set_bars(
            names, view.p_y, spread=view.spread_y,
            meanings=[class_meaning(k) if facts.reads == "label" else "model" for k in range(len(names))],
        )  # fmt: skip
        self.bars.set_highlight(held.label)
        self.controls.attributes.set_probabilities(view.p_y if facts.reads == "attributes" else ())
        self.beliefs_panel.set_subtitle(
            f"mean of steps {'10 to ' if view.step > 10 else '1 to '}{view.step:,} ± chains"
        )
        self._judge(view, names, facts.reads)

    def _judge(self, view: PlayView, names: tuple[str, ...], reads: str) -> None:
        """What it reads from a held picture, beside the truth where that is known."""
        role, words = "muted", "Hold a picture and these bars read it: averaged along the chain, over all chains."
        if reads == "label" and self.hold_picture.hold.isChecked():
            best, true = int(np.argmax(view.p_y)), self._observed.label
            words = f"Read as {names[best]} ({float(view.p_y[best]):.2f})"
            if 0 <= true < len(names):
                right = best == true
                words += ", which is right." if right else f"; it is a {names[true]}."
                role = "muted" if right else "warning"
        self.verdict.setText(words)
        set_role(self.verdict, role)

    def _held_words(self) -> str:
        held, parts = self.playing.query.clamps, []
        if held.label != FREE:
            parts.append(f"label {self._facts.class_name(held.label)}")
        on = [n for n, s in zip(self.controls.attributes.names, held.attributes, strict=False) if s == 1]
        off = [f"not {n}" for n, s in zip(self.controls.attributes.names, held.attributes, strict=False) if s == 0]
        parts += on + off
        if self.hold_picture.hold.isChecked():
            parts.append("the picture")
        return f"Held: {', '.join(parts)}." if parts else "Nothing is held: free chains of the joint model."

    def show_tasks(self, result: object) -> None:
        """Shares right, beside chance."""
        if not isinstance(result, TasksResult):  # a part says only how far it is
            return
        hints = (
            ("drawn as held", result.conditional, "Pictures drawn with a held label that the classifier confirms"),
            ("read right", result.attribute, "Labels or attributes read from held test pictures"),
            ("free pairs agree", result.joint, "Free pairs whose sampled label the classifier confirms"),
        )
        rows = [
            Row(name, (*(100 * np.asarray(v)).tolist(), 100 * float(result.chance[i])), "up", hint, " %")
            for i, (name, v, hint) in enumerate(hints)
        ]
        self.table.set_rows(
            [*(model_words(m) for m in result.models), "chance"], [*(model_colour(m) for m in result.models), "muted"],
            len(result.models), rows,
        )  # fmt: skip
        self.task_words.setText("One network, never trained for any of the three; bold is the better model.")

    def _say_waiting(self, _what: object = None) -> None:
        why = "" if self._facts.has_pictures else TOY_WORDS
        for panel in self.panels:
            panel.set_empty(why)
        if why:
            return
        view = self._facts.view
        if view is not None and view.reads == "none":
            for panel in (self.beliefs_panel, self.tasks_panel):
                panel.set_empty(NO_LABELS)
        if self._last is None:
            self.wall_panel.set_empty(waiting(self._bench.run_state))
            if view is None or view.reads != "none":
                self.beliefs_panel.set_empty(waiting(self._bench.run_state))
