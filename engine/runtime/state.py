"""The state of a run as plain data: tensors by name and a JSON part. Importing this does not import torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import torch

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"

_BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")


class StateError(ValueError):
    """A state lacks something the experiment needs, or holds it in another shape; the text names it."""


@dataclass(frozen=True, slots=True)
class State:
    """Everything that makes a resumed run equal an uninterrupted one.

    tensors: weights, optimiser moments, torch generator states (uint8), in any dtype and shape safetensors knows.
    meta: step, data cursor, numpy generator states (`generator_to_json`) and other JSON values (keys are text;
    a tuple comes back as a list).
    """

    tensors: Mapping[str, torch.Tensor]
    meta: Mapping[str, Any] = field(default_factory=dict)

    def tensor(self, name: str, shape: tuple[int, ...] | None = None) -> torch.Tensor:
        """The tensor of this name. Raises `StateError` when it is missing or not of `shape`."""
        if name not in self.tensors:
            raise StateError(f"The saved state has no tensor '{name}'; it holds {_listed(self.tensors)}.")
        found = self.tensors[name]
        if shape is not None and tuple(found.shape) != tuple(shape):
            raise StateError(f"Tensor '{name}' of the saved state is {tuple(found.shape)}, not {tuple(shape)}.")
        return found

    def value(self, name: str) -> Any:
        """The plain value of this name. Raises `StateError` when it is missing."""
        if name not in self.meta:
            raise StateError(f"The saved state has no value '{name}'; it holds {_listed(self.meta)}.")
        return self.meta[name]


def generator_to_json(generator: np.random.Generator) -> dict[str, Any]:
    """The exact state of a numpy generator as JSON (integers of any size stay exact, arrays become lists)."""
    return {str(k): _to_json(v) for k, v in generator.bit_generator.state.items()}


def generator_from_json(value: Mapping[str, Any]) -> np.random.Generator:
    """A numpy generator that goes on exactly where `generator_to_json` looked. Raises `StateError`."""
    name = value.get("bit_generator") if isinstance(value, Mapping) else None
    if name not in _BIT_GENERATORS:
        raise StateError(f"A saved random state names the generator {name!r}; known are {', '.join(_BIT_GENERATORS)}.")
    bits = getattr(np.random, str(name))()
    try:
        bits.state = _from_json(value)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise StateError(f"A saved random state of {name} cannot be used: {error}.") from error
    return np.random.Generator(bits)


def _to_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _to_json(v) for k, v in value.items()}
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "dtype": str(value.dtype)}
    return value.item() if isinstance(value, np.generic) else value


def _from_json(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {"array", "dtype"}:
        return np.array(value["array"], dtype=value["dtype"])
    return {k: _from_json(v) for k, v in value.items()} if isinstance(value, dict) else value


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(sorted(names)[:12]) + (", ..." if len(names) > 12 else "") or "nothing"
