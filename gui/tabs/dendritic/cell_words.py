"""All values of one cell in words, for the boxes beside the pointer."""

from __future__ import annotations

from engine.papers.dendritic_views import AreaView
from gui.widgets.painted import number


def area_text(area: AreaView, k: int, cell: int) -> str:
    """All values of one pyramidal cell, a line each."""
    lines = (
        ("basal W r", area.v_basal),
        ("top-down B r", area.top_down),
        ("cancellation Q rᴵ", area.cancellation),
        ("apical vᴬ = sum", area.v_apical),
        ("soma u", area.u),
        ("rate φ(u)", area.rate),
        ("backprop δ", area.delta),
    )
    return "\n".join([f"area {k}, cell {cell}", *(f"{name}  {number(float(v[cell]))}" for name, v in lines)])
