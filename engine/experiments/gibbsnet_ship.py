"""``python -m engine.experiments.gibbsnet_ship``: trains the weights that come with Atelier, on the bundled digits.

Two stages: `--first` from random weights with a weak penalty (fast), then without it: on from there with the settings
of the preset (long chains become stable).

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

FIRST_UPDATES, UPDATES = 6000, 2000
FIRST = {"start": "fresh", "r1": 0.5, "short_share": 0.5, "lr": 4e-4}
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


def train(updates: int, seed: int, *, first: bool) -> GibbsNetExperiment:
    """The first preset, one stage; prints how near it is to the data."""
    preset = next(p.values for p in PRESETS if p.id == NAME)
    values = {**preset, "baselines": "both", "seed": seed, **(FIRST if first else {})}
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
    parser.add_argument("--first", action="store_true", help="from random weights; without: on from the shipped ones")
    parser.add_argument("--updates", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--judge", action="store_true", help="train the judge again, too")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.judge:
        print(f"judge: {100 * train_judge():.2f} % of the test digits")
    begun = time.process_time()
    updates = options.updates or (FIRST_UPDATES if options.first else UPDATES)
    experiment = train(updates, options.seed, first=options.first)
    minutes = (time.process_time() - begun) / 60
    tensors = {f"{n}.{k}": v for n, learner in experiment.learners.items() for k, v in kept(learner).items()}
    for _ in experiment.measure(MeasureArguments(lengths=LENGTHS)):
        pass
    for curve in experiment.measured.curves[-len(experiment.learners) :]:
        tensors |= curve_tensors(curve)
        print(curve.model, dict(zip(LENGTHS, curve.fd.round(2), strict=True)))
    before = 0.0 if options.first else float(shipped.read(shipped.path_of("gibbsnet", NAME))[1]["minutes"])
    done = experiment.learners["gibbsnet"].updates
    words = {"updates": str(done), "minutes": f"{before + minutes:.1f}", "seed": str(options.seed)}
    shipped.write(shipped.path_of("gibbsnet", NAME), tensors, words)


if __name__ == "__main__":
    main()
