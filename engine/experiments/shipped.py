"""Weights that come with Atelier: safetensors below `assets/NAME/`, trained by the command written beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

ASSETS = Path(__file__).resolve().parents[2] / "assets"


class ShippedError(ValueError):
    """Shipped weights are missing, damaged or of another shape; one sentence with the file and what to do."""


def path_of(paper: str, name: str) -> Path:
    """Where the weights `name` of a paper lie (whether or not they are there)."""
    return ASSETS / paper / f"{name}.safetensors"


def read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Tensors on the CPU and the text written with them. Raises `ShippedError` naming the file."""
    if not path.is_file():
        raise ShippedError(f"The weights {path.name} are not in {path.parent}: install Atelier again, or start fresh.")
    try:
        with safe_open(str(path), framework="pt") as opened:
            names = list(opened.keys())
            return {name: opened.get_tensor(name) for name in names}, dict(opened.metadata() or {})
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise ShippedError(f"{path} is damaged ({error}): install Atelier again, or start fresh.") from error


def write(path: Path, tensors: Mapping[str, torch.Tensor], words: Mapping[str, str]) -> None:
    """Writes tensors with words beside them (for the training commands, not for the lab)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, str(path), dict(words))
