"""The engine processes of this window: one pool, made when the window is up, closed when it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.runtime.messages import Report
from gui.shell.session_bridge import SessionLike

if TYPE_CHECKING:
    from engine.runtime.session import EnginePool


class Engines:
    """Makes sessions. The pool (multiprocessing, psutil) is imported when it is first needed."""

    def __init__(self) -> None:
        self._pool: EnginePool | None = None

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
        """A session of the pool."""
        from engine.runtime.session import Session

        return Session(self.pool(), on_report)

    def close(self) -> None:
        """Stop everything: ask, 2 s, terminate, 2 s, kill."""
        if self._pool is not None:
            self._pool.close()
