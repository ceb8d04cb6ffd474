"""Functions that other processes import by name, as jobs must be."""

from __future__ import annotations

import os
import signal
import threading

from engine.runtime.jobs import tell


def square(number: int) -> int:
    """number squared."""
    return number * number


def complain(words: str) -> None:
    """Fails."""
    raise ValueError(words)


def die() -> None:
    """Ends its own process as the kernel does when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


def wait_for_ever() -> None:
    """Never comes back."""
    tell(0.5, "waiting")
    threading.Event().wait()


def whoami() -> tuple[int, str]:
    """The process and its BLAS threads."""
    return os.getpid(), os.environ["OMP_NUM_THREADS"]


def make_lock() -> object:
    """Something that cannot be sent."""
    return threading.Lock()
