"""The one door: no argument opens the lab; the commands (see --help) need no window.

An engine process imports this file again under another name, so nothing happens here at import.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence

OLDEST_PYTHON = (3, 11)


def prepare() -> None:
    """The environment of this process and of all that it starts."""
    if sys.version_info < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        sys.exit(f"Atelier needs Python {wanted} or newer; this is {sys.version.split()[0]}.")
    os.environ.setdefault("PYTHONFAULTHANDLER", "1")
    os.environ.setdefault("PYTHONUTF8", "1")  # formulas and Greek letters reach the pipes of child processes whole


def main(arguments: Sequence[str]) -> int:
    """Opens the window or runs a command; the exit code (see ``main.py --help``)."""
    prepare()
    if arguments and (arguments[0].isidentifier() or arguments[0] in ("-h", "--help", "--version")):
        from engine.cli.door import run as run_command

        return run_command(arguments)
    from engine.cli.logs import log_to_file
    from gui.shell import application

    log_to_file()
    return application.run(list(arguments))


if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main(sys.argv[1:]))
