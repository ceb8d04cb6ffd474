"""The public data sets as the window knows them: asked for and fetched by ``main.py data`` in processes of its own."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, fields
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from gui.shell.study_run import MAIN

_KILL_AFTER_MS = 2000
_CLOSE_MS = 500
_TAIL = 2000


@dataclass(frozen=True, slots=True)
class DataSet:
    """One set as ``main.py data --json`` lists it. nbytes: of the download. folder: where a copy lies ("" : nowhere).

    state: verified, modified (or partial, but usable), missing or faulty (a copy is there that cannot be used).
    text: what is to be said about it.
    """

    name: str
    title: str
    nbytes: int
    state: str
    folder: str
    text: str

    @property
    def is_usable(self) -> bool:
        """Whether a run can read it."""
        return self.state in ("verified", "modified")

    @property
    def size(self) -> str:
        """Of the download, in words."""
        return f"{self.nbytes / 1e6:.1f} MB"


class DataSets(QObject):
    """One per window. Nothing is downloaded before `fetch` is called, which only a pressed button does.

    listed(tuple of DataSet): the answer to `look`; look_failed(sentence): there is none. progressed(name, done, total):
    bytes of a download. ended(name, outcome, sentence): outcome is done, fault or stopped.
    """

    listed = Signal(object)
    look_failed = Signal(str)
    progressed = Signal(str, int, int)
    ended = Signal(str, str, str)

    def __init__(self, parent: QObject | None = None, program: tuple[str, ...] = (sys.executable, str(MAIN))) -> None:
        super().__init__(parent)
        self.program = program
        self.titles: dict[str, str] = {}
        self._look = _Command(self)
        self._look.ended.connect(self.on_looked)
        self._look_again: str | None = None
        self._fetches: dict[str, _Command] = {}
        self._last_words: dict[str, tuple[str, str]] = {}

    def look(self, folder: str) -> None:
        """Where every set is, `folder` being searched first ("" : the usual places); `listed` brings the answer."""
        if self._look.is_running:
            self._look_again = folder
            return
        words = ["--folder", folder] if folder else []
        self._look.start([*self.program, "data", "list", *words, "--json"])

    def on_looked(self, _code: int, fault: str) -> None:
        """The list is complete, or the fault says why there is none."""
        if self._look_again is not None:  # the folder has changed since
            folder, self._look_again = self._look_again, None
            self.look(folder)
            return
        try:
            found = tuple(_data_set(entry) for entry in json.loads(self._look.said)) if not fault else ()
        except (ValueError, TypeError, KeyError) as error:
            fault = f"The list of data sets could not be read: {error}"
        if fault:
            self.look_failed.emit(fault)
        else:
            self.titles |= {one.name: one.title for one in found}
            self.listed.emit(found)

    def is_fetching(self, name: str) -> bool:
        """Whether this set is being downloaded."""
        return name in self._fetches and self._fetches[name].is_running

    def fetch(self, name: str) -> None:
        """Download it into Atelier's own data folder; while it is being downloaded, nothing more happens."""
        if self.is_fetching(name):
            return
        if name not in self._fetches:
            command = self._fetches[name] = _Command(self)
            command.line_arrived.connect(lambda line: self.on_line(name, line))
            command.ended.connect(lambda _code, fault: self.on_fetched(name, fault))
        self._fetches[name].start([*self.program, "data", "fetch", name, "--json"])

    def cancel(self, name: str) -> None:
        """Stop the download; files that are complete are kept."""
        if self.is_fetching(name):
            self._fetches[name].stop()

    def on_line(self, name: str, line: str) -> None:
        """One event of a download."""
        try:
            event = json.loads(line)
            kind = event["event"]
            if kind == "progress":
                self.progressed.emit(name, int(event["done"]), int(event["total"]))
            else:
                self._last_words[name] = (str(kind), str(event["text"]))
        except (ValueError, TypeError, KeyError):  # what it says besides belongs to a fault, which then is told whole
            self._last_words[name] = ("fault", line)

    def on_fetched(self, name: str, fault: str) -> None:
        """The process has ended. A fault that it named itself is told in its own words."""
        outcome, text = self._last_words.pop(name, ("", ""))
        if self._fetches[name].is_stopping and outcome != "done":
            outcome, text = "stopped", "The download was cancelled; the files that were complete are kept."
        elif outcome == "" or (fault and outcome == "done"):
            outcome, text = "fault", fault or "The download ended and said nothing."
        self.ended.emit(name, outcome, text)

    def close(self) -> None:
        """End what runs, at most half a second for each; nobody is told."""
        for command in (*self._fetches.values(), self._look):
            command.end()


class _Command(QObject):
    """One process at a time. `line_arrived(line)` of its output; `ended(code, fault)`, fault "" when it went well."""

    line_arrived = Signal(str)
    ended = Signal(int, str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.said = ""
        self.is_running = False
        self.is_stopping = False
        self._words: list[str] = []
        self._waiting = b""
        self._process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONUNBUFFERED", "1")
        self._process.setProcessEnvironment(environment)
        self._process.readyReadStandardOutput.connect(self.on_output)
        self._process.finished.connect(self.on_finished)
        self._process.errorOccurred.connect(self.on_error)
        self._kill_timer = QTimer(self)
        self._kill_timer.setSingleShot(True)
        self._kill_timer.timeout.connect(self._process.kill)

    def start(self, words: list[str]) -> None:
        """Begin: program and arguments."""
        self._words, self.said, self._waiting = words, "", b""
        self.is_running, self.is_stopping = True, False
        self._process.start(words[0], words[1:])

    def stop(self) -> None:
        """Ask it to end; kill it when it does not within two seconds."""
        if not self.is_stopping:
            self.is_stopping = True
            self._process.terminate()
            self._kill_timer.start(_KILL_AFTER_MS)

    def end(self) -> None:
        """End it now; nothing is emitted any more."""
        if not self.is_running:
            return
        self.blockSignals(True)
        self._process.terminate()
        if not self._process.waitForFinished(_CLOSE_MS):
            self._process.kill()
            self._process.waitForFinished(_CLOSE_MS)

    def on_output(self) -> None:
        """Whole lines are passed on, what is left waits for its end."""
        *lines, self._waiting = (self._waiting + bytes(self._process.readAllStandardOutput().data())).split(b"\n")
        for line in lines:
            text = line.decode("utf-8", errors="replace").strip()
            self.said += text + "\n"
            if text:
                self.line_arrived.emit(text)

    def on_error(self, error: QProcess.ProcessError) -> None:
        """It could not be started at all."""
        if error == QProcess.ProcessError.FailedToStart:
            self._end(-1, f"{self._words[0]} could not be started: {self._process.errorString()}")

    def on_finished(self, code: int, _status: QProcess.ExitStatus) -> None:
        """It has ended."""
        self._kill_timer.stop()
        self.on_output()
        complaint = bytes(self._process.readAllStandardError().data()).decode("utf-8", errors="replace")[-_TAIL:]
        crashed = self._process.exitStatus() == QProcess.ExitStatus.CrashExit
        fault = complaint.strip() or f"It ended with code {code} and said nothing."
        self._end(code, fault if code != 0 or crashed else "")

    def _end(self, code: int, fault: str) -> None:
        self.is_running = False
        self.ended.emit(code, fault)


def _data_set(entry: dict[str, Any]) -> DataSet:
    return DataSet(**{field.name: entry[field.name] for field in fields(DataSet)})


def megabytes(done: int, total: int) -> str:
    """How far a download is."""
    return f"{done / 1e6:.1f} of {total / 1e6:.1f} MB" if total else "asking the server"
