"""Sweeps with the real experiment: every combination, kept in the library, failures in the table."""

from __future__ import annotations

import json

import numpy as np

from engine.cli import exits
from engine.cli.door import run
from engine.runtime.executor import InlineExecutor
from engine.runtime.jobs import RunJob, carry_out
from engine.runtime.messages import RunSpec
from engine.runtime.store import Store

SMALL = ["--preset", "digits-small", "--device", "cpu"]


def job(steps: int = 60, **more) -> RunJob:
    return RunJob("one", RunSpec("dendritic", "digits-small", {"hidden_1": 20}, device="cpu", threads=1), steps, **more)


def test_that_a_sweep_runs_every_combination_and_keeps_each(capsys):
    words = [
        "sweep",
        "dendritic",
        *SMALL,
        "--vary",
        "h1=0.1,0.3",
        "--vary",
        "seed=0..1",
        "--steps",
        "100",
        "--jobs",
        "2",
    ]
    assert run([*words, "--json"]) == exits.DONE
    rows = json.loads(capsys.readouterr().out)
    assert [(r["varied"]["h1"], r["varied"]["seed"]) for r in rows] == [
        ("0.1", "0"), ("0.1", "1"), ("0.3", "0"), ("0.3", "1"),
    ]  # fmt: skip
    assert all(r["ended"] == "done" and r["steps"] == 100 and r["value"] > 0 for r in rows)
    with Store() as store:
        for row in rows:
            kept = store.get_run(row["run"])
            assert (kept.state, kept.params["h1"]) == ("finished", float(row["varied"]["h1"]))
            assert list(kept.checkpoints.iterdir())


def test_that_a_job_and_the_training_command_give_the_same_curve(capsys):
    outcome = carry_out(job(120), 0)
    assert outcome.ok, outcome.traceback
    steps, column = outcome.value.curves["test_accuracy"]
    assert run(["train", "dendritic", *SMALL, "--threads", "1", "--steps", "120", "--json"]) == exits.DONE
    kept = json.loads(capsys.readouterr().out)["run"]
    with Store() as store:
        series = store.read_scalars(kept, ["test_accuracy"])["test_accuracy"]
    np.testing.assert_array_equal(series.steps, steps)
    np.testing.assert_array_equal(series.values, column)


def test_that_a_job_changes_knobs_looks_and_keeps_only_the_curves_it_was_asked_for():
    plain = carry_out(job(curves=("train_error",)), 0).value
    changed = carry_out(job(curves=("train_error",), changes={30: {"teacher": False}}), 0).value
    assert set(plain.curves) == {"train_error"}
    before = [(values[steps <= 30]) for steps, values in (plain.curves["train_error"], changed.curves["train_error"])]
    np.testing.assert_array_equal(*before)
    assert plain.last("train_error") != changed.last("train_error")


def test_that_bad_jobs_say_what_is_bad_and_a_kept_one_says_so_in_the_library():
    bad = RunJob("bad", RunSpec("dendritic", "digits-small", {"h1": 77.0}, device="cpu"), 5)
    outcome = InlineExecutor().run([bad])[0]
    assert outcome.kind == "bad_params"
    assert "h1 = 77.0: allowed is" in outcome.error
    wrong_change = job(10, keep=True, changes={5: {"h1": 77.0}})
    assert carry_out(wrong_change, 0).kind == "bad_params"
    with Store() as store:
        (kept,) = store.list_runs()
    assert kept.state == "failed"
    assert "h1 = 77.0" in kept.failure
