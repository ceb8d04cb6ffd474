"""`main.py data`: the public data sets, where they lie on this computer, and their download."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.cli import exits
from engine.cli.options import Data
from engine.papers.contract import ParameterError

STATES = {"verified": "verified", "modified": "modified or partial copy", "missing": "not found", "faulty": "unusable"}
TELL_EVERY_S = 0.1


def run(options: Data) -> int:
    """Lists or fetches. Raises `ParameterError` for a set that does not exist or is not named."""
    from engine.data.sources import SOURCES

    if options.name and options.name not in SOURCES:
        raise ParameterError(f"There is no data set '{options.name}'. Sets: {', '.join(SOURCES)}")
    if options.what == "list":
        return _list([options.name] if options.name else list(SOURCES), options)
    if not options.name:
        raise ParameterError(f"name the set to fetch: {', '.join(SOURCES)}")
    return _fetch(options)


def _list(names: list[str], options: Data) -> int:
    """Prints every set; 0 also when some are not here."""
    from engine.data.listing import look

    listed = [look(name, options.folder or "") for name in names]
    if options.json:
        print(json.dumps([asdict(one) for one in listed], indent=2, ensure_ascii=False))
        return exits.DONE
    rows = [(one.name, one.title, STATES[one.state], _megabytes(one.nbytes), one.folder) for one in listed]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip())
    for one in listed:
        if one.text:
            print(one.text)
        if one.state in ("missing", "faulty"):
            print(f"To download {one.title} ({_megabytes(one.nbytes)}): python main.py data fetch {one.name}")
    return exits.DONE


def _fetch(options: Data) -> int:
    """Downloads what is missing; 1 with one sentence when it cannot be had."""
    from engine.data.download import download
    from engine.data.images import DataError
    from engine.data.sources import source
    from engine.runtime import paths

    title = source(options.name).title
    # A folder of its own inside the one that was named: the two sets have the same file names.
    target = (options.folder.expanduser().resolve() if options.folder else paths.datasets_folder()) / options.name
    teller = _Lines(options.name) if options.json else _Bar(title)
    try:
        with _terminated_like_interrupted(), teller:
            download(options.name, teller.tell, target)
    except DataError as error:
        teller.end(exits.FAULT, str(error), target)
        return exits.FAULT
    except KeyboardInterrupt:
        again = "Stopped. The files that are complete are kept; the same command fetches the others."
        teller.end(exits.INTERRUPTED, again, target)
        return exits.INTERRUPTED
    searched = f" Runs find it there with ATELIER_DATA={target.parent}" if options.folder else ""
    teller.end(exits.DONE, f"{title} is in {target}.{searched}", target)
    return exits.DONE


class _Bar:
    """A live bar on a terminal, nothing elsewhere; the last sentence on standard output, or on error for a fault."""

    def __init__(self, title: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
        from rich.progress import TransferSpeedColumn as Speed

        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(30), DownloadColumn(), Speed(), TimeRemainingColumn(),
            console=console, disable=not console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task(title, total=None)

    def __enter__(self) -> _Bar:
        self._bar.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._bar.stop()

    def tell(self, done: int, total: int) -> None:
        """done of total bytes are here."""
        self._bar.update(self._task, completed=done, total=total)

    def end(self, code: int, text: str, _folder: Path) -> None:
        """The last words."""
        if code == exits.DONE:
            print(text)
        else:
            print(f"error: {text}" if code == exits.FAULT else text, file=sys.stderr)


class _Lines:
    """One JSON object a line: event "progress" with done and total (bytes), at last "done", "fault" or "stopped"."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._due = 0.0

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *_exception: object) -> None:
        """Nothing is open."""

    def tell(self, done: int, total: int) -> None:
        """done of total bytes are here; at most ten lines a second, and the last one."""
        now = time.monotonic()
        if now >= self._due or done == total:
            self._due = now + TELL_EVERY_S
            self._say("progress", done=done, total=total)

    def end(self, code: int, text: str, folder: Path) -> None:
        """The last line."""
        event = {exits.DONE: "done", exits.FAULT: "fault"}.get(code, "stopped")
        self._say(event, text=text, folder=str(folder))

    def _say(self, event: str, **fields: Any) -> None:
        print(json.dumps({"event": event, "name": self._name, **fields}, ensure_ascii=False), flush=True)


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM (the Cancel button of the window) ends a download as cleanly as Ctrl+C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _megabytes(nbytes: int) -> str:
    return f"{nbytes / 1e6:.1f} MB"
