"""What each command of `main.py` accepts: one dataclass a command, from which tyro makes the options and the help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

Words = Annotated[tuple[str, ...], tyro.conf.UseAppendAction]


@dataclass(frozen=True, slots=True)
class Train:
    """Trains a paper's model without a window and keeps the same records as the window.

    Ctrl+C saves and stops; --resume goes on. Later wins: preset, --params, --set.
    """

    paper: tyro.conf.Positional[str]
    """Name of the paper (see: papers)."""
    preset: str = ""
    """Preset to start from; default: the paper's first."""
    set: Words = ()
    """NAME=VALUE of one parameter, as often as needed: --set h1=0.4 --set teacher=off"""
    params: Path | None = None
    """JSON file with parameters, e.g. {"h1": 0.4}, or one that the window exported."""
    steps: int = 0
    """Updates to make, those of a resumed run included; default: the preset's number."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:1 or mps."""
    threads: int = 0
    """Threads of the mathematics; default: the preset's."""
    record: bool = True
    """--no-record keeps nothing."""
    resume: str = ""
    """Id (or its beginning) of a run in the library: goes on from its newest checkpoint."""
    cluster: str = ""
    """Address of a Ray cluster (ray://HOST:10001, or auto) that trains instead; its node keeps the records."""
    detach: bool = False
    """With --cluster: leave as soon as the run goes on there."""
    join: str = ""
    """With --cluster: come back to the run of this name, as it was printed when it began."""
    json: bool = False
    """Print one JSON object at the end instead of words."""


@dataclass(frozen=True, slots=True)
class Papers:
    """Lists the papers: what is built, the presets with their times."""

    json: bool = False
    """Print JSON."""


@dataclass(frozen=True, slots=True)
class Doctor:
    """Reports this machine: what works, what is missing, and the remedy. Exit code 1 when there is a problem."""

    json: bool = False
    """Print JSON."""


@dataclass(frozen=True, slots=True)
class Reproduce:
    """Measures a paper's claims and prints them beside the paper's own figures; the records are kept."""

    paper: tyro.conf.Positional[str] = ""
    """Name of the paper; default: every paper that is built."""
    claim: Words = ()
    """Only this claim; as often as needed."""
    full: bool = False
    """At the paper's size instead of about two minutes a claim on two cores."""
    seeds: int = 0
    """How many seeds; default: 3."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:1 or mps."""
    jobs: int = 0
    """Runs side by side; default: one a core."""
    cluster: str = ""
    """Address of a Ray cluster (ray://HOST:10001, or auto) that does the work instead."""
    figures: Path | None = None
    """Folder for the figures; default: figures/ in the user data directory."""
    record: bool = True
    """--no-record keeps nothing."""
    json: bool = False
    """Print a JSON list, one object a claim."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Trains every combination of the given values and prints a table; each run is kept in the library."""

    paper: tyro.conf.Positional[str]
    """Name of the paper."""
    vary: Words = ()
    """NAME=A,B,C or NAME=0..3, as often as needed; every combination is run."""
    preset: str = ""
    """Preset to start from; default: the paper's first."""
    set: Words = ()
    """NAME=VALUE that is the same in all runs."""
    steps: int = 0
    """Updates of each run; default: the preset's number."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:1 or mps."""
    threads: int = 1
    """Threads of each run."""
    jobs: int = 0
    """Runs side by side; default: one a core."""
    cluster: str = ""
    """Address of a Ray cluster (ray://HOST:10001, or auto) that does the work instead."""
    record: bool = True
    """--no-record keeps nothing."""
    json: bool = False
    """Print a JSON list, one object a run."""


@dataclass(frozen=True, slots=True)
class Data:
    """Lists the public data sets and where they are; fetch NAME downloads one. Nothing is downloaded without it."""

    what: tyro.conf.Positional[Literal["list", "fetch"]] = "list"
    """list, or fetch to download."""
    name: tyro.conf.Positional[str] = ""
    """Name of the set: mnist or fashion-mnist; list without a name: all."""
    folder: Path | None = None
    """list: a folder to search first. fetch: where to put the set, in a folder of its own name."""
    json: bool = False
    """Print JSON; while fetching, one object a line with the bytes that have arrived."""


@dataclass(frozen=True, slots=True)
class Say:
    """Speaks a sentence with the talking face of ObamaNet."""

    sentence: tyro.conf.Positional[str]
    """What to say."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Measures speed: the naive way beside ours, and the window's reaction times. The same as python -m benchmarks."""

    names: tyro.conf.Positional[tuple[str, ...]] = ()
    """Benchmarks to run; default: all."""
    quick: bool = False
    """Shorter measurements."""
    list: bool = False
    """Only name them."""
    json: bool = False
    """Print a JSON list."""


Command = Train | Papers | Data | Doctor | Reproduce | Sweep | Say | Bench
COMMANDS: dict[str, type[Command]] = {
    "train": Train,
    "papers": Papers,
    "data": Data,
    "doctor": Doctor,
    "reproduce": Reproduce,
    "sweep": Sweep,
    "say": Say,
    "bench": Bench,
}
