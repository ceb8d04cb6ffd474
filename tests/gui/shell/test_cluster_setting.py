"""Once the settings name a cluster, new runs go there: no record here, no engine of this computer, no held run."""

from engine.papers import load_paper
from engine.runtime.messages import ELSEWHERE
from engine.runtime.session import ClusterPool, EnginePool
from gui.shell.engines import CLUSTER, Engines
from gui.shell.paper_run import PaperRun, RunDefaults
from gui.shell.settings import Settings
from tests.gui.shell.scripted import NoRecords, Sessions


def test_that_sessions_are_of_the_place_the_settings_name():
    settings = Settings()
    engines = Engines(settings)
    try:
        assert isinstance(engines.make_session(print)._pool, EnginePool)
        settings.set(CLUSTER, "ray://host:10001")
        assert isinstance(engines.make_session(print)._pool, ClusterPool)
    finally:
        engines.close()


def test_that_a_run_on_a_cluster_is_recorded_there_and_not_here(qtbot):
    sessions, records = Sessions(), NoRecords()
    run = PaperRun(load_paper("dendritic"), sessions, records, lambda: RunDefaults(cluster="auto"))
    assert run.start()
    assert sessions.last.spec.record == ELSEWHERE and run.record == ""
    assert records.begun == []
