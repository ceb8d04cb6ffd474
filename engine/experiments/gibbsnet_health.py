"""The failures of adversarial chains, recognised while they train, each with one sentence and one button."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.experiments.contract import Context, Remedy
from engine.experiments.gibbsnet_measures import Signs
from engine.models.gibbsnet_learning import GameKnobs
from engine.papers.gibbsnet_views import Gauge, HealthView, Level

WON_LOSS, WON_STEPS = 0.2, 200  # discriminator's loss that is too low, and for how many updates
CHANCE = 2.0 * math.log(2.0)
COLLAPSED_SPREAD = 0.1  # of the data's
FAR = 0.6  # Frechet distance over the data's total variance: 3 on the 8x8 digits
IN_BALANCE = 1.0  # discriminator's loss above which D does not complain about a collapse
ABSORBED_BITS = 1.0
Z_RANGE = (0.05, 20.0)
NOISY = 3.0  # noise over signal above which z carries almost nothing
GRACE = 1000
NEARER_BY = 2 * GRACE  # update from which on a large distance is no longer the beginning of training

CODES = ("collapsed", "discriminator-won", "absorbed", "z-scale", "empty-latent")
_BUTTONS = {
    "collapsed": "Back to the last good weights, with R1 and D's faster rate",
    "discriminator-won": "R1 on, D's rate three times q's",
    "absorbed": "75 % of the chains from the pool, K at least 3",
    "z-scale": "Let D see standardised z",
    "empty-latent": "Lower the largest log σ to −1",
}


@dataclass(frozen=True, slots=True)
class Pulse:
    """Of recent updates, running means: loss_d; logit_square; signal: spread of q's means over pictures; noise: mean
    sigma; z_rms; pair_spread: spread of the last pairs' pictures over the data's."""

    loss_d: float
    logit_square: float
    signal: float
    noise: float
    z_rms: float
    pair_spread: float


class HealthWatch:
    """Which faults hold and who has been told."""

    def __init__(self, context: Context, total_variance: float) -> None:
        self._context = context
        self._variance = total_variance
        self._won_since = -1
        self._quiet_until = 0
        self.told: dict[str, str] = {}
        self.pulse: Pulse | None = None
        self.signs: Signs | None = None
        self.late: tuple[float, float] | None = None  # entropy at K and at 1000 steps, when it was measured

    def felt(self, step: int, pulse: Pulse) -> None:
        """After some updates: the running means."""
        self.pulse = pulse
        if pulse.loss_d >= WON_LOSS:
            self._won_since = -1
        elif self._won_since < 0:
            self._won_since = step

    def look(self, step: int, knobs: GameKnobs, signs: Signs | None = None) -> None:
        """Compares with what is sound; tells and clears."""
        self.signs = signs or self.signs
        found = self._found(step, knobs) if step >= self._quiet_until else {}
        for code in CODES:
            if code not in found:
                if self.told.pop(code, None) is not None:
                    self._context.clear(code)
            elif code not in self.told:
                self.told[code] = found[code]
                remedy = (Remedy(_BUTTONS[code], action="repair"),)
                level = "error" if code == "collapsed" else "warning"
                self._context.notify(level, code, found[code], remedy, step)
            else:
                self.told[code] = found[code]

    def _found(self, step: int, knobs: GameKnobs) -> dict[str, str]:
        pulse, signs = self.pulse, self.signs
        found: dict[str, str] = {}
        if pulse is None:
            return found
        is_far = signs is not None and signs.fd > FAR * self._variance and pulse.loss_d > IN_BALANCE
        is_flat = pulse.pair_spread < COLLAPSED_SPREAD or (signs is not None and signs.diversity < COLLAPSED_SPREAD)
        if (step >= GRACE and is_flat) or (step >= NEARER_BY and is_far):
            found["collapsed"] = (
                f"The chains have collapsed: their pictures differ by {100 * pulse.pair_spread:.0f} % of what training "
                "pictures differ by, so every start leads to nearly the same picture."
                if is_flat else
                "The chains are far from the data, yet the discriminator finds nothing wrong: x and z lost each other."
            )  # fmt: skip
        if self._won_since >= 0 and step - self._won_since >= WON_STEPS:
            found["discriminator-won"] = (
                f"The discriminator has won: its loss is {pulse.loss_d:.2g} (chance {CHANCE:.2f}), so q and p learn "
                "nothing useful. Raise R1 or lower its rate."
            )
        if self.late is not None and self.late[1] < ABSORBED_BITS <= self.late[0]:
            found["absorbed"] = (
                f"Long chains end in one class ({self.late[1]:.1f} bits at step 1,000, {self.late[0]:.1f} at K): the "
                "chain remembers too long. Raise the pool share or K."
            )
        if not Z_RANGE[0] <= pulse.z_rms <= Z_RANGE[1]:
            found["z-scale"] = (
                f"z has drifted to a size of {pulse.z_rms:.2g}: its scale is free unless D standardises it."
            )
        if pulse.signal > 0 and pulse.noise / pulse.signal > NOISY and step >= GRACE:
            found["empty-latent"] = (
                f"z carries almost nothing: its noise is {pulse.noise / pulse.signal:.1f} times what the picture "
                "decides of it. Lower the largest log σ."
            )
        return found

    def mended(self, step: int) -> None:
        """Forgets everything after a repair, and gives it time to show."""
        self.clear()
        self._quiet_until = step + GRACE

    def clear(self) -> None:
        """Forgets everything."""
        for code in list(self.told):
            self._context.clear(code)
        self.told.clear()
        self._won_since, self.late = -1, None

    def meta(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {"won": self._won_since, "quiet": self._quiet_until}

    def restore(self, meta: Mapping[str, Any]) -> None:
        """Goes on where `meta` was taken; what was told will be told again when it still holds."""
        self.clear()
        self.pulse = self.signs = None
        self._won_since, self._quiet_until = int(meta["won"]), int(meta["quiet"])

    def view(self, K_now: int, version: int) -> HealthView:
        """The collapse meter."""
        gauges = self._gauges()
        levels = [gauge.level for gauge in gauges]
        level: Level = (
            "bad" if "bad" in levels or "collapsed" in self.told else "warning" if "warning" in levels else "good"
        )
        code = next((code for code in CODES if code in self.told), "")
        return HealthView(gauges, level, self.told.get(code, ""), _BUTTONS.get(code, ""), K_now, version)

    def _gauges(self) -> tuple[Gauge, ...]:
        pulse, signs = self.pulse, self.signs
        nan = math.nan
        if pulse is None:
            return ()
        loss = pulse.loss_d
        won: Level = "warning" if loss < WON_LOSS else "good"
        words = ("D tells nearly every pair: nothing can be learnt from it." if loss < WON_LOSS else
                 "Near chance: D cannot tell the two chains apart." if loss > 0.9 * CHANCE else
                 "D tells some pairs apart: there is something to learn.")  # fmt: skip
        gauges = [Gauge("loss", "discriminator's loss", loss, "of 1.386", WON_LOSS, nan, won, words)]
        flat: Level = "bad" if pulse.pair_spread < COLLAPSED_SPREAD else "good"
        gauges.append(Gauge(
            "spread", "diversity of the last pairs", pulse.pair_spread, "× data", COLLAPSED_SPREAD, nan, flat,
            "All chains show nearly the same picture." if flat == "bad" else "Chains differ as the data do.",
        ))  # fmt: skip
        if signs is not None:
            far: Level = "bad" if signs.fd > FAR * self._variance else "good"
            gauges.append(Gauge(
                "fd", "distance from the data at 20 steps", signs.fd, "Fréchet", nan, FAR * self._variance, far,
                "Samples are far from the data." if far == "bad" else "Samples are near the data.",
            ))  # fmt: skip
            if math.isfinite(signs.entropy):
                poor: Level = "bad" if signs.entropy < ABSORBED_BITS else "good"
                gauges.append(Gauge(
                    "entropy", "classes after 20 steps", signs.entropy, "bits", ABSORBED_BITS, nan, poor,
                    "Nearly one class is left." if poor == "bad" else "Many classes are visited.",
                ))  # fmt: skip
        size: Level = "good" if Z_RANGE[0] <= pulse.z_rms <= Z_RANGE[1] else "warning"
        gauges.append(Gauge("z", "size of z", pulse.z_rms, "rms", *Z_RANGE, size,
                            "z keeps its size." if size == "good" else "The scale of z has drifted."))  # fmt: skip
        ratio = pulse.noise / max(pulse.signal, 1e-9)
        empty: Level = "warning" if ratio > NOISY else "good"
        gauges.append(Gauge(
            "noise", "noise of z over its signal", ratio, "×", nan, NOISY, empty,
            "z says almost nothing about the picture." if empty == "warning" else "z tells pictures apart.",
        ))  # fmt: skip
        return tuple(gauges)
