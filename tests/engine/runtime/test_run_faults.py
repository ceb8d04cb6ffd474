"""What goes wrong in a run is said in one sentence, and nothing that was kept is lost."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.runtime import messages as m
from engine.runtime import paths
from engine.runtime.checkpoint import Header, State, read_checkpoint, write_checkpoint
from engine.runtime.process import EnginePool
from engine.runtime.store import Store
from tests.engine.runtime.sessions_for_tests import Run, begin, new_record, spec_of

Start = Callable[..., Run]


def folder_of(run: Run) -> Path:
    with Store(run.home) as store:
        return store.get_run(run.record).checkpoints


def state_in_store(run: Run) -> tuple[str, str]:
    with Store(run.home) as store:
        kept = store.get_run(run.record)
        return kept.state, kept.failure


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"params": {"h1": 5.0}}, "bad_params", "h1 = 5.0: allowed is 0.0001 to 1"),
        ({"preset": "nothing"}, "bad_params", "dendritic has no preset 'nothing'. Presets: digits-deep"),
        ({"paper": "nothing"}, "bad_params", "There is no paper 'nothing'. Papers: dendritic"),
        ({"paper": "gibbsnet"}, "bad_params", "gibbsnet"),
        ({"device": "cuda:7"}, "bad_params", "cuda:7"),
        ({"params": {"task": "mnist"}, "data_folder": "EMPTY"}, "bad_data", "MNIST"),
    ],
)
def test_that_a_run_that_cannot_start_says_why_in_one_sentence(
    pool: EnginePool, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, object], kind: str, sentence: str,
) -> None:  # fmt: skip
    empty = tmp_path / "empty"
    empty.mkdir()
    spec = spec_of()
    changes = {k: str(empty) if v == "EMPTY" else v for k, v in changes.items()}
    record = new_record(home, spec).id
    failed = begin(pool, replace(spec, **changes), home, record).failed()  # type: ignore[arg-type]
    assert failed.kind == kind and sentence in failed.advice and "\n" not in failed.advice.strip()
    assert "The experiment failed" not in failed.advice and ".py:" not in failed.advice
    with Store(home) as store:
        assert (store.get_run(record).state, store.get_run(record).failure) == ("failed", failed.advice)


def test_that_a_diverged_run_is_paused_and_going_back_trains_on(start: Start) -> None:
    run = start("self-prediction", {"seed": 1}, keep=True)
    run.at_step(5)
    run.session.change({"eta": 10.0})  # too large for every seed: membranes leave the finite numbers
    notice = run.until(m.Notice)
    assert (notice.level, notice.code) == ("error", "diverged")
    assert notice.text.startswith("Paused: ") and "no longer finite" in notice.text
    (remedy,) = notice.remedies
    assert remedy.rewind_to == 0 and remedy.label == "Back to update 0"
    paused = run.until(m.Progress, lambda p: p.state == "paused")
    assert paused.step >= 5
    since = run.said
    run.session.save()
    refused = run.until(m.Notice, since=since)
    assert refused.text == "Not saved: its numbers are no longer finite; go back first."
    since = run.said
    run.session.rewind(remedy.rewind_to)
    assert run.until(m.Settings, since=since).values["eta"] == 1.0, "with the knobs of that moment"
    assert run.until(m.Notice, since=since).cleared
    run.session.resume()
    run.until(m.Progress, lambda p: p.step >= 20 and p.state == "training", since=since)
    run.stop()
    loaded = read_checkpoint(folder_of(run))
    assert all(bool(torch.isfinite(t).all()) for t in loaded.state.tensors.values() if t.is_floating_point())


@pytest.mark.parametrize("name", ["W.1", "G.0"])  # the first breaks the next update, the second shows in no curve
def test_that_a_state_that_is_not_finite_is_recognised_and_never_saved(start: Start, name: str) -> None:
    run = start(keep=True, until=20)
    run.until(m.Progress, lambda p: p.state == "paused")
    run.stop()
    loaded = read_checkpoint(folder_of(run))
    poisoned = {n: t.clone() for n, t in loaded.state.tensors.items()}
    poisoned[name].view(-1)[0] = torch.inf
    write_checkpoint(folder_of(run), State(poisoned, loaded.state.meta), loaded.header)
    count = len(list(folder_of(run).glob("*.json")))
    again = run.resumed(until=0, autosave_s=0.2)
    notice = again.until(m.Notice)
    assert notice.code == "diverged" and notice.remedies[0].rewind_to == 20
    again.until(m.Progress, lambda p: p.state == "paused")
    again.stop()
    assert len(list(folder_of(run).glob("*.json"))) == count


@contextmanager
def file_limit(pid: int, size: int) -> Iterator[None]:
    """The process cannot make a file longer than this: what a full disk is to its writes, without a disk."""
    import resource

    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux, to bound the files of another process")
def test_that_a_full_disk_is_told_training_goes_on_and_saving_works_again_after(start: Start) -> None:
    run = start(keep=True, autosave_s=1000.0)
    run.at_step(10)
    run.session.save()
    saved = run.until(m.Saved)
    assert run.session.pid is not None
    with file_limit(run.session.pid, 1000):
        since = run.said
        run.session.save()
        notice = run.until(m.Notice, lambda n: n.code == "save", since=since)
        assert notice.level == "error" and "was not saved: it needs" in notice.text
        assert "Earlier checkpoints are whole; free some space, then save again." in notice.text
        run.until(m.Progress, lambda p: p.step > saved.step + 50 and p.state == "training", since=since)
        assert read_checkpoint(folder_of(run)).header.step == saved.step
    since = run.said
    run.session.save()
    later = run.until(m.Saved, since=since)
    assert run.until(m.Notice, lambda n: n.code == "save", since=since).cleared and later.step > saved.step
    run.stop()
    assert read_checkpoint(folder_of(run)).skipped == ()


def test_that_a_locked_library_is_told_once_and_its_curves_are_kept_when_it_is_free(start: Start) -> None:
    run = start("association", keep=True)
    run.at_step(10)
    lock = sqlite3.connect(paths.database(run.home), isolation_level=None)
    try:
        lock.execute("BEGIN IMMEDIATE")
        notice = run.until(m.Notice, lambda n: n.code == "store")
        assert notice.level == "error" and "is locked by another program" in notice.text
        goal = run.session.step + 50
        run.until(m.Progress, lambda p: p.step > goal and p.state == "training")
        run.session.rewind(0)
        run.until(m.Rewound)
        run.until(m.Progress, lambda p: p.step >= 30, since=run.heard.place(m.Rewound))
    finally:
        lock.execute("ROLLBACK")
        lock.close()
    cleared = run.until(m.Notice, lambda n: n.code == "store" and n.cleared)
    assert cleared.text == "Curves are kept again."
    step = run.stop().step
    with Store(run.home) as store:
        series = store.read_scalars(run.record, ["apical_sq"], max_points=None)["apical_sq"]
    assert series.steps.tolist() == list(range(1, step + 1)), "no gap, although the library was shut for a while"
    curves = run.curves
    assert series.values.tolist() == [curves[s]["apical_sq"] for s in range(1, step + 1)]
    assert len([n for n in run.heard.of(m.Notice) if n.code == "store"]) == 2


def test_that_a_damaged_newest_checkpoint_is_passed_over_for_the_one_before_and_the_note_says_so(
    start: Start,
) -> None:
    run = start(keep=True, autosave_s=1000.0)
    run.at_step(10)
    run.session.save()
    older = run.until(m.Saved)
    run.at_step(older.step + 10)
    newest = run.stop()
    damaged = folder_of(run) / f"step-{newest.step:09d}.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    again = run.resumed(paused=True)
    ready = again.until(m.Ready)
    assert ready.step == older.step
    assert "it was cut short or replaced" in ready.notes[0] and f"Update {older.step:,} is used." in ready.notes[0]
    again.stop()


def test_that_a_checkpoint_of_another_paper_or_a_newer_version_is_refused_by_name(
    start: Start, pool: EnginePool, home: Path
) -> None:
    run = start(keep=True, until=5)
    run.until(m.Progress, lambda p: p.state == "paused")
    run.stop()
    folder = folder_of(run)
    loaded = read_checkpoint(folder)
    for path in folder.iterdir():
        path.unlink()
    header = Header("gibbsnet", loaded.header.params, 0, 5)
    written = write_checkpoint(folder, loaded.state, header)
    failed = run.resumed().failed()
    assert failed.kind == "bad_data" and "is of the paper 'gibbsnet', not of 'dendritic'" in failed.advice
    assert state_in_store(run)[0] == "failed"
    document = written.path.read_text().replace('"version": 1', '"version": 99')
    written.path.write_text(document)
    failed = run.resumed().failed()
    assert "has format 99" in failed.advice and "open it with the newer version" in failed.advice


def test_that_a_checkpoint_that_does_not_fit_the_circuit_is_refused_by_name(start: Start) -> None:
    run = start(keep=True, until=5)
    run.until(m.Progress, lambda p: p.state == "paused")
    run.stop()
    loaded = read_checkpoint(folder_of(run))
    other = replace(loaded.header, params={**loaded.header.params, "hidden_1": 30})
    write_checkpoint(folder_of(run), loaded.state, other)
    failed = run.resumed().failed()
    assert failed.kind == "bad_data" and failed.advice.startswith("The checkpoint at update 5 does not fit: ")


def test_that_a_library_of_another_program_ends_the_start_with_a_sentence(pool: EnginePool, home: Path) -> None:
    home.mkdir(parents=True)
    with sqlite3.connect(paths.database(home)) as other:
        other.execute("CREATE TABLE notes (text)")
    other.close()
    failed = begin(pool, spec_of(), home, "abc").failed()
    assert failed.kind == "disk" and "is a database of another program" in failed.advice
