"""Opens the lab: checks the machine, shows the window, then brings up what can wait."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gui.shell.startup_checks import binding_fault, platform_fault

_SETTLED_MS = 3000
"""After this long the first page stands, with its views."""


def run(argv: Sequence[str] = ()) -> int:
    """Open the window and stay until it is closed; the exit code. argv: at most one paper, page or file to open."""
    fault = platform_fault() or binding_fault()
    if fault:
        print(fault, file=sys.stderr)
        return 1
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance() or QApplication([sys.argv[0] or "atelier"])
    assert isinstance(app, QApplication)
    lab = Laboratory(app, argv[0] if argv else "")
    code = app.exec()
    lab.close()
    return code


class Laboratory:
    """The application's parts in the order in which they come up: window, first page, engines, the rest."""

    def __init__(self, app: Any, wish: str = "") -> None:
        from PySide6.QtCore import QTimer

        from gui.shell.engines import Engines
        from gui.shell.faults import Faults
        from gui.shell.garbage import WindowCollector
        from gui.shell.main_window import MainWindow
        from gui.shell.settings import Settings
        from gui.shell.theme import theme

        self.app = app
        self.garbage = WindowCollector()  # before the first engine, whose listeners are threads
        app.setApplicationName("Atelier")
        app.setDesktopFileName("atelier")
        self.settings = Settings()
        theme().install(app, self.settings.one_of("window/theme", ("dark", "light", "system"), "system"))  # type: ignore[arg-type]
        self.faults = Faults()
        self.faults.install()
        self.engines = Engines(self.settings)
        self.window = MainWindow(self.settings, self.engines.make_session)
        self.faults.connect_window(self.window.tell_error, self._on_qt_warning)
        self._catch_interrupt()
        self._wish = wish
        self.window.show()
        # The frame is on screen before the first page is made, the page before the spare engine imports torch.
        QTimer.singleShot(0, self._show_first_page)
        QTimer.singleShot(600, self._bring_up_the_rest)

    def _on_qt_warning(self, text: str) -> None:
        self.window.log.add(text, "warning", "Qt")

    def _show_first_page(self) -> None:
        wish = self._wish
        if wish and Path(wish).exists():
            self.window.show_page(self.settings.text("window/page", "home"))
            self.window.open_file(Path(wish))
        else:
            self.window.show_page(wish or self.settings.text("window/page", "home"))

    def _bring_up_the_rest(self) -> None:
        from PySide6.QtCore import QTimer

        from gui.shell.run_records import sweep

        self.engines.warm_up()
        QTimer.singleShot(_SETTLED_MS, self.garbage, self.garbage.keep_what_stands)
        from gui.shell.held_run import HeldRuns

        self.held_runs = HeldRuns(self.window)
        if self.settings.set_aside:
            self.window.say(
                f"The settings file could not be read completely; it is kept as {self.settings.set_aside}", "warning"
            )
        self.window.scores.refresh()
        self.window.records.run(sweep, self._on_swept)

    def _on_swept(self, count: int) -> None:
        self.window.records.changed.emit()
        if count:
            runs = "run was" if count == 1 else "runs were"
            self.window.notices.show_notice(
                f"{count} {runs} interrupted last time and can be resumed.",
                "info",
                "interrupted",
                [("Open the library", lambda: self.window.show_page("library"))],
            )

    def _catch_interrupt(self) -> None:
        """Ctrl+C in the terminal closes the window; a socket wakes the event loop, so no timer has to."""
        from PySide6.QtCore import QSocketNotifier

        self._wake_in, self._wake_out = socket.socketpair()
        for end in (self._wake_in, self._wake_out):
            end.setblocking(False)
        signal.set_wakeup_fd(self._wake_out.fileno())
        signal.signal(signal.SIGINT, lambda *_: self.window.close())
        signal.signal(signal.SIGTERM, lambda *_: self.window.close())
        self._notifier = QSocketNotifier(self._wake_in.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(lambda *_: self._wake_in.recv(64))

    def close(self) -> None:
        """End the engines; nothing is left behind."""
        signal.set_wakeup_fd(-1)
        self.engines.close()
        self.garbage.close()
        for end in (self._wake_in, self._wake_out):
            end.close()


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
