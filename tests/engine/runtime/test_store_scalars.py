"""Curves in the store: nothing lost, old history folded, cut back on resume, read thin, exported."""

from __future__ import annotations

import csv
import multiprocessing
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.runtime import scalars
from engine.runtime.export import export_csv, export_tensorboard
from engine.runtime.series import Series, decode, encode, fold, thin
from engine.runtime.store import Store, StoreError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path) as opened:
        yield opened


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("CHUNK", 16), ("TAIL_ROWS", 5), ("LEVEL_CHUNKS", 4)):
        monkeypatch.setattr(scalars, name, value)


def series(values: list[float], first: int = 0) -> Series:
    steps = np.arange(first, first + len(values))
    return Series(steps.astype(np.int64), np.array(values, np.float64), steps * 0.5)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(-(2**40), 2**40), st.floats(width=64), st.floats(0, 1e9)), min_size=1, max_size=50),
    st.booleans(),
)
def test_that_a_chunk_comes_back_equal_to_the_bit(points: list[tuple[int, float, float]], deflate: bool) -> None:
    steps, values, walls = (np.array(c) for c in zip(*points, strict=True))
    found = decode(encode(Series(steps.astype(np.int64), values, walls), deflate))
    assert np.array_equal(found.steps, steps)
    assert found.values.tobytes() == values.tobytes() and found.walls.tobytes() == walls.tobytes()


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=300), st.integers(4, 60))
def test_that_thinning_keeps_ends_and_extremes_and_never_exceeds_its_limit(values: list[float], most: int) -> None:
    whole = series(values)
    drawn = thin(whole, most)
    assert len(drawn) <= max(most, 4) or len(drawn) == len(whole)
    assert drawn.steps[0] == 0 and drawn.steps[-1] == len(values) - 1
    assert drawn.values.max() == whole.values.max() and drawn.values.min() == whole.values.min()
    assert np.array_equal(drawn.values, whole.values[drawn.steps]) and np.all(np.diff(drawn.steps) > 0)


def test_that_folding_keeps_every_spike_at_its_own_step() -> None:
    values = np.zeros(800)
    values[[3, 411, 799]] = (9.0, -7.0, 5.0)
    folded = fold(series(values.tolist()))
    assert len(folded) <= 200
    assert {3: 9.0, 411: -7.0, 799: 5.0}.items() <= dict(zip(folded.steps.tolist(), folded.values, strict=True)).items()


def test_that_no_point_is_lost_or_changed_and_what_was_not_measured_is_absent(store: Store) -> None:
    run = store.create_run("dendritic", {}, headline="accuracy", better="up").id
    rng = np.random.default_rng(0)
    loss, kept = rng.standard_normal(30_000), []
    for start in range(0, 30_000, 97):
        steps = np.arange(start, min(start + 97, 30_000))
        accuracy = np.full(len(steps), np.nan)
        accuracy[-1] = rng.random()
        kept.append((int(steps[-1]), float(accuracy[-1])))
        store.append_scalars(run, steps, {"loss": loss[steps], "accuracy": accuracy}, wall=start / 1000)
    found = store.read_scalars(run, max_points=None)
    assert store.scalar_names(run) == ["loss", "accuracy"]
    assert np.array_equal(found["loss"].steps, np.arange(30_000)) and np.array_equal(found["loss"].values, loss)
    assert list(zip(found["accuracy"].steps.tolist(), found["accuracy"].values.tolist(), strict=True)) == kept
    record = store.get_run(run)
    assert (record.last_step, record.last, record.wall) == (29_999, kept[-1][1], 29.973)
    assert record.best == max(a for _, a in kept)
    thinned = store.read_scalars(run, ["loss"])["loss"]
    assert len(thinned) <= 2000 and thinned.values.max() == loss.max() and thinned.steps[-1] == 29_999
    part = store.read_scalars(run, ["loss"], None, first_step=100, last_step=20_050)["loss"]
    assert np.array_equal(part.steps, np.arange(100, 20_051))
    assert len(store.read_scalars(run, ["never"])["never"]) == 0


