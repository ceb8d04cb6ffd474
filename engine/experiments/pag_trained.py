"""The weights that come with the program: how they are read into the racers, and the command that made them.

``python -m engine.experiments.pag_trained numbers-de 700`` trains a preset's three models for that many rounds on the
CPU with one thread and writes ``assets/pag/TASK-MODEL.safetensors``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

import torch

from engine.experiments import shipped
from engine.experiments.pag_racer import Racer
from engine.papers.contract import ParameterError
from engine.papers.pag import PagParams
from engine.papers.pag_views import NAMES, Model

PAPER = "pag"


def load_trained(params: PagParams, racers: Mapping[Model, Racer]) -> None:
    """Puts shipped weights into the racers. Raises `ParameterError` when there are none of this task and size."""
    for kind, racer in racers.items():
        path = shipped.path_of(PAPER, f"{params.task}-{kind}")
        try:
            tensors, _ = shipped.read(path)
        except shipped.ShippedError as error:
            raise ParameterError(str(error)) from error
        own = dict(racer.net.named_parameters())
        wrong = [n for n, p in own.items() if n not in tensors or tensors[n].shape != p.shape]
        if wrong or tensors.keys() != own.keys():
            raise ParameterError(
                f"start = trained: the weights of {NAMES[kind]} that come with the program have the default sizes "
                f"({(wrong or ['the plan'])[0]} differs). Choose those, or start fresh."
            )
        with torch.no_grad():
            for name, p in own.items():
                p.copy_(tensors[name])
        racer.keep_good()


def main(preset: str, rounds: int) -> None:
    """Trains and writes."""
    from engine.experiments.contract import Context
    from engine.experiments.pag_run import PagExperiment
    from engine.papers.pag import PAPER as DECLARED

    torch.set_num_threads(1)
    params = DECLARED.make_params(preset, {"start": "fresh"})
    assert isinstance(params, PagParams)
    run = PagExperiment(params, Context(torch.device("cpu"), lambda *words: print(*words[:3]), lambda code: None))
    while run.steps_done < rounds:
        for name, value in run.step().items():
            if name.startswith("exact"):
                print(f"{run.steps_done:6d} {name} {value:.1f}", flush=True)
    words = {"command": f"python -m engine.experiments.pag_trained {preset} {rounds}", "preset": preset}
    for kind, racer in run.racers.items():
        path = shipped.path_of(PAPER, f"{params.task}-{kind}")
        exact = racer.history.exact[-1]
        shipped.write(path, dict(racer.net.named_parameters()), {**words, "held-out exact": f"{exact:.4f}"})
        print(path, racer.net.size, exact)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
