"""`main.py sweep`: every combination of some values as a list of runs, a table at the end."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from engine.cli import exits, values
from engine.cli.options import Sweep
from engine.cli.places import executor_for
from engine.papers import load_paper
from engine.papers.contract import Paper, ParameterError
from engine.runtime.executor import JobProgress
from engine.runtime.jobs import Outcome, RunJob, RunResult
from engine.runtime.messages import RunSpec

MOST_RUNS = 10_000


def run(options: Sweep) -> int:
    """Runs them all; 0 when every run came to its end. Raises `ParameterError` before anything is started."""
    paper = load_paper(options.paper)
    if not paper.built:
        print(f"{paper.name} is not built yet. The paper: {paper.link}", file=sys.stderr)
        return exits.NOT_BUILT
    varied = values.variations(options.vary)
    jobs = _jobs(options, paper, varied)
    with executor_for(options.jobs, options.cluster, options.device) as executor:
        print(f"{len(jobs)} runs of {jobs[0].steps:,} updates on {executor.words}.", file=sys.stderr, flush=True)
        done = 0

        def on_progress(progress: JobProgress) -> None:
            nonlocal done
            if progress.outcome is not None:
                done += 1
                words = progress.outcome.error or f"{progress.outcome.seconds:.1f} s"
                print(f"{done}/{len(jobs)} {progress.name}: {words}", file=sys.stderr, flush=True)

        outcomes = executor.run(jobs, on_progress)
    rows = [
        _row(outcome, combination, paper) for outcome, combination in zip(outcomes, values.grid(varied), strict=True)
    ]
    if options.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        _print_table(rows, list(varied))
    return exits.DONE if all(outcome.ok for outcome in outcomes) else exits.FAULT


def _jobs(options: Sweep, paper: Paper, varied: Mapping[str, Sequence[str]]) -> list[RunJob]:
    """One job a combination, each validated now: a range error shows before the first run. Raises `ParameterError`."""
    if options.steps < 0:
        raise ParameterError(f"--steps {options.steps}: allowed is at least 1")
    preset = paper.preset(options.preset or paper.presets[0].id)
    fixed = values.settings(options.set)
    both = sorted(set(fixed) & set(varied))
    if both:
        raise ParameterError(f"{', '.join(both)}: given by --set and varied too")
    jobs: list[RunJob] = []
    for combination in values.grid(varied):
        if len(jobs) == MOST_RUNS:
            raise ParameterError(f"more than {MOST_RUNS:,} combinations: vary less at once")
        params = paper.make_params(preset.id, {**fixed, **combination})
        spec = RunSpec(
            paper=paper.name,
            preset=preset.id,
            params=params.model_dump(mode="json"),
            device=options.device,
            threads=options.threads,
        )
        name = " ".join(f"{k}={v}" for k, v in combination.items()) or preset.title
        jobs.append(RunJob(name, spec, options.steps or preset.steps, keep=options.record))
    return jobs


def _row(outcome: Outcome, combination: Mapping[str, str], paper: Paper) -> dict[str, Any]:
    row: dict[str, Any] = {"varied": dict(combination), "ended": outcome.kind or "done", "fault": outcome.error}
    if outcome.ok and isinstance(outcome.value, RunResult):
        result = outcome.value
        last = {name: float(column[-1]) for name, (_, column) in result.curves.items() if len(column)}
        headline = paper.headline
        row |= {
            "run": result.spec.record,
            "steps": result.steps,
            "seconds": round(result.seconds, 3),
            "device": result.device,
            "headline": headline.name if headline else "",
            "value": last.get(headline.name) if headline else None,
            "last": last,
        }
    return row


def _print_table(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table

    headline = next((row["headline"] for row in rows if row.get("headline")), "value")
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for heading in (*names, headline, "s", "run", ""):
        table.add_column(heading, justify="right" if heading in ("s", headline) else "left")
    for row in rows:
        value = row.get("value")
        shown = "" if value is None else f"{value:.5g}"
        seconds = f"{row['seconds']:.1f}" if "seconds" in row else ""
        ended = "" if row["ended"] == "done" else f"{row['ended']}: {row['fault']}"
        table.add_row(*(row["varied"][n] for n in names), shown, seconds, str(row.get("run", ""))[:8], ended)
    Console().print(table)
