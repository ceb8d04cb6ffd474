"""Measures a claim in a process of its own: ``main.py reproduce NAME --claim ID``, the same as on the command line."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

MAIN = Path(__file__).resolve().parents[2] / "main.py"
_KILL_AFTER_MS = 2000
_TAIL = 6000
_TOLD = re.compile(r"(?:[\w-]+:)?\s*(\d+)%\s*(.*)")  # as `reproduce` writes it: "claim:  17% what has just moved on"
_EARLY = 0.05  # of the whole: before, the time left is a guess


def seconds_words(seconds: float) -> str:
    """A duration as people say it: ``35 s``, ``4 min``, ``2.5 h``."""
    if seconds < 90:
        return f"{max(1.0, seconds):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def progress_words(line: str, elapsed: float) -> str:
    """A line of progress for people: ``17 % done, about 40 s left (seed 0, weights as drawn)``. elapsed: seconds."""
    found = _TOLD.fullmatch(line)
    if found is None:
        return line
    share = int(found[1]) / 100
    if share == 0:
        words = "just begun"
    else:
        left = f", about {seconds_words(elapsed * (1 - share) / share)} left" if _EARLY <= share < 1 else ""
        words = f"{found[1]} % done{left}"
    return f"{words} ({found[2]})" if found[2] else words


class StudyRun(QObject):
    """At most one study. `progressed(line)`; `ended((paper, claim), fault)`, fault "" when it went well."""

    progressed = Signal(str)
    ended = Signal(object, str)

    def __init__(self, parent: QObject, program: tuple[str, ...] = (sys.executable, str(MAIN))) -> None:
        super().__init__(parent)
        self.key: tuple[str, str] | None = None
        self._program = program
        self._tail = ""
        self._is_stopping = False
        self._begun = 0.0
        self._process = QProcess(self)
        self._process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONUNBUFFERED", "1")
        environment.insert("NO_COLOR", "1")
        self._process.setProcessEnvironment(environment)
        self._process.readyReadStandardOutput.connect(self.on_output)
        self._process.finished.connect(self.on_finished)
        self._process.errorOccurred.connect(self.on_error)

    def start(self, paper: str, claim: str) -> None:
        """Begin. Raises RuntimeError while another one runs."""
        if self.key is not None:
            raise RuntimeError(f"the study {self.key} still runs")
        self.key, self._tail, self._is_stopping = (paper, claim), "", False
        self._begun = time.monotonic()
        self._process.start(self._program[0], [*self._program[1:], "reproduce", paper, "--claim", claim])

    def stop(self) -> None:
        """Ask it to end; kill it when it does not."""
        if self.key is not None:
            self._is_stopping = True
            self._process.terminate()
            QTimer.singleShot(_KILL_AFTER_MS, self._process, self._process.kill)

    def on_output(self) -> None:
        """The newest line that says something."""
        text = bytes(self._process.readAllStandardOutput().data()).decode(errors="replace")
        self._tail = (self._tail + text)[-_TAIL:]
        lines = [line.strip() for line in text.replace("\r", "\n").splitlines() if line.strip()]
        if lines:
            self.progressed.emit(progress_words(lines[-1][:200], time.monotonic() - self._begun))

    def on_error(self, error: QProcess.ProcessError) -> None:
        """It could not be started at all."""
        if error == QProcess.ProcessError.FailedToStart:
            self._end(f"{self._program[0]} could not be started: {self._process.errorString()}")

    def on_finished(self, code: int, _status: QProcess.ExitStatus) -> None:
        """It ended. Exit code 2 of `reproduce` would be a usage error, 1 a fault; a claim that fails is no fault."""
        if self._is_stopping or code == 0:
            self._end("")
        else:
            self._end(self._tail.strip() or f"The study ended with code {code} and said nothing.")

    def _end(self, fault: str) -> None:
        key, self.key = self.key, None
        if key is not None:
            self.ended.emit(key, fault)
