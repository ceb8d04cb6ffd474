"""Engines for the tests of this folder: real processes, forked from one that has imported torch.

Importing torch takes seconds on a busy machine, and these tests start dozens of engines. The window spawns its engines
from nothing; so does here the test of a parent's death, and `benchmarks/kill.py`. All that follows is the same.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest

from engine.runtime import process as engine_process
from engine.runtime.process import EnginePool
from tests.engine.runtime.sessions_for_tests import Run, begin, new_record, spec_of

CAN_FORK = "forkserver" in multiprocessing.get_all_start_methods()
LOADED = [
    "torch",
    "engine.runtime.loop",
    "engine.runtime.store",
    "engine.runtime.device",
    "engine.experiments.dendritic",
]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before anything is counted as left behind by the test: the process that engines are forked from."""
    if CAN_FORK and "pool" in getattr(item, "fixturenames", ()):
        multiprocessing.get_context("forkserver").set_forkserver_preload(LOADED)
        data = os.environ.pop("ATELIER_DATA", None)  # one test needs a machine without MNIST
        forkserver.ensure_running()
        if data is not None:
            os.environ["ATELIER_DATA"] = data


@pytest.fixture(scope="module", autouse=True)
def no_template_is_left() -> Iterator[None]:
    """The process that engines are forked from ends with the module that used it."""
    yield
    if CAN_FORK:
        forkserver._forkserver._stop()  # type: ignore[attr-defined]


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[EnginePool]:
    """A pool whose engines are forked; closing it ends what the test left running."""
    if CAN_FORK:
        monkeypatch.setattr(engine_process, "_context", multiprocessing.get_context("forkserver"))
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
