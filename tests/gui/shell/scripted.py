"""A session whose reports the test says aloud, for tests of the window alone."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.runtime import messages as m


class ScriptedSession:
    """Remembers every verb in `said`; `report(...)` plays a report of the present run."""

    def __init__(self, on_report):
        self._on_report = on_report
        self.run = 0
        self.revision = 0
        self.spec = None
        self.is_alive = False
        self.said: list[tuple[str, Any]] = []
        self._ticket = 0

    @property
    def pid(self):
        return 1 if self.is_alive else None

    def start(self, spec):
        self.run, self.revision, self.spec, self.is_alive = m.next_run_number(), 0, spec, True
        self.said.append(("start", spec))
        return self.run

    def change(self, values: Mapping[str, Any]) -> int:
        self.revision += 1
        self.said.append(("change", dict(values)))
        return self.revision

    def ask(self, action, arguments):
        self._ticket += 1
        self.said.append(("ask", action))
        return self._ticket

    def stop(self, save=True):
        self.said.append(("stop", save))

    def __getattr__(self, verb):
        if verb.startswith("_"):
            raise AttributeError(verb)
        return lambda *arguments: self.said.append((verb, arguments))

    def verbs(self) -> list[str]:
        return [verb for verb, _ in self.said]

    def last(self, verb: str) -> Any:
        return next(arguments for said, arguments in reversed(self.said) if said == verb)

    # --- reports ---

    def report(self, report_type, /, **fields):
        self._on_report(report_type(run=fields.pop("run", self.run), **fields))

    def ready(self, step=0):
        self.report(m.Ready, step=step, device="CPU", threads=1)

    def progress(self, step, state="training", kept=(0,)):
        self.report(
            m.Progress, revision=0, step=step, total=1000, state=state, text="", rate=100.0, phase=0, kept=tuple(kept)
        )

    def scalars(self, steps, **values):
        columns = {name: np.asarray(column, float) for name, column in values.items()}
        self.report(m.Scalars, revision=0, steps=np.asarray(steps), values=columns, wall=0.01 * steps[-1])

    def frame(self, view, payload, revision=0, **fields):
        self.report(m.Frame, revision=revision, step=1, view=view, payload=payload, **fields)

    def end(self):
        self.is_alive = False
        self.report(m.Stopped, step=0)


class Sessions:
    """Makes scripted sessions and keeps them."""

    def __init__(self):
        self.made: list[ScriptedSession] = []

    def __call__(self, on_report):
        self.made.append(ScriptedSession(on_report))
        return self.made[-1]

    @property
    def last(self) -> ScriptedSession:
        return self.made[-1]


class NoRecords:
    """Keeps what was begun and dropped."""

    def __init__(self):
        self.begun: list[str] = []
        self.dropped: list[str] = []

    def begin(self, paper, preset, params):
        self.begun.append(f"r{len(self.begun)}")
        return self.begun[-1]

    def drop_empty(self, record):
        self.dropped.append(record)
