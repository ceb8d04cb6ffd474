"""200,000 signal emissions and 20,000 live curve updates in one process: no reference to None or True is lost.

PySide6 6.12.0 under Python before 3.12 loses one on every call, and the interpreter aborts a live plot within a minute.
None and True are no longer counted from Python 3.12 on; there the run itself is the test.
"""

from __future__ import annotations

import gc
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from benchmarks.harness import Row

EMISSIONS = 200_000
UPDATES = 20_000
ALLOWED_DRIFT = 500  # caches of Qt and Python fill up during the first calls; a leak would be one a call


def measure(quick: bool) -> Iterable[Row]:
    """Rows of the table."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance() or QApplication(["qt_soak"])
    share = 10 if quick else 1
    for what, work, count in (
        ("signal emissions", _emitter(), EMISSIONS),
        ("live curve updates", _plotter(app), UPDATES),
    ):
        yield from _rows(what, count // share, *_counted(work, count // share))


def _counted(work: Callable[[int], None], count: int) -> tuple[float, dict[str, int]]:
    """Seconds, and how many references to None and True are fewer or more than before, once all is loaded."""
    work(200)
    gc.collect()
    before = {"None": sys.getrefcount(None), "True": sys.getrefcount(True)}
    begun = time.perf_counter()
    work(count)
    seconds = time.perf_counter() - begun
    gc.collect()
    after = {"None": sys.getrefcount(None), "True": sys.getrefcount(True)}
    return seconds, {name: after[name] - before[name] for name in before}


def _emitter() -> Callable[[int], None]:
    """Signals with None and True, signals without arguments, and plain calls in between."""
    from PySide6.QtCore import QObject, Signal

    class Sender(QObject):
        sent = Signal(object, bool)
        empty = Signal()

    heard = []
    sender = Sender()
    sender.sent.connect(lambda value, is_on: heard.append(value is None and is_on))
    sender.empty.connect(lambda: None)

    def emit(count: int) -> None:
        heard.clear()
        for number in range(count // 2):
            sender.sent.emit(None, True)
            sender.empty.emit()
            sender.setProperty("number", number)
            sender.blockSignals(False)
        if heard != [True] * (count // 2):
            raise RuntimeError(f"{sum(heard)} of {count // 2} emissions arrived whole")
        heard.clear()

    return emit


def _plotter(app: Any) -> Callable[[int], None]:
    """Our own live curves, as a tab feeds them: a point at a time, the window painting in between."""
    from gui.shell.theme import theme
    from gui.widgets.curves import Curves

    theme().install(app, "dark")
    curves = Curves("loss")
    curves.add_series("loss")
    curves.resize(640, 300)
    curves.show()
    steps = itertools.count(1)

    def draw(count: int) -> None:
        for step in itertools.islice(steps, count):
            curves.append("loss", step, 1.0 / step)
            curves.draw()  # now, and not with the next few
            app.processEvents()

    return draw


def _rows(what: str, count: int, seconds: float, drift: dict[str, int]) -> Iterable[Row]:
    import PySide6

    where = f"PySide6 {PySide6.__version__}, Python {sys.version.split()[0]}, {count / seconds:,.0f}/s"
    for name, lost in drift.items():
        holds = abs(lost) <= ALLOWED_DRIFT
        yield Row(f"{count:,} {what}: references to {name}", lost, "", f"within ±{ALLOWED_DRIFT}", holds, where)
