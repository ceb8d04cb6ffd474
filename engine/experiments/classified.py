"""What a classifier mistakes for what, counted for a picture."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.papers.classified import ConfusionView

MISTAKES = 24
"""Mistaken pictures that are sent with the counts."""


def confusion(x: Tensor, true: Tensor, said: Tensor, classes: int, shape: tuple[int, ...]) -> ConfusionView:
    """Counts and the first mistakes. x [N, pixels]; true, said int [N] in 0..classes-1; shape: of one picture."""
    answered, right = said.cpu().numpy(), true.cpu().numpy()
    counts = np.bincount(right * classes + answered, minlength=classes * classes).reshape(classes, classes)
    wrong = np.flatnonzero(answered != right)[:MISTAKES]
    images = x[torch.from_numpy(wrong).to(x.device)].float().cpu().numpy().reshape(-1, *shape)
    return ConfusionView(counts.astype(np.int32), wrong, answered[wrong], right[wrong], images.copy())
