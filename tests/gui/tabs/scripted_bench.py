"""A real bench over a session that a test plays: it records the verbs and sends the frames it is told to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine.papers import load_paper
from engine.papers.contract import Paper
from engine.runtime.messages import Answer, Frame, Progress, Ready, RunSpec, Scalars
from gui.shell.bench import Bench
from gui.shell.paper_run import PaperRun
from gui.shell.settings import Settings


class ScriptedSession:
    """Takes every verb, keeps what matters, and reports only when the test says so."""

    def __init__(self, on_report: Callable[[Any], None]) -> None:
        self.report = on_report
        self.run, self.revision, self.pid = 0, 0, None
        self.spec: RunSpec | None = None
        self.is_alive = False
        self.watched: dict[str, Any] = {}
        self.changes: list[dict[str, Any]] = []
        self.asked: list[tuple[str, Any]] = []
        self.cancelled: list[int] = []
        self.verbs: list[str] = []

    def start(self, spec: RunSpec) -> int:
        self.spec, self.run, self.is_alive = spec, self.run + 1, True
        self.report(Ready(self.run, 0, "script", 1))
        return self.run

    def watch(self, view: str, query: Any = None, rate: float = 30.0) -> None:
        self.watched[view] = query

    def unwatch(self, view: str) -> None:
        self.watched.pop(view, None)

    def seen(self, frame: Any) -> None:
        pass

    def change(self, values: Any) -> int:
        self.changes.append(dict(values))
        self.revision += 1
        return self.revision

    def ask(self, action: str, arguments: Any) -> int:
        self.asked.append((action, arguments))
        return len(self.asked)

    def cancel(self, ticket: int) -> None:
        self.cancelled.append(ticket)

    def rewind(self, step: int = 0) -> None:
        self.verbs.append("rewind")

    def set_pace(self, rate: float | None) -> None:
        self.verbs.append("pace")

    def stop(self, save: bool = True) -> None:
        self.is_alive = False

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name in ("pause", "resume", "step_once", "step_phase", "save", "kill"):
            return lambda: self.verbs.append(name)
        raise AttributeError(name)


class NoRecords:
    """Runs are not recorded."""

    def begin(self, *_what: Any) -> str:
        return ""

    def drop_empty(self, record: str) -> None:
        pass


class Stage:
    """The bench of one paper and the hand that plays its engine."""

    def __init__(self, folder: Path, paper: str | Paper = "dendritic") -> None:
        self.sessions: list[ScriptedSession] = []
        chosen = load_paper(paper) if isinstance(paper, str) else paper
        self.run = PaperRun(chosen, self._make, NoRecords())
        self.bench = Bench(self.run, Settings(folder / "window.ini"))
        self.notes: list[str] = []
        self.bench.noted.connect(lambda text, _level: self.notes.append(text))

    def _make(self, on_report: Callable[[Any], None]) -> ScriptedSession:
        self.sessions.append(ScriptedSession(on_report))
        return self.sessions[-1]

    @property
    def session(self) -> ScriptedSession:
        """The one that runs."""
        return self.sessions[-1]

    def start(self, preset: str = "digits-deep") -> None:
        """Choose a preset and start."""
        if self.run.preset.id != preset:
            self.run.choose_preset(preset)
        self.run.start()

    def frame(self, view: str, payload: Any, step: int = 1) -> None:
        """A frame arrives."""
        self.session.report(Frame(self.session.run, self.session.revision, step, view, payload))

    def scalars(self, steps: Any, **values: Any) -> None:
        """Curve points arrive."""
        at = np.atleast_1d(np.asarray(steps, dtype=np.int64))
        arrays = {k: np.broadcast_to(np.asarray(v, dtype=np.float64), at.shape) for k, v in values.items()}
        self.session.report(Scalars(self.session.run, self.session.revision, at, arrays, wall=1.0))

    def progress(self, state: Any, step: int = 1) -> None:
        """The run trains or holds."""
        self.session.report(Progress(self.session.run, 0, step, 100, state, "", 50.0, 0))

    def answer(self, ticket: int, result: Any, done: bool = True, error: str = "") -> None:
        """An action is answered."""
        action = self.session.asked[ticket - 1][0]
        self.session.report(
            Answer(self.session.run, 0, 1, ticket, action, result, done=done, fraction=0.5, error=error)
        )


def begin(stage: Stage, qtbot: Any, preset: str) -> ScriptedSession:
    """A run that trains."""
    stage.start(preset)
    qtbot.waitUntil(lambda: stage.bench.run_state == "training")
    return stage.session


def send(stage: Stage, qtbot: Any, view: str, payload: Any) -> None:
    """A frame, drawn."""
    with qtbot.waitSignal(stage.bench.frame_drawn, check_params_cb=lambda name: name == view):
        stage.frame(view, payload)
