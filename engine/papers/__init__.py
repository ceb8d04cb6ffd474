"""The registry of papers: names in the order of the rail, loaded one by one or all together.

To add a paper, write `engine/papers/NAME.py` with a `PAPER` and add its name here.
"""

from __future__ import annotations

from importlib import import_module

from engine.papers.contract import Paper, ParameterError

NAMES: tuple[str, ...] = (
    "dendritic",
    "equilibrium",
    "gibbsnet",
    "actual",
    "variational_bilstm",
    "zforcing",
    "pag",
    "surface_statistics",
    "three_factors",
    "obamanet",
)


def load_paper(name: str) -> Paper:
    """The declaration of one paper. Raises `ParameterError` naming those that exist."""
    if name not in NAMES:
        raise ParameterError(f"There is no paper {name!r}. Papers: {', '.join(NAMES)}")
    paper = import_module(f"engine.papers.{name}").PAPER
    assert isinstance(paper, Paper)
    return paper


def all_papers() -> tuple[Paper, ...]:
    """All papers in the order of the rail."""
    return tuple(load_paper(name) for name in NAMES)
