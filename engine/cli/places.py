"""Where jobs go: local processes or a Ray cluster, as the command line asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engine.runtime.executor import Executor, LocalExecutor


@contextmanager
def executor_for(jobs: int, cluster: str, device: str) -> Iterator[Executor]:
    """An executor that is closed at the end. Raises `ParameterError` when the cluster cannot be used."""
    executor: Executor
    if cluster:
        from engine.runtime.executor_ray import RayExecutor

        executor = RayExecutor(cluster, slots=jobs, gpus=0.0 if device == "cpu" else None)
    else:
        executor = LocalExecutor(jobs)
    try:
        yield executor
    finally:
        executor.close()
