"""The engine's end of the conversation: an inbox filled by a thread, and a way to send.

The training thread looks into the inbox between two steps; looking costs nanoseconds because the waiting is done by
the thread. When the other end goes away the inbox says so, and a watchdog makes sure the process leaves even if a
single step hangs.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from multiprocessing.connection import Connection
from typing import Any

from engine.runtime.messages import Report, Verb

_HANGING_AFTER_S = 10.0


class Port:
    """Verbs in, reports out, over one pipe connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._inbox: deque[Verb] = deque()
        self._something = threading.Event()
        self._sending = threading.Lock()
        self.is_gone = False
        threading.Thread(target=self._listen, name="port", daemon=True).start()

    def send(self, report: Report) -> None:
        """Sends one report. When nobody listens any more it is dropped and `is_gone` becomes true."""
        with self._sending:
            try:
                self._connection.send(report)
            except (BrokenPipeError, ConnectionError, OSError):
                self._mark_gone()

    def take(self) -> Verb | None:
        """The next verb, None when there is none."""
        try:
            return self._inbox.popleft()
        except IndexError:
            return None

    def wait(self, seconds: float | None) -> None:
        """Sleeps until a verb arrives, the other end leaves, or the time is over (None: no limit)."""
        if self._inbox or self.is_gone:
            return
        self._something.wait(seconds)
        self._something.clear()

    def _listen(self) -> None:
        while True:
            try:
                verb: Any = self._connection.recv()
            except (EOFError, OSError):
                self._mark_gone()
                return
            self._inbox.append(verb)
            self._something.set()

    def _mark_gone(self) -> None:
        if self.is_gone:
            return
        self.is_gone = True
        self._something.set()
        watchdog = threading.Timer(_HANGING_AFTER_S, os._exit, args=(3,))
        watchdog.daemon = True
        watchdog.start()
