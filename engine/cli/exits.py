"""The exit codes of `main.py`, the same for every command."""

from __future__ import annotations

DONE = 0
FAULT = 1  # it ran, and found a fault: a run that failed, a study that could not be measured, a problem of the machine
USAGE = 2  # a parameter, a name, a file or an option was wrong; nothing was started
NOT_BUILT = 3
INTERRUPTED = 130  # Ctrl+C: the run was saved and stopped

EXPLAINED = (
    "Exit codes: 0 done; 1 a run or a download failed, a claim could not be measured or the doctor found a problem; "
    "2 wrong parameters, nothing was started; 3 not built yet; 130 interrupted with Ctrl+C, saved and stopped."
)
