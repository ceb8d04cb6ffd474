"""Writing and reading the state of a run so that a kill, a crash or a full disk never costs an earlier save.

Temporary name, fsync, rename, fsync of the folder; the JSON last, as the commit. Torch is imported inside the
functions that need it. What needs no tensors (listing, verifying, metadata) is in `checkpoint_files`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.runtime.checkpoint_files import (
    FORMAT,
    FORMAT_VERSION,
    CheckpointError,
    Header,
    Manifest,
    Skipped,
    free_stem,
    newest_first,
    read_manifest,
    read_tensor_bytes,
    sealed_json,
    stale_files,
    verify,
)
from engine.runtime.state import JSON, State, StateError, generator_from_json, generator_to_json
from engine.runtime.version import app_version

if TYPE_CHECKING:
    import torch

KEPT = 3


@dataclass(frozen=True, slots=True)
class Written:
    """A checkpoint that is on disk. path: its JSON. nbytes: both files. notes: old files that could not be removed."""

    path: Path
    step: int
    nbytes: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A checkpoint in memory (tensors on the CPU). skipped: newer ones that were passed over, with the reason."""

    state: State
    header: Header
    path: Path
    created: str
    skipped: tuple[Skipped, ...] = ()


def write_checkpoint(folder: Path, state: State, header: Header, keep: int = KEPT) -> Written:
    """Saves a state as the newest checkpoint of `folder` and removes all but the last `keep`.

    Tensors may live on any device, be strided or share memory. Returns when the bytes are on the disk.
    Raises `CheckpointError` when they could not be written (earlier checkpoints are whole then) or when the
    metadata is not JSON.
    """
    tensors = _tensor_bytes(state.tensors)
    needed = len(tensors)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        notes = _remove(stale_files(folder))
        earlier, _ = newest_first(folder)
        document = _document(state, header, tensors, 1 + max((m.serial for m in earlier), default=0))
        sealed = sealed_json(document)
        needed += len(sealed)
        path = folder / f"{free_stem(folder, header.step)}.json"
        _write_whole(path.with_suffix(".safetensors"), tensors)
        try:
            _write_whole(path, sealed)
        except OSError:
            path.with_suffix(".safetensors").unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CheckpointError(_not_written(folder, header.step, needed, error)) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(f"The state at step {header.step:,} cannot be written as JSON: {error}.") from error
    # The JSON goes first, so that an interrupted removal leaves an orphan and not a broken checkpoint.
    notes += _remove([half for m in earlier[keep - 1 :] for half in (m.path, m.tensors_path)])
    return Written(path, header.step, needed, tuple(notes))


def read_checkpoint(folder: Path, paper: str = "") -> Loaded:
    """The newest whole checkpoint of a folder; broken ones are skipped and reported in `Loaded.skipped`.

    Raises `CheckpointError` when none can be used, with the reason for each.
    """
    manifests, skipped = newest_first(folder, paper)
    for manifest in manifests:
        try:
            return _load(manifest, tuple(skipped))
        except CheckpointError as error:
            skipped.append(Skipped(manifest.path, str(error)))
    if not skipped:
        raise CheckpointError(f"There is no checkpoint in {folder}: train for a while or press Save first.")
    reasons = " ".join(s.reason for s in skipped)
    raise CheckpointError(f"None of the {len(skipped)} checkpoints in {folder} can be used. {reasons}")


def load_checkpoint(path: Path, paper: str = "") -> Loaded:
    """One checkpoint named by either of its files. Raises `CheckpointError` with what is wrong with it."""
    return _load(read_manifest(path, paper), ())


def _load(manifest: Manifest, skipped: tuple[Skipped, ...]) -> Loaded:
    import safetensors.torch
    from safetensors import SafetensorError

    raw = read_tensor_bytes(manifest)
    try:
        tensors = safetensors.torch.load(raw)
    except (SafetensorError, ValueError, TypeError, KeyError) as error:
        raise CheckpointError(
            f"Checkpoint file {manifest.tensors_path} is whole but not understood ({error}): update Atelier."
        ) from error
    missing = set(manifest.tensor_names) - tensors.keys()
    if missing:
        raise CheckpointError(f"Checkpoint {manifest.tensors_path} lacks the tensors {', '.join(sorted(missing))}.")
    return Loaded(State(tensors, manifest.meta), manifest.header, manifest.path, manifest.created, skipped)


def _tensor_bytes(tensors: Mapping[str, torch.Tensor]) -> bytes:
    import safetensors.torch

    separate: dict[str, torch.Tensor] = {}
    storages: set[int] = set()
    for name, tensor in tensors.items():
        plain = tensor.detach().cpu().contiguous()
        # The format refuses shared memory: tied or sliced tensors are written out each.
        if plain.numel() and plain.untyped_storage().data_ptr() in storages:
            plain = plain.clone()
        storages.add(plain.untyped_storage().data_ptr())
        separate[name] = plain
    return safetensors.torch.save(separate)


def _document(state: State, header: Header, tensors: bytes, serial: int) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "paper": header.paper,
        "app_version": header.app_version or app_version(),
        "preset": header.preset,
        "params": dict(header.params),
        "seed": header.seed,
        "step": header.step,
        "serial": serial,
        "created": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "tensors": {
            "bytes": len(tensors),
            "sha256": hashlib.sha256(tensors).hexdigest(),
            "names": sorted(state.tensors),
        },
        "meta": dict(state.meta),
    }


def _write_whole(path: Path, content: bytes) -> None:
    """The file is there with all its bytes on the disk, or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Makes a rename last through a power cut (Windows has no such call and needs none)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(paths: list[Path]) -> list[str]:
    notes = []
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            notes.append(f"The old file {path} could not be removed: {error.strerror or error}.")
    return notes


def _not_written(folder: Path, step: int, needed: int, error: OSError) -> str:
    try:
        nearest = next(p for p in (folder, *folder.parents) if p.exists())
        free = f"{shutil.disk_usage(nearest).free / 1e6:,.1f} MB are free there"
    except (OSError, StopIteration):
        free = "the free space there is not known"
    return (
        f"The checkpoint at step {step:,} was not saved: it needs {needed / 1e6:,.1f} MB in {folder} "
        f"({error.strerror or error}; {free}). Earlier checkpoints are whole; free some space, then save again."
    )


__all__ = [
    "JSON",
    "KEPT",
    "CheckpointError",
    "Header",
    "Loaded",
    "Manifest",
    "Skipped",
    "State",
    "StateError",
    "Written",
    "generator_from_json",
    "generator_to_json",
    "load_checkpoint",
    "read_checkpoint",
    "read_manifest",
    "verify",
    "write_checkpoint",
]
