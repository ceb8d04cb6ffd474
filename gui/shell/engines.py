"""The engine processes of this window: one pool, made when the window is up, closed when it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.runtime.messages import Report
from gui.shell.session_bridge import SessionLike

if TYPE_CHECKING:
    from engine.runtime.session import ClusterPool, EnginePool
    from gui.shell.settings import Settings


CLUSTER = "run/cluster"
"""Setting: address of the Ray cluster that new runs go to, "" for this computer."""


class Engines:
    """Makes sessions. The pools (multiprocessing, psutil) are imported when they are first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool: EnginePool | None = None
        self._abroad: list[ClusterPool] = []

    def pool(self) -> EnginePool:
        """The one pool."""
        if self._pool is None:
            from engine.runtime.session import EnginePool

            self._pool = EnginePool()
        return self._pool

    def warm_up(self) -> None:
        """Start the spare process, which imports torch beside the window."""
        self.pool().warm_up()

    def make_session(self, on_report: Callable[[Report], None]) -> SessionLike:
        """A session of this computer's pool, or of the cluster that the settings name."""
        from engine.runtime.session import ClusterPool, Session

        address = self._settings.text(CLUSTER)
        if not address:
            return Session(self.pool(), on_report)
        self._abroad.append(ClusterPool(address))
        return Session(self._abroad[-1], on_report)

    def close(self) -> None:
        """Stop everything: ask, 2 s, terminate, 2 s, kill."""
        if self._pool is not None:
            self._pool.close()
        for pool in self._abroad:
            pool.close()
