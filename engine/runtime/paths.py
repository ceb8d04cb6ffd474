"""Where Atelier keeps things on this computer: runs, settings, downloaded data.

`ATELIER_HOME` moves everything under one folder (tests, portable installations, a second laboratory).
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

APPLICATION = "atelier"


def home(override: str | Path = "") -> Path:
    """The user data directory: `override`, else `ATELIER_HOME`, else the platform's own. It need not exist yet."""
    chosen = str(override) or os.environ.get("ATELIER_HOME", "")
    return Path(chosen).expanduser().resolve() if chosen else platformdirs.user_data_path(APPLICATION, False)


def config_folder() -> Path:
    """Settings of the window."""
    return _beside("config") or platformdirs.user_config_path(APPLICATION, False)


def cache_folder() -> Path:
    """What can be deleted at any time and is made again."""
    return _beside("cache") or platformdirs.user_cache_path(APPLICATION, False)


def datasets_folder(override: str | Path = "") -> Path:
    """Downloaded public data sets, one folder each."""
    return home(override) / "datasets"


def runs_folder(override: str | Path = "") -> Path:
    """One folder a paper, in it one folder a run."""
    return home(override) / "runs"


def run_folder(paper: str, run: str, override: str | Path = "") -> Path:
    """The folder of one run: `checkpoints/` and `exports/` are in it."""
    return runs_folder(override) / paper / run


def database(override: str | Path = "") -> Path:
    """The SQLite file with runs, scalars, marks and studies."""
    return home(override) / "atelier.sqlite3"


def _beside(name: str) -> Path | None:
    moved = os.environ.get("ATELIER_HOME", "")
    return Path(moved).expanduser().resolve() / name if moved else None
