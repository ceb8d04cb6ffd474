"""`main.py bench`: the same as ``python -m benchmarks``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from engine.cli.options import Bench

PROJECT = Path(__file__).resolve().parents[2]


def run(options: Bench) -> int:
    """Runs the benchmarks in a process of their own, so that none inherits what this one has imported."""
    flags = [f"--{name}" for name in ("quick", "list", "json") if getattr(options, name)]
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *options.names, *flags], cwd=PROJECT, check=False
    ).returncode
