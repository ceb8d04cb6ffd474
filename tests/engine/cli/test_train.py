"""Headless training with the real engine: records, repetition to the bit, Ctrl+C, resuming."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.cli import exits
from engine.cli.door import run
from engine.runtime.store import Store

ROOT = Path(__file__).resolve().parents[3]
SMALL = ["--preset", "digits-small", "--device", "cpu", "--threads", "1"]


def train(capsys, *words: str) -> dict:
    assert run(["train", "dendritic", *words, "--json"]) == exits.DONE
    return json.loads(capsys.readouterr().out)


def test_that_a_resumed_run_equals_an_uninterrupted_one_to_the_bit(capsys):
    whole = train(capsys, *SMALL, "--steps", "400")
    part = train(capsys, *SMALL, "--steps", "150")
    rest = train(capsys, "--resume", part["run"][:12], "--steps", "400", "--threads", "1")
    assert (whole["step"], part["step"], rest["step"]) == (400, 150, 400)
    assert rest["run"] == part["run"] != whole["run"]
    with Store() as store:
        assert store.get_run(part["run"]).state == "finished"
        ours, theirs = store.read_scalars(part["run"]), store.read_scalars(whole["run"])
    assert ours.keys() == theirs.keys() >= {"test_accuracy", "train_error"}
    for name, curve in theirs.items():
        np.testing.assert_array_equal(ours[name].steps, curve.steps)
        np.testing.assert_array_equal(ours[name].values, curve.values)


def test_that_parameters_reach_the_run_and_its_record_which_then_keeps_them(capsys, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text('{"h1": 0.2, "seed": 5}', "utf-8")
    result = train(capsys, *SMALL, "--steps", "20", "--params", str(path), "--set", "seed=7", "--set", "teacher=off")
    assert (result["params"]["h1"], result["params"]["seed"], result["params"]["teacher"]) == (0.2, 7, False)
    assert Path(result["checkpoint"]).is_file()
    with Store() as store:
        kept = store.get_run(result["run"])
    assert (kept.seed, kept.params["h1"], kept.preset, kept.last_step > 0) == (7, 0.2, "digits-small", True)
    for words, fault in (
        (["--set", "hidden_1=50"], "hidden_1: cannot change in a run that has begun"),
        (["--preset", "mnist"], "a resumed run keeps its own"),
        (["--steps", "5"], "give --steps more than that"),
    ):
        assert run(["train", "dendritic", "--resume", kept.id, *words]) == exits.USAGE
        assert fault in capsys.readouterr().err


def test_that_without_a_record_nothing_is_kept(capsys, atelier_home):
    result = train(capsys, *SMALL, "--steps", "20", "--no-record")
    assert (result["run"], result["checkpoint"]) == ("", "")
    assert not (atelier_home / "runs").exists()


def test_that_a_device_that_is_not_here_is_named_and_the_run_marked_failed(capsys):
    assert run(["train", "dendritic", *SMALL, "--device", "cuda:99", "--steps", "5"]) == exits.FAULT
    assert "cuda:99 was asked for" in capsys.readouterr().err
    with Store() as store:
        (kept,) = store.list_runs("dendritic")
    assert kept.state == "failed"
    assert "cuda:99" in kept.failure


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C cannot be sent to one process on Windows")
def test_that_ctrl_c_saves_and_stops_and_the_run_can_go_on(capsys):
    command = [sys.executable, "main.py", "train", "dendritic", *SMALL, "--steps", "100000000"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if "/100,000,000" in line:  # the first line of progress: it trains
                break
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == exits.INTERRUPTED
    assert "Go on with: main.py train dendritic --resume" in out
    with Store() as store:
        (kept,) = store.list_runs("dendritic")
    assert kept.state == "stopped"
    last = kept.last_step
    result = train(capsys, "--resume", kept.id, "--steps", str(last + 500), "--set", "h1=0.05")
    assert result["step"] == last + 500
