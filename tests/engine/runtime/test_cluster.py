"""A run on a cluster: what its host keeps for a window that has left, and the way there and back through Ray itself."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.papers.contract import ParameterError
from engine.papers.dendritic_views import CircuitQuery
from engine.runtime import messages as m
from engine.runtime.process import ClusterPool, EnginePool
from engine.runtime.run_host import RunHost
from engine.runtime.session import Session
from engine.runtime.store import Store
from tests.engine.runtime.sessions_for_tests import spec_of

PATIENCE_S = 60.0


@pytest.fixture
def host(pool: EnginePool) -> Iterator[RunHost]:
    """A host as it stands on the node, without the cluster around it (its engine is forked: `pool` sees to that)."""
    made = RunHost(leaves=False)
    yield made
    made.close()


def fetched(host: RunHost, kind: type, **wanted: object) -> m.Report:
    """The first report of this kind that comes; earlier ones are dropped."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        for report in host.fetch(1.0):
            if isinstance(report, kind) and all(getattr(report, k) == v for k, v in wanted.items()):
                return report
    raise TimeoutError(f"no {kind.__name__} with {wanted}")


def test_that_a_host_keeps_its_own_record_and_passes_verbs_and_reports(host: RunHost, home: Path) -> None:
    spec = spec_of("digits-small", home=str(home), record="elsewhere", paused=True)
    record = host.start(spec)
    assert record != "elsewhere"
    fetched(host, m.Ready)
    host.send(m.StepOnce(99))
    assert fetched(host, m.Progress, step=1)
    host.send(m.Stop(99, True))
    assert fetched(host, m.Stopped).step == 1
    with Store(home) as store:
        assert [(run.id, run.last_step) for run in store.list_runs("dendritic")] == [(record, 1)]


def test_that_somebody_who_comes_back_finds_the_run_and_pictures_wait_to_be_asked_for_again(host: RunHost) -> None:
    assert host.rejoin() is None
    host.start(spec_of("digits-small", paused=True))
    ready = fetched(host, m.Ready)
    host.send(m.Watch(0, "circuit", CircuitQuery()))
    fetched(host, m.Frame)
    spec, again = host.rejoin() or (None, None)
    assert spec is not None and spec.preset == "digits-small" and again == ready
    host.send(m.StepOnce(0))
    fetched(host, m.Progress, step=1)
    assert not [r for r in host.fetch(0.3) if isinstance(r, m.Frame)]


def test_that_resuming_what_the_node_does_not_have_is_refused(host: RunHost, home: Path) -> None:
    with pytest.raises(ValueError, match="has no run 1234"):
        host.start(spec_of("digits-small", home=str(home), record="1234", resume=True))


def test_that_a_cluster_that_does_not_answer_is_named(home: Path) -> None:
    pytest.importorskip("ray", reason="needs the extra [cluster]")
    heard: list[m.Report] = []
    session = Session(ClusterPool("127.0.0.1:9"), heard.append)
    session.start(spec_of("digits-small"))
    assert session.wait(PATIENCE_S)
    assert [type(r) for r in heard] == [m.Failed]
    assert "127.0.0.1:9 does not answer" in heard[0].advice  # type: ignore[union-attr]


@pytest.mark.timeout(300)
def test_that_a_run_on_a_cluster_trains_is_left_is_found_again_and_stops(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs the extra [cluster]")
    home = tmp_path / "node"
    port = "6391"
    environment = {**os.environ, "ATELIER_HOME": str(home), "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
    ray = str(Path(sys.executable).with_name("ray"))
    start = [ray, "start", "--head", "--port", port, "--num-cpus", "2", "--include-dashboard=false"]
    subprocess.run(start, env=environment, check=True, capture_output=True)
    address = f"127.0.0.1:{port}"
    try:
        first: list[m.Report] = []
        pool = ClusterPool(address)
        session = Session(pool, first.append)
        session.start(spec_of("digits-small", record="elsewhere", pace=math.inf))
        wait_until(lambda: any(isinstance(r, m.Progress) and r.step > 20 for r in first))
        name = next(r.text for r in first if isinstance(r, m.Notice) and r.code == "hosted").split()[4].strip(";.")
        session.watch("circuit", CircuitQuery())
        wait_until(lambda: any(isinstance(r, m.Frame) for r in first))
        session.leave()
        assert session.wait(PATIENCE_S)
        pool.close()
        left_at = max(r.step for r in first if isinstance(r, m.Progress))

        second: list[m.Report] = []
        pool = ClusterPool(address, name)
        session = Session(pool, second.append)
        session.start(spec_of("digits-small"))
        wait_until(lambda: any(isinstance(r, m.Progress) and r.step > left_at for r in second))
        session.stop()
        assert session.wait(PATIENCE_S)
        ends = [r for r in second if isinstance(r, m.Stopped | m.Failed)]
        assert len(ends) == 1 and isinstance(ends[0], m.Stopped) and ends[0].step > left_at

        with Store(home) as store:
            (kept,) = store.list_runs("dendritic")
            assert 0 < kept.last_step <= ends[0].step and any(kept.checkpoints.iterdir())

        third: list[m.Report] = []
        session = Session(ClusterPool(address, name), third.append)
        session.start(spec_of("digits-small"))
        assert session.wait(PATIENCE_S)
        assert isinstance(third[-1], m.Failed) and f"no run {name}" in third[-1].advice
    finally:
        subprocess.run([ray, "stop", "--force"], env=environment, check=False, capture_output=True)


def wait_until(is_so: object) -> None:
    """Looks again every 20 ms; reports come from another thread."""
    end = time.monotonic() + PATIENCE_S
    while not is_so():  # type: ignore[operator]
        if time.monotonic() > end:
            raise TimeoutError("it did not come that far")
        time.sleep(0.02)


def test_that_the_way_in_says_what_to_install_when_ray_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.runtime.cluster import connect

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ParameterError, match="pip install"):
        connect("auto")
