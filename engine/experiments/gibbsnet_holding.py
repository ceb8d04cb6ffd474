"""From what a person holds (label, attributes, picture, mask) to what a chain holds, with every fault in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.experiments.gibbsnet_data import as_float
from engine.models.gibbsnet_chain import Held
from engine.papers.gibbsnet_views import Clamps

if TYPE_CHECKING:
    from engine.experiments.gibbsnet_run import GibbsNetExperiment


def held_by(experiment: GibbsNetExperiment, clamps: Clamps) -> Held:
    """What a chain holds. Raises `ValueError`: no such class or test picture, wrong sizes, pixels without number."""
    held = Held()
    picture = _picture(experiment, clamps)
    if picture is not None:
        held.x, held.mask = picture, _mask(experiment, clamps)
    C, reads = experiment.data.train_y.shape[1], experiment.p.reads
    strength = min(max(float(clamps.strength), 0.0), 1.0)
    if clamps.label >= 0:
        if reads != "label":
            raise ValueError("this model has no labels to hold")
        if clamps.label >= C:
            raise ValueError(f"there is no class {clamps.label}: there are {C}, counted from 0")
        held.y = torch.zeros(C, device=experiment.device)
        held.y[clamps.label] = 1.0
        held.y_mask = torch.full((C,), strength, device=experiment.device)
    elif any(entry >= 0 for entry in clamps.attributes):
        if reads != "attributes":
            raise ValueError("this model has no attributes to hold")
        if len(clamps.attributes) != C:
            raise ValueError(f"{len(clamps.attributes)} attributes are held, the model has {C}")
        wanted = torch.tensor(clamps.attributes, dtype=torch.float32, device=experiment.device)
        held.y = wanted.clamp(0.0, 1.0)
        held.y_mask = (wanted >= 0.0).float() * strength
    return held


def _picture(experiment: GibbsNetExperiment, clamps: Clamps) -> Tensor | None:
    """The held picture [P], planar in 0..1."""
    if clamps.image is None:
        if clamps.index < 0:
            return None
        if clamps.index >= len(experiment.data.test_x):
            raise ValueError(f"there is no test picture {clamps.index:,}: there are {len(experiment.data.test_x):,}")
        return as_float(experiment.data.test_x[clamps.index])
    c, h, w = experiment.data.shape
    image = np.array(clamps.image, np.float32)  # its own copy: what arrives through shared memory is read-only
    bad = int((~np.isfinite(image)).sum())
    if bad:
        raise ValueError(f"{bad} pixels of the picture are not numbers")
    if image.size == h * w and c > 1 and image.shape == (h, w):
        image = np.repeat(image[..., None], c, -1)
    if image.shape in ((h, w, c), (h, w)):
        image = image.reshape(h, w, c).transpose(2, 0, 1)
    elif image.shape != (c * h * w,):
        raise ValueError(f"the picture is {_by(image.shape)}, the model's are {h}x{w}x{c}")
    return torch.from_numpy(np.ascontiguousarray(image).reshape(-1)).clamp(0.0, 1.0).to(experiment.device)


def _mask(experiment: GibbsNetExperiment, clamps: Clamps) -> Tensor:
    """What is known of it [P], the same for all colours; everything when no mask is given."""
    c, h, w = experiment.data.shape
    if clamps.mask is None:
        return torch.ones(c * h * w, device=experiment.device)
    mask = np.asarray(clamps.mask, np.float32)
    if mask.shape != (h, w):
        raise ValueError(f"the mask is {_by(mask.shape)}, the pictures are {h}x{w}")
    if not np.isfinite(mask).all():
        raise ValueError("some entries of the mask are not numbers")
    flat = np.broadcast_to(mask.clip(0.0, 1.0), (c, h, w)).reshape(-1)
    return torch.from_numpy(flat.copy()).to(experiment.device)


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(str(n) for n in shape)