def test_that_infinite_values_are_kept(store: Store) -> None:
    run = store.create_run("dendritic", {}).id
    store.append_scalars(run, [1, 2, 3], {"loss": [1.0, np.inf, -np.inf]}, 0.0)
    assert store.read_scalars(run)["loss"].values.tolist() == [1.0, np.inf, -np.inf]


@pytest.mark.usefixtures("small_chunks")
def test_that_long_history_is_bounded_while_the_newest_points_stay_exact(store: Store) -> None:
    run = store.create_run("dendritic", {}, headline="loss", better="down").id
    values = np.random.default_rng(1).standard_normal(6_000)
    values[137] = -50.0
    for start in range(0, 6_000, 7):
        steps = np.arange(start, min(start + 7, 6_000))
        store.append_scalars(run, steps, {"loss": values[steps]}, start)
    found = store.read_scalars(run, max_points=None)["loss"]
    assert len(found) < 16 * 7 * 6, "about six chunks of 16 a level, levels grow with the logarithm"
    newest = 16 * 4
    assert np.array_equal(found.steps[-newest:], np.arange(6_000 - newest, 6_000))
    assert np.array_equal(found.values, values[found.steps]) and np.all(np.diff(found.steps) > 0)
    assert 137 in found.steps and store.get_run(run).best == -50.0
    store.truncate_after(run, 3_000)
    assert store.get_run(run).best == -50.0
    store.truncate_after(run, 136)
    best = store.get_run(run).best
    assert best is not None and best > -50.0 and store.read_scalars(run)["loss"].steps[0] == 0


