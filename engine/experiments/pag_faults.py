"""What can go wrong while the models race, told in one sentence with a remedy (page, section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import TYPE_CHECKING, Any

from engine.experiments.contract import Context, Remedy
from engine.papers.pag_views import NAMES, Model

if TYPE_CHECKING:
    from engine.experiments.pag_run import PagExperiment

PATIENCE = 200  # updates a lock must last before it is told
ALWAYS = 0.98
NEARLY_NEVER = 1.2  # re-plans per sequence; the first is forced
SPIKE = 5.0  # times the running median of the loss
WINDOW = 51
LEAST_LOSS = 0.05  # nats per sequence: a solved task's loss may jump without meaning
SOLVED = 0.95
PLATEAU_FROM = 150  # updates before a flat loss is called searching
PLATEAU_EXACT = 0.05


class FaultWatch:
    """Which suspicions hold, since when, and who has been told."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._since: dict[str, int] = {}
        self._losses: dict[str, list[float]] = {}
        self._spiked: dict[str, int] = {}
        self.words: dict[str, str] = {}

    def broke(self, kind: Model, tensor: str, step: int) -> None:
        """A model's numbers are no longer finite: it stops, the others go on."""
        text = f"{NAMES[kind]} has stopped: {tensor} is no longer finite. The others go on."
        self._tell("error", f"broken-{kind}", text, (Remedy("Back to its last good weights, half the rate",
                   action="repair"),), step)  # fmt: skip

    def look(self, run: PagExperiment) -> None:
        """After every round."""
        values = run.round_values
        for kind, racer in run.racers.items():
            if racer.fault:
                continue
            if f"nll_{kind}" in values:
                self._look_for_spike(run, kind, values[f"nll_{kind}"])
            if racer.shape.plans and f"replans_{kind}" in values:
                self._look_for_lock(run, kind, values[f"replans_{kind}"] / 100.0)
            if racer.history.exact:
                self._look_for_plateau(run, kind)

    def _look_for_lock(self, run: PagExperiment, kind: Model, rate: float) -> None:
        code = f"locked-{kind}"
        steps = run.round_length
        is_always, is_never = rate > ALWAYS, rate * steps < NEARLY_NEVER
        if run.p.policy != "learned" or run.p.k == 1 or not (is_always or is_never):
            self._since.pop(code, None)
            self._clear(code)
            return
        since = self._since.setdefault(code, run.steps_done)
        if run.steps_done - since < PATIENCE or code in self.words:
            return
        name, history = NAMES[kind], run.racers[kind].history
        if is_always and history.exact and history.exact[-1] > SOLVED:
            text = f"{name} re-plans at every step and is right: this task rewards looking again, not planning ahead."
            self._tell("info", code, text, (), run.steps_done)
            return
        what = "re-plans at every step" if is_always else "makes one plan and never looks again"
        text = (
            f"{name} {what} since update {since:,}: early on the switch locks to one side and stays there. "
            "Start again with another commit bias or a smaller k"
            + (", or put a price on re-plans." if is_always else ".")
        )
        remedies = (Remedy("Price η = 0.1", changes={"price": 0.1}),) if is_always and run.p.price == 0.0 else ()
        self._tell("warning", code, text, remedies, run.steps_done)

    def _look_for_spike(self, run: PagExperiment, kind: Model, nll: float) -> None:
        code, window = f"spike-{kind}", self._losses.setdefault(kind, [])
        middle = median(window) if len(window) >= WINDOW // 2 else 0.0
        per_symbol = nll / max(run.round_length, 1.0)
        if middle > LEAST_LOSS and per_symbol > SPIKE * middle:
            self._spiked[code] = run.steps_done
            if code not in self.words:
                text = f"The loss of {NAMES[kind]} jumped to {per_symbol / middle:.0f} times its median; it goes on."
                lower = (
                    Remedy("Clip 1", changes={"clip": 1.0}) if run.p.clip > 1.0 else None,
                    Remedy("Half the learning rate", changes={"lr": max(run.p.lr / 2.0, 1e-5)}),
                )
                self._tell("warning", code, text, tuple(r for r in lower if r is not None), run.steps_done)
        elif code in self.words and run.steps_done - self._spiked.get(code, 0) > WINDOW:
            self._clear(code)
        window.append(per_symbol)
        del window[:-WINDOW]

    def _look_for_plateau(self, run: PagExperiment, kind: Model) -> None:
        code, history = f"searching-{kind}", run.racers[kind].history
        is_flat = run.steps_done >= PLATEAU_FROM and max(history.exact) < PLATEAU_EXACT
        if is_flat and run.task.kind == "graph":
            if code not in self.words:
                text = f"{NAMES[kind]} is still searching: on graphs the loss stays flat and then drops suddenly."
                self._tell("info", code, text, (), run.steps_done)
        else:
            self._clear(code)

    def changed(self, run: PagExperiment) -> None:
        """Knobs moved: a lock is judged from here on."""
        for code in [c for c in self._since if c.startswith("locked")]:
            self._since[code] = run.steps_done
            self._clear(code)

    def mended(self) -> None:
        """Forgets what was broken."""
        for code in [c for c in self.words if c.startswith("broken")]:
            self._clear(code)

    def words_of(self, kind: Model) -> str:
        """The most important sentence about one model ("" when all is well)."""
        codes = (f"broken-{kind}", f"spike-{kind}", f"locked-{kind}", f"searching-{kind}")
        return next((self.words[code] for code in codes if code in self.words), "")

    def meta(self) -> dict[str, Any]:
        """Since when each suspicion holds, for a checkpoint."""
        return {"since": dict(self._since), "losses": {k: list(v) for k, v in self._losses.items()}}

    def restore(self, meta: Mapping[str, Any]) -> None:
        """Goes on where `meta` was taken; what was told is told again when it still holds."""
        for code in list(self.words):
            self._clear(code)
        self._since = {str(code): int(step) for code, step in meta["since"].items()}
        self._losses = {str(kind): [float(v) for v in window] for kind, window in meta["losses"].items()}
        self._spiked = {}

    def _tell(self, level: str, code: str, text: str, remedies: tuple[Remedy, ...], step: int) -> None:
        self.words[code] = text
        self._context.notify(level, code, text, remedies, step)

    def _clear(self, code: str) -> None:
        if self.words.pop(code, None) is not None:
            self._context.clear(code)
