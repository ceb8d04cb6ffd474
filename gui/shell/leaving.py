"""Runs that were told to go: they save and end by themselves while another one is already on screen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from gui.shell.session_bridge import SessionBridge


class Leaving(QObject):
    """Keeps each bridge until its process has ended; its reports reach nobody any more."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridges: list[SessionBridge] = []

    def __bool__(self) -> bool:
        return bool(self._bridges)

    def add(self, bridge: SessionBridge, save: bool, done: Callable[[], None]) -> None:
        """Stop this run; `done` is called when its process has ended."""
        for signal in (
            bridge.ready, bridge.scalars_arrived, bridge.frame_arrived, bridge.progress_changed, bridge.answered,
            bridge.noticed, bridge.logged, bridge.settled, bridge.rewound, bridge.saved, bridge.failed, bridge.stopped,
        ):  # fmt: skip
            signal.disconnect()
        if not bridge.is_alive:
            bridge.close()
            bridge.deleteLater()
            return
        self._bridges.append(bridge)

        def on_left(_report: object) -> None:
            if bridge in self._bridges:
                self._bridges.remove(bridge)
                bridge.close()
                bridge.deleteLater()
                done()

        bridge.stopped.connect(on_left)
        bridge.failed.connect(on_left)
        bridge.stop(save)