@pytest.mark.usefixtures("small_chunks")
@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.sampled_from(["add", "add", "add", "cut", "back"]), st.integers(1, 40)), min_size=1, max_size=60
    )
)
def test_that_any_mixture_of_batches_cuts_and_rewinds_equals_a_plain_list(
    tmp_path_factory: pytest.TempPathFactory, work: list[tuple[str, int]]
) -> None:
    plain: dict[int, float] = {}
    longest = 0
    with Store(tmp_path_factory.mktemp("mix")) as store:
        run = store.create_run("dendritic", {}, headline="a", better="up").id
        for turn, (what, count) in enumerate(work):
            last = max(plain, default=0)
            if what == "cut":
                store.truncate_after(run, last - count)
                plain = {s: v for s, v in plain.items() if s <= last - count}
                continue
            first = last + 1 if what == "add" else max(last - count // 2, 1)
            steps = list(range(first, first + (count if what == "add" else 1 + count // 4)))
            store.append_scalars(run, steps, {"a": [s + turn / 100 for s in steps]}, turn)
            plain = {s: v for s, v in plain.items() if s < first} | {s: s + turn / 100 for s in steps}
            longest = max(longest, len(plain))
        found = store.read_scalars(run, max_points=None).get("a", Series())
        record = store.get_run(run)
    stored = dict(zip(found.steps.tolist(), found.values.tolist(), strict=True))
    if longest <= 64:
        assert stored == plain
    assert stored.items() <= plain.items() and len(stored) == len(found)
    assert record.last == (found.values[-1] if stored else None)
    assert record.best == max(stored.values(), default=None)
    assert not plain or min(plain) in stored


def test_that_a_batch_that_goes_backwards_or_does_not_fit_is_refused(store: Store) -> None:
    run = store.create_run("dendritic", {}).id
    with pytest.raises(ValueError, match="must increase"):
        store.append_scalars(run, [2, 1], {"a": [1.0, 2.0]}, 0.0)
    with pytest.raises(ValueError, match="curve 'a' has 1 values for 2 steps"):
        store.append_scalars(run, [1, 2], {"a": [1.0]}, 0.0)
    store.append_scalars(run, [], {}, 0.0)
    assert store.scalar_names(run) == []


def test_that_truncating_forgets_curves_and_marks_after_the_step(store: Store) -> None:
    run = store.create_run("dendritic", {}, headline="a", better="up").id
    store.append_scalars(run, [1, 2, 3], {"a": [0.1, 0.9, 0.5]}, 0.0)
    store.append_scalars(run, [4], {"late": [1.0]}, 0.0)
    for step in (1, 3):
        store.add_mark(run, step, "lr", 1, 2)
    store.truncate_after(run, 1)
    assert store.scalar_names(run) == ["a"] and store.read_scalars(run)["a"].steps.tolist() == [1]
    assert [m.step for m in store.read_marks(run)] == [1]
    record = store.get_run(run)
    assert (record.best, record.last, record.last_step) == (0.1, 0.1, 1)


def _write_batches(home: str, run: str, turns: int) -> None:
    with Store(home) as store:
        for turn in range(turns):
            steps = np.arange(turn * 50, turn * 50 + 50)
            store.append_scalars(run, steps, {f"c{i}": steps * (i + 1.0) for i in range(10)}, turn)


def test_that_two_engines_write_while_the_window_reads(store: Store) -> None:
    runs = [store.create_run("dendritic", {}).id for _ in range(2)]
    context = multiprocessing.get_context("spawn")
    engines = [context.Process(target=_write_batches, args=(str(store.home), run, 60)) for run in runs]
    for engine in engines:
        engine.start()
    reads = 0
    while any(e.is_alive() for e in engines):
        for run in runs:
            lengths = {len(s) for s in store.read_scalars(run, max_points=None).values()}
            assert len(lengths) <= 1, "a batch is seen whole or not at all"
            reads += 1
    for engine in engines:
        engine.join()
        assert engine.exitcode == 0
    assert reads > 0
    for run in runs:
        found = store.read_scalars(run, max_points=None)
        assert all(np.array_equal(found[f"c{i}"].values, np.arange(3000) * (i + 1.0)) for i in range(10))


def test_that_tensorboard_reads_the_exported_curves_back(store: Store) -> None:
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    record = store.create_run("dendritic", {})
    store.append_scalars(record.id, [1, 2, 5], {"loss": [0.5, 1e300, 0.125], "accuracy": [np.nan, 0.75, np.nan]}, 2.0)
    path = export_tensorboard(store, record.id)
    assert path.parent == record.exports / "tensorboard" and path.name.startswith("events.out.tfevents.")
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    events = [e for e in EventFileLoader(str(path)).Load() if e.HasField("summary")]
    found = [(v.tag, e.step, v.tensor.float_val[0], e.wall_time) for e in events for v in e.summary.value]
    at = record.created + 2.0
    assert found == [
        ("loss", 1, 0.5, at),
        ("loss", 2, np.inf, at),
        ("loss", 5, 0.125, at),
        ("accuracy", 2, 0.75, at),
    ]


def test_that_exporting_to_tensorboard_needs_neither_torch_nor_tensorflow(store: Store) -> None:
    run = store.create_run("dendritic", {}).id
    store.append_scalars(run, [1], {"loss": [0.5]}, 0.0)
    program = (
        "import sys; from engine.runtime.store import Store; from engine.runtime.export import export_tensorboard;"
        f"assert 'tensorboard' not in sys.modules; export_tensorboard(Store({str(store.home)!r}), {run!r});"
        "print({'torch', 'tensorflow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_that_the_table_has_a_line_a_step_and_gaps_where_nothing_was_measured(store: Store, tmp_path: Path) -> None:
    run = store.create_run("dendritic", {}).id
    store.append_scalars(run, [1, 2, 5], {"loss": [0.1, np.inf, 0.125], "accuracy, test": [np.nan, 0.75, np.nan]}, 2.0)
    path = export_csv(store, run, tmp_path / "out" / "curves.csv")
    with path.open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["step", "wall", "loss", "accuracy, test"],
            ["1", "2.0", "0.1", ""],
            ["2", "2.0", "inf", "0.75"],
            ["5", "2.0", "0.125", ""],
        ]


def test_that_there_is_nothing_to_export_is_said(store: Store, tmp_path: Path) -> None:
    run = store.create_run("dendritic", {}, title="Empty").id
    for export in (export_csv, export_tensorboard):
        with pytest.raises(StoreError, match="The run Empty has no curves yet"):
            export(store, run)
    store.append_scalars(run, [1], {"a": [1.0]}, 0.0)
    (tmp_path / "file").write_text("in the way")
    for export in (export_csv, export_tensorboard):
        with pytest.raises(StoreError, match="could not be written"):
            export(store, run, tmp_path / "file" / "below")
