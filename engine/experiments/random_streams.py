"""Independent random streams of one run, all from one seed."""

from __future__ import annotations

import numpy as np
import torch


def stream(seed: int, purpose: str, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator that depends on `seed` and `purpose` only, so that streams never share numbers.

    purpose: a short word (weights, batches, noise...); the same pair gives the same stream on every machine.
    """
    words = np.random.SeedSequence([seed, *purpose.encode()]).generate_state(1, np.uint64)
    generator = torch.Generator(device=device)
    generator.manual_seed(int(words[0]) & 0x7FFF_FFFF_FFFF_FFFF)
    return generator
