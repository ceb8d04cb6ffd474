"""The failures of the method, recognised while it trains, each with one sentence and one button (section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch

from engine.experiments.contract import Context, Remedy
from engine.models.equilibrium import Network
from engine.models.equilibrium_solvers import Relaxation, Solver
from engine.papers.equilibrium import LARGEST_CENTRED_BETA, STUCK_GAIN, EquilibriumParams

# Order: what explains the others comes first.
CODES = ("unstable", "stuck", "not-arrived", "not-at-rest", "lost-class", "centred-beta")
PATIENCE = {"stuck": 40, "lost-class": 40, "not-at-rest": 20}  # updates a fault must last before it is told
GRACE = 200  # updates after a repair before a slow fault is told again
LEAST_STEPS = 40  # before that a network has not had time to show what it can do

SATURATED = 0.99
COST_OF_SILENCE = 0.4  # 0.5 when every output is 0
SILENT_OUTPUTS = 5
REST_SHARE = 0.02  # of beta: rms distance from rest that may leak into the update (about 0.1 beta at the worst neuron)
ENERGY_RISE = 1e-3


@dataclass(frozen=True, slots=True)
class Signs:
    """What is measured on the probe pictures with the knobs of the run.

    residual, largest: root mean square and largest distance from rest after the free phase; energy: mean at rest;
    rise: largest rise of any picture's energy in one of the last free sweeps; saturated: share of outputs at 0 or 1;
    cost: mean; silent: outputs that are 0 for every picture; lost: classes whose own output is nearly always silent.
    """

    residual: float
    largest: float
    energy: float
    rise: float
    saturated: float
    cost: float
    silent: int
    lost: tuple[int, ...]


class FaultWatch:
    """Which faults hold, since when, and who has been told."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._since: dict[str, int] = {}
        self._quiet_until = 0
        self.told: dict[str, str] = {}

    def look(self, step: int, params: EquilibriumParams, net: Network, signs: Signs | None) -> None:
        """Compares signs and knobs with what is sound; tells and clears. signs None: only the knobs are judged."""
        found = _faults_of_knobs(params, net)
        judged_by_knobs = judged = {"not-arrived", "centred-beta"}
        if signs is not None:
            found |= _faults_of_signs(params, signs) if step >= 1 else {}
            judged = set(CODES)
        if "stuck" in found or "unstable" in found:
            found = {code: text for code, text in found.items() if code in ("stuck", "unstable", *judged_by_knobs)}
        for code in CODES:
            if code not in judged:
                continue
            if code not in found:
                self._since.pop(code, None)
                if self.told.pop(code, None) is not None:
                    self._context.clear(code)
                continue
            began = self._since.setdefault(code, step)
            patience = PATIENCE.get(code, 0)
            is_early = bool(patience) and step < max(LEAST_STEPS, self._quiet_until)
            if code not in self.told and step - began >= patience and not is_early:
                self._tell(code, found[code], step)
            elif code in self.told:
                self.told[code] = found[code]

    def _tell(self, code: str, text: str, step: int) -> None:
        self.told[code] = text
        level = "info" if code == "centred-beta" else "warning"
        remedies = (Remedy(_BUTTONS[code], action="repair"),)
        self._context.notify(level, code, text, remedies, step)

    def mended(self, step: int) -> None:
        """Forgets everything after a repair, and gives what was mended time to show."""
        self.clear()
        self._quiet_until = step + GRACE

    def clear(self) -> None:
        """Forgets everything."""
        for code in list(self.told):
            self._context.clear(code)
        self.told.clear()
        self._since.clear()

    @property
    def words(self) -> str:
        """The most important fault that holds, one sentence ("" when all is well)."""
        return next((self.told[code] for code in CODES if code in self.told), "")

    def meta(self) -> dict[str, Any]:
        """Since when each suspicion holds, for a checkpoint."""
        return {"since": dict(self._since), "quiet": self._quiet_until}

    def restore(self, meta: Mapping[str, Any]) -> None:
        """Goes on where `meta` was taken; what was told will be told again when it still holds."""
        self.clear()
        self._since = {str(code): int(step) for code, step in meta["since"].items()}
        self._quiet_until = int(meta["quiet"])


_BUTTONS = {
    "unstable": "Set ε = 0.5",
    "stuck": f"Draw the weights again with gain {STUCK_GAIN:g}",
    "not-arrived": "Enough nudged sweeps",
    "not-at-rest": "Enough free sweeps",
    "lost-class": "Learn by nudges with β = 0.5",
    "centred-beta": "Set β = 0.25",
}


def solver_of(params: EquilibriumParams) -> Solver:
    """The solver that is really used: the exact one needs clipped neurons."""
    return params.solver if params.rho == "clipped" or params.solver == "autograd" else "euler"


def enough_nudged_sweeps(params: EquilibriumParams, net: Network) -> int:
    """Sweeps with which the error reaches the first layer and settles a little there."""
    return max(4, 2 * Relaxation(net).arrival(solver_of(params)))


def _faults_of_knobs(params: EquilibriumParams, net: Network) -> dict[str, str]:
    found = {}
    needed = Relaxation(net).arrival(solver_of(params))
    if params.nudged_sweeps < needed:
        found["not-arrived"] = (
            f"The error has not arrived yet: with {params.nudged_sweeps} of {needed} needed nudged sweeps the first "
            "layer gets no gradient at all."
        )
    if params.nudging == "centred" and params.trainer == "ep" and params.beta > LARGEST_CENTRED_BETA:
        found["centred-beta"] = (
            f"β = {params.beta:g} is applied as {LARGEST_CENTRED_BETA:g}: at −1 nothing would hold the output any more."
        )
    return found


def _faults_of_signs(params: EquilibriumParams, signs: Signs) -> dict[str, str]:
    found = {}
    if signs.rise > ENERGY_RISE:
        found["unstable"] = (
            f"The network oscillates: its energy rises by up to {signs.rise:.2g} in a free step, because the Euler "
            f"step ε = {params.epsilon:g} is too large."
        )
    is_saturated = signs.saturated > SATURATED and signs.cost > COST_OF_SILENCE
    if is_saturated or signs.silent >= SILENT_OUTPUTS:
        found["stuck"] = (
            "The network is stuck in one valley: its outputs are the same for every picture. "
            "Start with smaller weights."
        )
    strength = params.beta if params.trainer == "ep" else 0.25  # the side network is exact at rest only, too
    if signs.residual > REST_SHARE * strength:
        found["not-at-rest"] = (
            f"Not at rest: after {params.free_sweeps} free sweeps the neurons are still {signs.residual:.1g} away from "
            f"their rest, and the update divides that by β = {strength:g}."
        )
    if signs.lost:
        names = ", ".join(str(c) for c in signs.lost)
        which = f"The output of {names} is" if len(signs.lost) == 1 else f"The outputs of {names} are"
        found["lost-class"] = (
            f"{which} silent for nearly all their own pictures: a saturated neuron has no derivative. Raise β."
        )
    return found


def rises(energies: list[torch.Tensor]) -> float:
    """Largest rise of any picture's energy between successive sweeps; energies: [B] after each."""
    if len(energies) < 2:
        return 0.0
    return max(float((b - a).max()) for a, b in pairwise(energies))
