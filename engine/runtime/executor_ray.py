"""The executor on a Ray cluster: the same jobs, on other machines (see `engine.runtime.cluster` for the way in)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from engine.runtime.cluster import connect
from engine.runtime.executor import JobProgress, OnProgress, cancelled_outcome
from engine.runtime.jobs import Job, Outcome, carry_out

POLL_S = 0.2


class RayExecutor:
    """Jobs as Ray tasks. A task that dies names itself; its job is not tried twice.

    address: as `connect` takes it.
    slots: jobs at once (0: as many CPUs as the cluster has). gpus: GPUs of each job (None: a whole one where the
    cluster has any). A run that is kept is recorded in the home folder of the node that ran it.
    Raises `ParameterError` when Ray is not installed or the cluster does not answer.
    """

    def __init__(self, address: str, slots: int = 0, gpus: float | None = None) -> None:
        ray: Any = connect(address)
        self._ray = ray
        resources = ray.cluster_resources()
        there = float(resources.get("GPU", 0.0))
        self.gpus = (1.0 if there else 0.0) if gpus is None else gpus
        self.slots = slots or max(1, int(there if self.gpus else resources.get("CPU", 1)))
        self.words = f"the Ray cluster {address} ({self.slots} at once)"
        self._task = ray.remote(num_cpus=1, num_gpus=self.gpus, max_retries=0)(carry_out)
        self._cancelled = threading.Event()

    def run(self, jobs: Sequence[Job], on_progress: OnProgress | None = None) -> list[Outcome]:
        """See `Executor.run`; progress within a job does not travel, only its end."""
        self._cancelled.clear()
        outcomes: dict[int, Outcome] = {}
        waiting = list(range(len(jobs)))
        running: dict[Any, int] = {}
        try:
            while len(outcomes) < len(jobs):
                if self._cancelled.is_set():
                    rest = [i for i in range(len(jobs)) if i not in outcomes]
                    outcomes |= {i: cancelled_outcome(jobs[i], i) for i in rest}
                    break
                while waiting and len(running) < self.slots:
                    index = waiting.pop(0)
                    running[self._task.remote(jobs[index], index)] = index
                ready, _ = self._ray.wait(list(running), timeout=POLL_S)
                for task in ready:
                    index = running.pop(task)
                    outcomes[index] = self._fetch(task, jobs[index], index)
                    if on_progress is not None:
                        on_progress(JobProgress(index, jobs[index].name, 1.0, outcome=outcomes[index]))
        finally:
            for task in running:
                self._ray.cancel(task, force=True)
        return [outcomes[index] for index in range(len(jobs))]

    def _fetch(self, task: Any, job: Job, index: int) -> Outcome:
        try:
            outcome = self._ray.get(task)
        except Exception as error:  # noqa: BLE001 - Ray raises many types for a lost task; the outcome reports it
            words = str(error).strip().splitlines()
            return Outcome(job, index, None, f"lost on the cluster: {words[-1] if words else error!r}", "killed")
        assert isinstance(outcome, Outcome)
        return outcome

    def cancel(self) -> None:
        """See `Executor.cancel`."""
        self._cancelled.set()

    def close(self) -> None:
        """Leaves the cluster; it goes on without us."""
        self._ray.shutdown()
