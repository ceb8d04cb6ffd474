"""The benchmark harness: finds, runs and reports; a requirement that is missed is an exit code."""

from __future__ import annotations

import json

import pytest

from benchmarks import __main__ as command
from benchmarks.harness import Timing, ratio, time_call


def test_that_a_ratio_says_how_many_times_faster_and_whether_that_is_enough():
    row = ratio("step", Timing(2e-3, 1e-3, 10), Timing(2e-4, 1e-4, 10), at_least=8)
    assert (row.unit, row.holds, row.goal) == ("×", True, "at least 8 ×")
    assert row.value == pytest.approx(10)
    assert "1 ms against 0.1 ms" in row.detail
    assert ratio("step", Timing(1, 1, 1), Timing(1, 1, 1), at_least=2).holds is False


def test_that_a_call_is_timed_over_repetitions_after_a_warm_up():
    calls = []
    timing = time_call(lambda: calls.append(1), seconds=0.001, repetitions=3, warmup=2)
    assert 0 < timing.lowest <= timing.median
    assert len(calls) == 2 + 1 + 3 * timing.calls


def test_that_every_benchmark_has_a_title_and_an_unknown_one_is_refused(capsys):
    assert command.main(["--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == command.names()
    with pytest.raises(SystemExit):
        command.main(["no_such_benchmark"])
    assert "no benchmark no_such_benchmark" in capsys.readouterr().err


@pytest.mark.parametrize(("holds", "code"), [(True, 0), (None, 0), (False, 1)])
def test_that_a_missed_requirement_is_an_exit_code(holds, code, monkeypatch, capsys):
    row = {"what": "a", "value": 2.0, "unit": "×", "goal": "", "holds": holds, "detail": ""}
    monkeypatch.setattr(command, "names", lambda: ["one"])
    monkeypatch.setattr(command, "title", lambda name: name)
    monkeypatch.setattr(command, "run_apart", lambda name, quick: ([row], ""))
    assert command.main(["--json"]) == code
    assert json.loads(capsys.readouterr().out) == [{"benchmark": "one", **row}]
    assert command.main([]) == code
