"""What stands on the curves where a knob was turned."""

from __future__ import annotations

from typing import Any

from engine.papers.contract import Paper, knobs


def mark_words(paper: Paper, name: str, old: Any, new: Any) -> str:
    """A changed knob by its symbol ("λ 0.42 → 0.1"), else by its label, else (not of this paper) by its name."""
    known = {k.name: k.symbol or k.label for k in knobs(paper.params)} if paper.params is not None else {}
    return f"{known.get(name, name)} {_short(old)} → {_short(new)}"


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
