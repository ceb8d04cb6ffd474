"""The executor: order, failures that name themselves, cancelling, no process left."""

from __future__ import annotations

import os

import psutil
import pytest

from engine.runtime.executor import (
    CallJob,
    Executor,
    InlineExecutor,
    Job,
    JobFailed,
    JobProgress,
    LocalExecutor,
    values,
)
from tests.engine.runtime import jobs_for_tests as work


def squares(count: int) -> list[Job]:
    return [CallJob(f"square {n}", work.square, {"number": n}) for n in range(count)]


@pytest.mark.parametrize("make", [InlineExecutor, lambda: LocalExecutor(2)])
def test_that_results_come_in_the_order_of_the_jobs(make):
    executor: Executor = make()
    try:
        assert values(executor, squares(7)) == [0, 1, 4, 9, 16, 25, 36]
        assert values(executor, squares(3)) == [0, 1, 4]
    finally:
        executor.close()


def test_that_local_jobs_run_in_other_processes_with_the_asked_threads():
    with LocalExecutor(1, threads=2) as executor:
        (pid, threads), (second, _) = values(executor, [CallJob("who", work.whoami), CallJob("who", work.whoami)])
    assert pid != os.getpid()
    assert second == pid, "a helper is kept for the next job"
    assert threads == "2"
    assert not psutil.pid_exists(pid)


def test_that_a_failed_job_names_itself_and_the_others_come_to_their_end():
    with LocalExecutor(2) as executor:
        jobs = [*squares(2), CallJob("the bad one", work.complain, {"words": "the jar is empty"})]
        outcomes = executor.run(jobs)
        assert [o.value for o in outcomes] == [0, 1, None]
        assert outcomes[2].kind == "crash"
        assert "complain" in outcomes[2].traceback
        with pytest.raises(JobFailed, match="the bad one: ValueError: the jar is empty"):
            values(executor, jobs)


def test_that_a_killed_process_costs_only_its_own_job_and_the_signal_is_named():
    with LocalExecutor(1) as executor:
        outcomes = executor.run([CallJob("doomed", work.die), *squares(3)])
    assert outcomes[0].kind == "killed"
    assert "SIGKILL" in outcomes[0].error
    assert [o.value for o in outcomes[1:]] == [0, 1, 4]


def test_that_cancelling_ends_jobs_under_way_and_their_processes():
    seen: list[JobProgress] = []
    executor = LocalExecutor(1)

    def cancel_when_it_waits(progress: JobProgress) -> None:
        seen.append(progress)
        if progress.text == "waiting":
            executor.cancel()

    outcomes = executor.run([CallJob("endless", work.wait_for_ever), *squares(1)], cancel_when_it_waits)
    assert [o.kind for o in outcomes] == ["cancelled", "cancelled"]
    assert not executor._helpers
    assert seen[0].fraction == 0.5
    assert values(executor, squares(2)) == [0, 1], "it can be used again"
    executor.close()


def test_that_what_cannot_be_sent_is_said_for_the_job_and_for_the_result():
    with LocalExecutor(1) as executor:
        outcomes = executor.run([CallJob("a lambda", lambda: 1), CallJob("a lock", work.make_lock), *squares(2)])
    assert "cannot be sent" in outcomes[0].error
    assert "cannot be sent back" in outcomes[1].error
    assert outcomes[3].value == 1


def test_that_every_job_ends_with_exactly_one_outcome_in_the_progress():
    seen: list[JobProgress] = []
    with LocalExecutor(2) as executor:
        executor.run(squares(5), seen.append)
    ended = [p.index for p in seen if p.outcome is not None]
    assert sorted(ended) == [0, 1, 2, 3, 4]
