"""The run store: runs, their states, the bin, marks and studies."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.runtime import paths
from engine.runtime.store import Store, StoreError, StudyRecord


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path) as opened:
        yield opened


def new_run(store: Store, paper: str = "dendritic", **more: object) -> str:
    return store.create_run(paper, {"lr": 0.1, "sizes": [64, 10]}, **more).id  # type: ignore[arg-type]


def test_that_a_new_run_is_recorded_with_all_that_repeats_it(store: Store, tmp_path: Path) -> None:
    record = store.create_run(
        "dendritic", {"lr": 0.1}, title="First", preset="digits", seed=3, device="cpu", threads=2, headline="accuracy"
    )
    assert store.get_run(record.id) == record
    assert (record.params, record.seed, record.threads, record.state) == ({"lr": 0.1}, 3, 2, "running")
    assert record.folder == tmp_path / "runs" / "dendritic" / record.id
    assert record.checkpoints.is_dir() and record.exports.is_dir()
    assert record.best is None and record.last is None and record.deleted_at is None


def test_that_runs_are_listed_last_first_and_by_paper(store: Store) -> None:
    first, second, other = new_run(store), new_run(store), new_run(store, "equilibrium")
    assert [r.id for r in store.list_runs()] == [other, second, first]
    assert [r.id for r in store.list_runs("dendritic")] == [second, first]


def test_that_states_titles_params_and_device_change_and_survive_reopening(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        run = new_run(store)
        store.set_state(run, "failed", "The rate is too high.")
        store.set_title(run, "Größer")
        store.set_params(run, {"lr": 0.2})
        store.set_device(run, "cuda:1", 4)
    with Store(tmp_path) as store:
        found = store.get_run(run)
    assert (found.state, found.failure, found.title) == ("failed", "The rate is too high.", "Größer")
    assert (found.params, found.device, found.threads) == ({"lr": 0.2}, "cuda:1", 4)
    with pytest.raises(ValueError, match="no such state"):
        store.set_state(run, "sleeping")  # type: ignore[arg-type]


def test_that_an_unknown_run_is_named(store: Store) -> None:
    for call in (store.get_run, store.delete_run, store.restore_run, store.purge_run, store.read_scalars):
        with pytest.raises(StoreError, match="There is no run nothing in"):
            call("nothing")
    with pytest.raises(StoreError, match="There is no run nothing in"):
        store.append_scalars("nothing", [1], {"a": [1.0]}, 0.0)


def test_that_the_bin_gives_back_what_was_deleted_and_purging_removes_the_folder(store: Store) -> None:
    run, kept = new_run(store), new_run(store)
    store.append_scalars(run, [1, 2], {"loss": [2.0, 1.0]}, 0.1)
    store.add_mark(run, 1, "lr", 0.1, 0.2)
    store.set_state(run, "finished")
    (store.get_run(run).checkpoints / "step-000000001.json").write_text("{}")
    store.delete_run(run)
    assert [r.id for r in store.list_runs()] == [kept]
    assert len(store.list_runs(include_deleted=True)) == 2
    store.restore_run(run)
    assert store.get_run(run).deleted_at is None and store.read_scalars(run)["loss"].values.tolist() == [2.0, 1.0]
    with pytest.raises(StoreError, match="is not in the bin: delete it first"):
        store.purge_run(run)
    store.delete_run(run)
    folder = store.get_run(run).folder
    assert store.purge_deleted(older_than_s=3600) == 0 and folder.exists()
    assert store.purge_deleted() == 1
    assert not folder.exists() and [r.id for r in store.list_runs(include_deleted=True)] == [kept]
    left = store._connection().execute("SELECT (SELECT count(*) FROM chunks), (SELECT count(*) FROM marks)").fetchone()
    assert left == (0, 0), "curves and marks go with their run"


def test_that_a_running_run_is_not_deleted(store: Store) -> None:
    run = new_run(store, title="Live")
    with pytest.raises(StoreError, match="The run Live is still running: stop it first"):
        store.delete_run(run)


def test_that_a_live_run_is_told_as_paused_or_running_and_one_that_has_ended_stays_as_it_ended(store: Store) -> None:
    run = new_run(store, title="Held")
    store.note_mode(run, "paused")
    assert store.get_run(run).state == "paused"
    with pytest.raises(StoreError, match="The run Held is still running: stop it first"):
        store.delete_run(run)
    store.note_mode(run, "running")
    assert store.get_run(run).state == "running"
    store.set_state(run, "stopped")
    store.note_mode(run, "paused")
    store.note_lost(run, "The engine was killed.")
    assert (store.get_run(run).state, store.get_run(run).failure) == ("stopped", "")


def test_that_a_run_whose_engine_died_has_failed_with_the_reason(store: Store) -> None:
    for before in ("running", "paused"):
        run = new_run(store)
        store.note_mode(run, before)
        store.note_lost(run, "The engine was killed.")
        assert (store.get_run(run).state, store.get_run(run).failure) == ("failed", "The engine was killed.")


def test_that_purging_never_leaves_the_runs_folder(store: Store, tmp_path: Path) -> None:
    run = new_run(store)
    store.set_state(run, "finished")
    store.delete_run(run)
    precious = tmp_path / "precious"
    precious.mkdir()
    for folder in ("precious", "runs", "runs/../precious", "/"):
        store._connection().execute("UPDATE runs SET folder = ? WHERE id = ?", (folder, run))
        with pytest.raises(StoreError, match="is not below"):
            store.purge_run(run)
    assert precious.exists()


def test_that_runs_of_a_dead_process_are_marked_interrupted_and_those_of_a_living_one_are_not(store: Store) -> None:
    mine = new_run(store)
    program = (
        f"from engine.runtime.store import Store; s = Store({str(store.home)!r});"
        f"print(s.create_run('dendritic', {{}}).id); r = s.create_run('dendritic', {{}}).id; s.set_state(r, 'stopped');"
        "r = s.create_run('dendritic', {}).id; s.note_mode(r, 'paused'); print(r)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    theirs, held = done.stdout.split()
    assert {r.id for r in store.adopt_interrupted()} == {theirs, held}
    assert store.get_run(held).state == "interrupted"
    assert store.get_run(theirs).state == "interrupted" and store.get_run(mine).state == "running"
    assert store.adopt_interrupted() == []
    store.claim_run(theirs)
    assert store.get_run(theirs).state == "running" and store.adopt_interrupted() == []


def test_that_another_process_with_the_same_number_does_not_count_as_the_owner(store: Store) -> None:
    run = new_run(store)
    store._connection().execute("UPDATE runs SET pid_started = pid_started - 100")
    assert [r.id for r in store.adopt_interrupted()] == [run]


def test_that_runs_of_another_computer_are_left_alone(store: Store) -> None:
    new_run(store)
    store._connection().execute("UPDATE runs SET host = 'elsewhere', pid = 0")
    assert store.adopt_interrupted() == []


def test_that_live_changes_are_kept_in_order_with_their_values(store: Store) -> None:
    run = new_run(store)
    store.add_mark(run, 20, "lr", 0.1, 0.2)
    store.add_mark(run, 10, "learn", False, True)
    store.add_mark(run, 20, "mode", "free", None)
    found = [(m.step, m.knob, m.old, m.new) for m in store.read_marks(run)]
    assert found == [(10, "learn", False, True), (20, "lr", 0.1, 0.2), (20, "mode", "free", None)]


def test_that_measured_claims_are_kept_and_the_last_of_each_is_found(store: Store) -> None:
    def study(claim: str, measured: float, when: float) -> StudyRecord:
        seeds, details = (0, 1), {"spread": [1.9, 2.1]}
        return StudyRecord("dendritic", claim, "It learns.", 1.96, measured, True, seeds, 3.5, "cpu", when, details)

    for record in (study("F3", 2.5, 10.0), study("F3", 2.0, 20.0), study("F1", 0.1, 15.0)):
        store.record_study(record)
    assert store.list_studies() == [study("F3", 2.0, 20.0), study("F1", 0.1, 15.0), study("F3", 2.5, 10.0)]
    assert store.list_studies("dendritic", latest_only=True) == [study("F3", 2.0, 20.0), study("F1", 0.1, 15.0)]
    assert store.list_studies("equilibrium") == []
    store.record_study(StudyRecord("pag", "C1", "", "many", "few", None, (), 0.0, "cpu"))
    assert store.list_studies("pag")[0].when > 1e9


def test_that_every_thread_may_use_the_store_at_once(store: Store) -> None:
    runs = [new_run(store) for _ in range(4)]
    faults: list[StoreError] = []

    def write(run: str) -> None:
        try:
            for step in range(50):
                store.append_scalars(run, [step], {"loss": [float(step)]}, step)
                store.read_scalars(run)
        except StoreError as error:  # reported below, in the test's own thread
            faults.append(error)

    threads = [threading.Thread(target=write, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert all(store.read_scalars(run)["loss"].steps.tolist() == list(range(50)) for run in runs)
    store.list_runs()
    assert len(store._opened) <= 5


def test_that_the_home_folder_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path / "lab"))
    assert paths.home() == tmp_path / "lab" and paths.config_folder() == tmp_path / "lab" / "config"
    assert paths.cache_folder() == tmp_path / "lab" / "cache" and paths.home(tmp_path / "x") == tmp_path / "x"
    monkeypatch.delenv("ATELIER_HOME")
    assert paths.home().name == "atelier" and paths.home() != paths.cache_folder()
    assert not os.environ.get("ATELIER_HOME")
