"""`main.py reproduce`: measures claims and prints them beside the paper's figures."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from engine.cli import exits
from engine.cli.options import Reproduce
from engine.cli.places import executor_for
from engine.papers import all_papers, load_paper
from engine.papers.contract import Claim, Paper, ParameterError
from engine.runtime import paths
from engine.studies.contract import Measurement
from engine.studies.measure import Unmeasured, choose_claims, keep, measure

WORDS = {True: "holds", False: "does not hold", None: "undecided"}
TELL_EVERY_S = 2.0


def run(options: Reproduce) -> int:
    """Measures and prints; 0 when every claim was measured, whatever came out."""
    if options.seeds < 0:
        raise ParameterError(f"--seeds {options.seeds}: allowed is at least 1")
    papers = [load_paper(options.paper)] if options.paper else [p for p in all_papers() if p.built]
    if not papers[0].built:
        print(f"{papers[0].name} is not built yet. The paper: {papers[0].link}", file=sys.stderr)
        return exits.NOT_BUILT
    chosen = [(paper, choose_claims(paper, options.claim)) for paper in papers]
    if not any(claims for _, claims in chosen):
        raise ParameterError(f"there is no study yet for {', '.join(p.name for p in papers)}")
    results: list[Measurement | Unmeasured] = []
    with executor_for(options.jobs, options.cluster, options.device) as executor:
        for paper, claims in chosen:
            figures = (options.figures or paths.home() / "figures") / paper.name
            told = _Teller()
            before = len(results)
            for result in measure(
                paper,
                claims,
                executor,
                seeds=options.seeds,
                full=options.full,
                device=options.device,
                figures=figures,
                tell=told.tell,
            ):
                results.append(result)
                _keep(result, paper, figures, options.record)
                if not options.json:
                    _print(result)
            if not options.json:
                _print_table(paper, results[before:], figures)
    if options.json:
        measured = [r.as_json() for r in results if isinstance(r, Measurement)]
        print(json.dumps(measured, indent=2, ensure_ascii=False))
    failed = [r for r in results if isinstance(r, Unmeasured)]
    for one in failed:
        print(f"{one.claim.id} could not be measured: {one.reason}\n{one.traceback}", file=sys.stderr)
    return exits.FAULT if failed else exits.DONE


def _keep(result: Measurement | Unmeasured, paper: Paper, figures: Path, record: bool) -> None:
    if not record or isinstance(result, Unmeasured):
        return
    from engine.runtime.store import Store

    with Store() as store:
        keep(result, paper, store, figures)


class _Teller:
    """Progress on standard error: a line when a claim begins and at most one every two seconds."""

    def __init__(self) -> None:
        self._claim = ""
        self._due = 0.0

    def tell(self, claim: Claim, fraction: float, text: str) -> None:
        now = time.monotonic()
        if claim.id == self._claim and now < self._due:
            return
        self._claim, self._due = claim.id, now + TELL_EVERY_S
        print(f"{claim.id}: {fraction:4.0%} {text}".rstrip(), file=sys.stderr, flush=True)


def _print(result: Measurement | Unmeasured) -> None:
    if isinstance(result, Unmeasured):
        print(f"\n{result.claim.id}: NOT MEASURED\n  {result.claim.statement}\n  reason   {result.reason}", flush=True)
        return
    print(f"\n{result.claim}: {WORDS[result.holds]}\n  {result.statement}")
    print(f"  paper    {result.paper}\n  measured {result.measured}")
    for note in result.notes:
        print(f"  note     {note}")
    seeds = ", ".join(map(str, result.seeds))
    print(f"  seeds {seeds} · {result.seconds:.1f} s · {result.device}", flush=True)


def _print_table(paper: Paper, results: Sequence[Measurement | Unmeasured], figures: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("claim", "paper", "measured", "", "s"):
        table.add_column(heading, justify="right" if heading == "s" else "left", no_wrap=heading == "claim")
    drawn = 0
    for r in results:
        if isinstance(r, Unmeasured):
            table.add_row(r.claim.id, r.claim.reported, "not measured", "failed", "")
        else:
            drawn += len(r.figures)
            table.add_row(r.claim, r.paper, r.measured, WORDS[r.holds], f"{r.seconds:.1f}")
    console = Console()
    console.print(f"\n{paper.title}", highlight=False)
    console.print(table)
    if drawn:
        console.print(f"{drawn} figures in {figures}", highlight=False, soft_wrap=True)
