"""The version of this program, as every record and checkpoint states it."""

from __future__ import annotations

from functools import lru_cache
from importlib import metadata


@lru_cache(maxsize=1)
def app_version() -> str:
    """The installed version; ``0+source`` when run from a folder that was never installed."""
    try:
        return metadata.version("atelier")
    except metadata.PackageNotFoundError:
        return "0+source"
