"""Engines for the tests of this folder: a few processes are kept warm, so that no test waits for torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.runtime import process as engine_process
from engine.runtime.process import EnginePool, EngineProcess
from tests.engine.runtime.sessions_for_tests import Run, begin, new_record, spec_of

WARM = 2
_stock: list[EngineProcess] = []


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before anything is counted as left behind by the test: engines for it."""
    if "pool" in getattr(item, "fixturenames", ()):
        _stock[:] = [engine for engine in _stock if engine.is_alive]
        while len(_stock) < WARM:
            _stock.append(EngineProcess())


@pytest.fixture(scope="module", autouse=True)
def no_stock_is_left() -> Iterator[None]:
    """The warm engines end with the module that used them."""
    yield
    for engine in _stock:
        engine.end(graceful=False)
    for engine in _stock:
        assert engine.wait(10.0)
    _stock.clear()


def _from_stock() -> EngineProcess:
    ready = [engine for engine in _stock if engine.is_warm and engine.is_alive]
    chosen = (ready or [engine for engine in _stock if engine.is_alive] or [EngineProcess()])[0]
    if chosen in _stock:
        _stock.remove(chosen)
    return chosen


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[EnginePool]:
    """A pool whose processes were started ahead; closing it ends what the test left running."""
    monkeypatch.setattr(engine_process, "EngineProcess", _from_stock)
    made = EnginePool(warm=False)
    yield made
    made.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the records of this test lie."""
    return tmp_path / "home"


@pytest.fixture
def start(pool: EnginePool, home: Path) -> Callable[..., Run]:
    """start(preset, params, keep=False, **spec): a run at full speed; keep: with a record in the store."""

    def begin_run(
        preset: str = "digits-small",
        params: dict[str, Any] | None = None,
        *,
        keep: bool = False,
        draws: bool = True,
        **more: Any,
    ) -> Run:
        spec = spec_of(preset, params, **more)
        record = new_record(home, spec).id if keep else ""
        return begin(pool, spec, home, record, draws=draws)

    return begin_run
