"""``python -m benchmarks [NAME ...] [--quick] [--list] [--json]``: runs the benchmarks and prints one table.

A benchmark is a file ``benchmarks/NAME.py`` with ``def measure(quick: bool) -> Iterable[Row]``; its first docstring
line names it in the list. Each runs in a process of its own, so that the window's are measured without torch.
Exit code 1 when one could not be run or a requirement is not met.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
NOT_BENCHMARKS = {"__init__", "__main__", "harness"}


def names() -> list[str]:
    """Every benchmark by file name: those with a top-level `measure`."""
    return [path.stem for path in sorted(HERE.glob("*.py")) if path.stem not in NOT_BENCHMARKS and _measures(path)]


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _measures(path: Path) -> bool:
    return any(isinstance(node, ast.FunctionDef) and node.name == "measure" for node in _tree(path).body)


def title(name: str) -> str:
    """First line of the benchmark's docstring."""
    return (ast.get_docstring(_tree(HERE / f"{name}.py")) or name).splitlines()[0]


def run_here(name: str, quick: bool) -> None:
    """Runs one benchmark in this process and prints its rows as the last line of standard output."""
    rows = [asdict(row) for row in import_module(f"benchmarks.{name}").measure(quick)]
    print("\n" + json.dumps(rows))


def run_apart(name: str, quick: bool) -> tuple[list[dict[str, Any]], str]:
    """Rows of one benchmark run in its own process, or the fault in words."""
    command = [sys.executable, "-m", "benchmarks", "--here", name, *(["--quick"] if quick else [])]
    done = subprocess.run(command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        return [], f"ended with exit code {done.returncode}"
    return list(json.loads(done.stdout.strip().splitlines()[-1])), ""


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="shorter measurements")
    parser.add_argument("--list", action="store_true", help="only name them")
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    known = names()
    unknown = sorted(set(options.names) - set(known))
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are: {', '.join(known) or 'none'}")
    chosen = options.names or known
    if options.list:
        for name in chosen:
            print(f"{name:20} {title(name)}")
        return 0
    if options.here:
        run_here(chosen[0], options.quick)
        return 0
    return _report(chosen, options.quick, options.json)


def _report(chosen: Sequence[str], quick: bool, as_json: bool) -> int:
    rows: list[dict[str, Any]] = []
    faults = []
    for name in chosen:
        print(f"{name}: {title(name)}", file=sys.stderr, flush=True)
        found, fault = run_apart(name, quick)
        rows += [{"benchmark": name, **row} for row in found]
        if fault:
            faults.append(f"{name}: {fault}")
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        print_table(rows)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults or any(row["holds"] is False for row in rows) else 0


def print_table(rows: Sequence[dict[str, Any]]) -> None:
    """The rows with machine and load, as their figures mean little without."""
    from rich.console import Console
    from rich.table import Table

    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    heading = f"{platform.system()} {platform.machine()}, {os.cpu_count()} logical cores{load}"
    table = Table(title=heading, title_justify="left", box=None, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("benchmark", "what", "value", "goal", "met", "detail"):
        table.add_column(name, justify="right" if name == "value" else "left", no_wrap=name == "value")
    for row in rows:
        met = {True: "yes", False: "NO", None: ""}[row["holds"]]
        table.add_row(
            row["benchmark"], row["what"], f"{row['value']:.4g} {row['unit']}", row["goal"], met, row["detail"]
        )
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
