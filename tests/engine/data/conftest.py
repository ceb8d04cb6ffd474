"""No data of this machine unless a test asks for it."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_data_of_the_machine(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "real_data" not in request.fixturenames:
        monkeypatch.delenv("ATELIER_DATA", raising=False)
