"""Where the log goes: a small rotating file in the user's data directory."""

from __future__ import annotations

import logging
import logging.handlers
import sys

from engine.runtime import paths

LARGEST = 2_000_000
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def log_to_file() -> None:
    """Everything from INFO on goes to ``log/atelier.log`` (3 files of 2 MB), warnings to the terminal too."""
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setLevel(logging.WARNING)
    handlers: list[logging.Handler] = [terminal]
    folder = paths.home() / "log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handlers.append(
            logging.handlers.RotatingFileHandler(
                folder / "atelier.log", maxBytes=LARGEST, backupCount=2, encoding="utf-8", delay=True
            )
        )
    except OSError as error:
        print(f"No log is kept: {folder} cannot be written ({error.strerror}).", file=sys.stderr)
    logging.basicConfig(level=logging.INFO, format=FORMAT, handlers=handlers)
