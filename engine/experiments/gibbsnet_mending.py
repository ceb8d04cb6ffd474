"""Repairs: the last good weights are kept, and each recognised failure has its change of knobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from engine.papers.gibbsnet_views import Repaired

if TYPE_CHECKING:
    from engine.experiments.gibbsnet_run import GibbsNetExperiment

KEEP_EVERY = 500
FAIR_SPREAD = 0.5  # of the data's: weights whose chains differ at least so much are worth keeping


class Mending:
    """Keeps the weights of GibbsNet from when its chains were last diverse. Memory: one copy of the learner."""

    def __init__(self) -> None:
        self._good: dict[str, Tensor] | None = None
        self._good_step = -1

    def keep(self, experiment: GibbsNetExperiment) -> None:
        """Every 500 updates, when nothing is wrong."""
        if experiment.steps_done % KEEP_EVERY or experiment.faults.told:
            return
        pulse = experiment.faults.pulse
        if pulse is not None and pulse.pair_spread >= FAIR_SPREAD:
            self._good = experiment.learners["gibbsnet"].tensors()
            self._good_step = experiment.steps_done

    def repair(self, experiment: GibbsNetExperiment) -> Repaired:
        """Mends what has been told. The changed knobs are applied at once and named for the panel."""
        told, p = set(experiment.faults.told), experiment.p
        changes: dict[str, float | str | bool] = {}
        done: list[str] = []
        if told & {"collapsed", "discriminator-won", "z-scale"} and p.paper_mode:
            changes["paper_mode"] = False
            done.append("Paper mode off: the aids are back.")
        if told & {"collapsed", "discriminator-won"}:
            changes |= {"r1": max(0.5, p.r1), "lr_ratio": 3.0, "lr": min(p.lr, 4e-4), "standardise_z": True}
            changes["grad_steps"] = max(1, p.grad_steps)
            done.append("R1 on, D's rate three times q's, gradient through at least one Gibbs step.")
        if told & {"collapsed", "absorbed"}:
            changes |= {"pool_share": max(0.75, p.pool_share), "chain_steps": max(3, p.chain_steps)}
            done.append("75 % of the chains go on from the pool, K at least 3.")
        if "z-scale" in told:
            changes["standardise_z"] = True
            done.append("D sees standardised z.")
        if "empty-latent" in told:
            changes["log_sigma_max"] = min(-1.0, p.log_sigma_max)
            done.append("The largest log σ is −1.")
        experiment.change(p.with_changes(**changes))
        if "collapsed" in told and self._good is not None:
            learner = experiment.learners["gibbsnet"]
            updates = learner.updates
            learner.load(self._good, updates)
            done.append(f"Weights of step {self._good_step:,} are back.")
        elif "collapsed" in told:
            done.append("There are no earlier good weights: rewind to start over with these aids.")
        experiment.faults.mended(experiment.steps_done)
        return Repaired(" ".join(done) or "Nothing was wrong.", changes)
