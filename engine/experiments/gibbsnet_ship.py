"""``python -m engine.experiments.gibbsnet_ship``: trains the weights that come with Atelier, on the bundled digits.

Writes assets/gibbsnet/judge-digits.safetensors (the classifier that judges samples) and digits-joint.safetensors
(GibbsNet, ALI and the GAN of the first preset after so many updates, with their curves against chain length).
"""

from __future__ import annotations

import argparse
import time

import torch

from engine.data.digits import load_digits
from engine.experiments import shipped
from engine.experiments.contract import Context
from engine.experiments.gibbsnet_run import GibbsNetExperiment
from engine.experiments.gibbsnet_shipped import NAME, curve_tensors, kept
from engine.experiments.random_streams import stream
from engine.models.gibbsnet_judge import Judge
from engine.papers.contract import validate
from engine.papers.gibbsnet import PRESETS, GibbsNetParams
from engine.papers.gibbsnet_views import MeasureArguments

UPDATES = 6000
LENGTHS = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
PIXELS = (1, 8, 8)


def train_judge() -> float:
    """Trains and writes the classifier of digits; its accuracy on the test digits."""
    digits = load_digits(8)
    judge = Judge(PIXELS, 10, stream(0, "judge"), torch.device("cpu"), classes=True)
    judge.train(torch.from_numpy(digits.train_x), torch.from_numpy(digits.train_y), judge.updates_wanted)
    said = judge.said(torch.from_numpy(digits.test_x))
    right = float((said == torch.from_numpy(digits.test_y)).float().mean())
    words = {"updates": str(judge.updates), "accuracy": f"{right:.4f}"}
    shipped.write(shipped.path_of("gibbsnet", "judge-digits"), judge.net.state_dict(), words)
    return right


def train(updates: int, seed: int) -> GibbsNetExperiment:
    """The first preset from random weights; prints how near it is to the data."""
    values = {**next(p.values for p in PRESETS if p.id == NAME), "start": "fresh", "baselines": "both", "seed": seed}
    context = Context(torch.device("cpu"), lambda *words: print(words[1], words[2]), lambda code: None)
    experiment = GibbsNetExperiment(validate(GibbsNetParams, values), context)
    for step in range(1, updates + 1):
        found = experiment.step()
        if "fd" in found and step % 400 == 0:
            print(step, {name: round(value, 3) for name, value in found.items()}, flush=True)
    return experiment


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--updates", type=int, default=UPDATES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--judge", action="store_true", help="train the judge again, too")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.judge:
        print(f"judge: {100 * train_judge():.2f} % of the test digits")
    begun = time.process_time()
    experiment = train(options.updates, options.seed)
    minutes = (time.process_time() - begun) / 60
    tensors = {f"{n}.{k}": v for n, learner in experiment.learners.items() for k, v in kept(learner).items()}
    for _ in experiment.measure(MeasureArguments(lengths=LENGTHS)):
        pass
    for curve in experiment.measured.curves:
        tensors |= curve_tensors(curve)
        print(curve.model, dict(zip(LENGTHS, curve.fd.round(2), strict=True)))
    words = {"updates": str(options.updates), "minutes": f"{minutes:.1f}", "seed": str(options.seed)}
    shipped.write(shipped.path_of("gibbsnet", NAME), tensors, words)


if __name__ == "__main__":
    main()
