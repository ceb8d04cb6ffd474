"""What is read: a typed sentence or number, or one of the held-out examples; faults are said at the field."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from engine.papers.pag import CORPUS_TASKS, GRAPH_TASKS, QUESTION_TASKS, PagParams
from engine.papers.pag_views import FilmView
from gui.shell.rows import keep_keys, label, push_button, set_role
from gui.tabs.pag.names import TARGETS, model_name
from gui.tabs.pag.planning import Planning
from gui.widgets.segments import Segments, icon_button

if TYPE_CHECKING:
    from gui.shell.bench import Bench

TYPING_MS = 120
"""Pause in typing after which the words are read."""


def prompt_of(params: object) -> str:
    """What can be typed for the task of these parameters."""
    if not isinstance(params, PagParams):
        return ""
    if params.task in GRAPH_TASKS:
        return "draw a graph of your own in the scene Graphs"
    if params.task in QUESTION_TASKS:
        return "type a sentence with its answer in brackets: paris is the [capital] of france"
    if params.task in CORPUS_TASKS:
        return "type a sentence"
    return "type a date: 3 march 2017" if params.task == "dates" else "type a number in words: four hundred two"


class SourceBar(QWidget):
    """A field, buttons for examples, one line of words with `tools` beside it; `show_view` says what is unusual."""

    def __init__(
        self, bench: Bench, planning: Planning, tools: Sequence[QWidget] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._bench, self._planning = bench, planning
        self._examples = 0
        self.field = QLineEdit()
        self.field.setClearButtonEnabled(True)
        self.field.setAccessibleName("source to read")
        self.field.setMinimumWidth(120)
        keep_keys(self.field, Qt.Key.Key_Space, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_R)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_MS)
        self._pause.timeout.connect(self.on_typed)
        self.field.textEdited.connect(lambda _text: self._pause.start())
        self.field.returnPressed.connect(self.on_typed)
        self.before = push_button("‹", lambda: self._move(-1), "The held-out example before this one")
        self.after = push_button("›", lambda: self._move(1), "The next held-out example")
        self.any = icon_button("dice", "Any held-out example", self.on_any)
        self.which = label("", "muted")
        self.words = label("", "muted", wrap=True)
        self.target = Segments([model_name(m) for m in TARGETS], "whose plan is shown")
        self.target.chosen.connect(lambda i: planning.look_into(TARGETS[i]))
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self.field, 1)
        for button in (self.before, self.after):
            button.setFixedWidth(28)
            button.setStyleSheet("padding-left: 2px; padding-right: 2px")
        for widget in (self.before, self.which, self.after, self.any):
            line.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(line)
        below = QHBoxLayout()
        below.addWidget(self.words, 1)
        for tool in (*tools, self.target):
            below.addWidget(tool)
        layout.addLayout(below)
        planning.source_changed.connect(self.on_source_changed)
        planning.changed.connect(lambda: self.target.choose(TARGETS.index(planning.query.target)))
        bench.preset_changed.connect(self.on_params_changed)
        self.on_params_changed()
        self.on_source_changed()

    def on_params_changed(self, _what: object = None) -> None:
        """Another task asks for other words."""
        prompt = prompt_of(self._bench.params)
        self.field.setPlaceholderText(prompt)
        params = self._bench.params
        self.field.setEnabled(not (isinstance(params, PagParams) and params.task in GRAPH_TASKS))

    def on_typed(self) -> None:
        """Read what stands in the field."""
        self._pause.stop()
        self._planning.show_text(self.field.text())

    def on_source_changed(self) -> None:
        """An example or a graph was chosen elsewhere: the field is not what is read."""
        text = self._planning.query.source.text
        if text != self.field.text().strip():
            self.field.setText(text)

    def on_any(self) -> None:
        """One at random; the window's own choice touches no stream of the run."""
        self._planning.show_example(random.randrange(max(1, self._examples)))

    def _move(self, by: int) -> None:
        index = self._planning.query.source.index + by
        self._planning.show_example(index % self._examples if self._examples else max(0, index))

    def show_view(self, view: FilmView, more: str = "") -> None:
        """Which example it is, and what is unusual about the source; `more` is said when nothing is."""
        self._examples = view.examples
        own = "own" if self._planning.query.source.is_drawn else "typed"
        self.which.setText(f"{view.index + 1} of {view.examples}" if view.index >= 0 else own)
        unknown = [w for w, is_new in zip(view.words, view.unknown.tolist(), strict=True) if is_new]
        words, role = more, "muted"
        if view.trouble:
            words, role = view.trouble, "bad"
        elif unknown:
            words, role = f"{view.badge or 'Not known to the model.'} Underlined: {', '.join(unknown)}.", "warning"
        elif view.badge:
            words, role = view.badge, "warning"
        elif not view.step:
            words, role = "Not trained yet: what you see is chance. Press Train.", "warning"
        self.words.setText(words.strip())
        set_role(self.words, role)
