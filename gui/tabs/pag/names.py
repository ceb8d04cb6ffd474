"""What the three models are called and coloured in this tab, and small words that several panels share."""

from __future__ import annotations

from engine.papers.pag_views import NAMES, Film, FilmView, Model

COLOURS: dict[Model, str] = {"baseline": "baseline", "pag": "series0", "rpag": "series1"}
"""One colour per model in every plot of this tab, as the curves of the run have them."""
REPLAN, FOLLOW, GOLD, USED, BY_HAND = "good", "muted", "data", "text", "accent"
"""A re-plan, a followed step, the true alignment, where the decoder looked in the end, what a person asked for."""
UNTRAINED = 0.05
"""A row in use in a smaller share of recent training steps got next to no training signal."""
TARGETS: tuple[Model, ...] = ("pag", "rpag", "baseline")
"""The models in the order in which their plans are offered."""
WAITING = "Press Train or Step: {}."


def model_name(model: Model) -> str:
    """As the paper calls it."""
    return NAMES[model]


def film_of(view: FilmView | None, model: Model) -> Film | None:
    """The decoding of one model, None where it is not trained here or nothing could be decoded."""
    return next((f for f in view.films if f.model == model), None) if view is not None else None


def missing(view: FilmView, model: Model) -> str:
    """Why there is no film of a model."""
    if view.trouble:
        return view.trouble
    return f"{model_name(model)} has no part in this run: choose it under “models” and start anew."


def percent(share: float, digits: int = 0) -> str:
    """A share 0..1 in words; "–" where it is not known."""
    return "–" if share != share else f"{100 * share:.{digits}f} %"
