"""Window tests draw into memory: no display, the same theme at the start of each."""

import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(autouse=True)
def dark_theme() -> Iterator[None]:
    """Each test starts dark, whatever the one before it chose."""
    from gui.shell.theme import theme

    theme().set_mode("dark")
    yield
