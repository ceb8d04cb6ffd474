"""Reads recorded chains for several pictures through one view: the main tape, a branch beside it, a film strip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.papers.gibbsnet_views import ChainQuery, ChainView
from gui.widgets.probing import when_there_is_one

if TYPE_CHECKING:
    from gui.shell.bench import Bench

FILM_STEPS = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
_ORDER = ("main", "branch", "film")


class TapeReader(QObject):
    """Asks for one thing after the other, the step in the hand first; the view is left at the main tape, so that what
    training changes is drawn there.

    Signals carry a `ChainView`. A main tape that is being recorded anew is shown once it has come as far as the hand.
    """

    main_arrived = Signal(object)
    branch_arrived = Signal(object)
    film_arrived = Signal(object)

    def __init__(self, bench: Bench, owner: QWidget) -> None:
        super().__init__(owner)
        self.step, self.chain, self.branch = 1, 0, -1
        self.recorded = 0
        self.is_recording = False
        self._wanted: set[str] = {"main"}
        self._asked = "main"
        self._watch = bench.watch("chain", owner, when_there_is_one(self.on_view), self._query("main"))

    # --- what is wanted -----------------------------------------------------------------------------------------

    def go_to(self, step: int) -> None:
        """The step in the hand (1 is the first picture)."""
        self.step = step
        self._want("main", "branch")

    def choose_chain(self, chain: int) -> None:
        """The chain whose film is shown."""
        self.chain = chain
        self._want("film")

    def choose_branch(self, tape: int) -> None:
        """The branch that is shown below (-1: none)."""
        self.branch = tape
        self._want("branch")

    def refresh(self) -> None:
        """Something new was recorded."""
        self._want(*_ORDER)

    def forget(self) -> None:
        """Another run: nothing is recorded."""
        self.branch, self.recorded, self.is_recording = -1, 0, False
        self._wanted, self._asked = {"main"}, "main"
        self._watch.query = self._query("main")

    def _want(self, *what: str) -> None:
        self._wanted.update(what)
        if self.branch < 0:
            self._wanted.discard("branch")
        if self.recorded < 2:
            self._wanted.discard("film")
        first = min(_ORDER.index(one) for one in what)
        if self._asked not in self._wanted or first <= _ORDER.index(self._asked):
            self._ask()

    def film_steps(self) -> tuple[int, ...]:
        """Steps of the film strip: round numbers up to what is recorded, and its end."""
        steps = tuple(s for s in FILM_STEPS if s <= self.recorded)
        return steps if steps and steps[-1] == self.recorded else (*steps, max(1, self.recorded))

    def _query(self, what: str) -> ChainQuery:
        if what == "film":
            return ChainQuery(0, self.film_steps(), ("gibbsnet",), self.chain + 1)
        return ChainQuery(self.branch if what == "branch" else 0, (max(1, self.step),))

    def _ask(self) -> None:
        """The next thing, or the main tape again when there is nothing left."""
        wanted = next((what for what in _ORDER if what in self._wanted), "main")
        self._asked = wanted
        self._watch.set_query(self._query(wanted))

    # --- what arrives -------------------------------------------------------------------------------------------

    @staticmethod
    def _kind(view: ChainView) -> str:
        """Only the film asks for several steps at once."""
        if len(view.steps) > 1:
            return "film"
        return "branch" if view.info.tape != 0 else "main"

    def _is_answer(self, kind: str, view: ChainView, answered: int) -> bool:
        """Whether it is what is wanted now, and not a late answer to what was wanted before."""
        if kind == "film":
            return int(view.labels.shape[2]) == min(self.chain + 1, view.info.chains)
        if kind == "branch" and view.info.tape != self.branch:
            return False
        return answered == self.step or answered == view.info.recorded or answered == view.info.first > self.step

    def on_view(self, view: ChainView) -> None:
        """Hand it to whoever draws it, and ask for the next thing."""
        kind = self._kind(view)
        answered = int(view.steps[-1]) if len(view.steps) else 0
        if view.info.tape == 0:
            self.recorded = view.info.recorded
        if kind == "main" and self.is_recording and answered < self.step:
            return  # recorded anew and not there yet: the old picture stays
        {"main": self.main_arrived, "branch": self.branch_arrived, "film": self.film_arrived}[kind].emit(view)
        if self._is_answer(kind, view, answered):
            self._wanted.discard(kind)
        if self._asked not in self._wanted and (self._wanted or self._asked != "main"):
            self._ask()
