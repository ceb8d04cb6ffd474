"""Runs the jobs of one study side by side and tells how far they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.runtime.executor import JobProgress, values
from engine.runtime.jobs import Job
from engine.studies.contract import StudyContext


def run(context: StudyContext, jobs: Sequence[Job]) -> list[Any]:
    """The results of all jobs in their order; progress goes to ``context.tell``. Raises `JobFailed`."""
    done = [0.0] * len(jobs)

    def on_progress(progress: JobProgress) -> None:
        done[progress.index] = max(0.0, progress.fraction)
        context.tell(sum(done) / len(done), progress.name)

    return values(context.executor, jobs, on_progress)
