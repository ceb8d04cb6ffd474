"""Checkpoints as files: what is on disk, whether it is whole, which is the newest. No torch.

A checkpoint is two files, ``step-000001234.safetensors`` and ``step-000001234.json``. The JSON is written last:
it is the commit, carries the checksum of the tensors and, as its last field, a checksum of itself. So a file that
was cut short or changed at any byte is recognised. Nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.runtime.version import app_version

FORMAT = "atelier checkpoint"
FORMAT_VERSION = 1
_STEM = re.compile(r"step-(\d{9,})(?:-(\d+))?")
_SEAL = b'"checksum": "'


class CheckpointError(ValueError):
    """A checkpoint could not be written or cannot be used; the text names the file, the fault and the remedy."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a checkpoint says about itself. params: plain values of the paper's `Params`; step: updates done."""

    paper: str
    params: Mapping[str, Any]
    seed: int
    step: int
    preset: str = ""
    app_version: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The JSON half of a checkpoint, checked.

    path: the JSON file. serial: order of writing within the folder (a rewound run saves smaller steps later).
    created: ISO time, UTC. tensors_bytes, tensors_sha256, tensor_names: the other half. meta: `State.meta`.
    """

    path: Path
    header: Header
    serial: int
    created: str
    tensors_bytes: int
    tensors_sha256: str
    tensor_names: tuple[str, ...]
    meta: Mapping[str, Any]

    @property
    def tensors_path(self) -> Path:
        """The safetensors file beside the JSON."""
        return self.path.with_suffix(".safetensors")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A checkpoint that was passed over, and the sentence that says why."""

    path: Path
    reason: str


def read_manifest(path: Path, paper: str = "") -> Manifest:
    """Reads and checks the JSON half; `path` may name either half.

    Raises `CheckpointError`: unreadable, malformed, changed, of a newer format, or not of `paper` (when given).
    """
    path = path.with_suffix(".json")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"Checkpoint {path} cannot be read: {error.strerror or error}.") from error
    try:
        document = json.loads(raw)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ValueError(f"it does not say '{FORMAT}'")
        version = document.get("version")
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise CheckpointError(
                f"Checkpoint {path} has format {version}, this Atelier ({app_version()}) reads up to "
                f"{FORMAT_VERSION}: open it with the newer version that wrote it."
            )
        _check_seal(raw)
        manifest = _manifest(path, document)
    except CheckpointError:
        raise
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CheckpointError(
            f"Checkpoint {path} is damaged ({error}): use an earlier checkpoint of this run."
        ) from error
    if paper and manifest.header.paper != paper:
        raise CheckpointError(
            f"Checkpoint {path} is of the paper '{manifest.header.paper}', not of '{paper}': open it in its own tab."
        )
    return manifest


def verify(path: Path, paper: str = "") -> Manifest:
    """Checks both halves against their checksums without loading them. Raises `CheckpointError`."""
    manifest = read_manifest(path, paper)
    try:
        with manifest.tensors_path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except OSError as error:
        raise _without_tensors(manifest, error) from error
    check_tensors(manifest, size, found)
    return manifest


def read_tensor_bytes(manifest: Manifest) -> bytes:
    """The bytes of the tensors file, checked as they were read. Raises `CheckpointError`."""
    try:
        raw = manifest.tensors_path.read_bytes()
    except OSError as error:
        raise _without_tensors(manifest, error) from error
    check_tensors(manifest, len(raw), hashlib.sha256(raw).hexdigest())
    return raw


def check_tensors(manifest: Manifest, size: int, sha256: str) -> None:
    """Compares the tensors file with what the JSON promises. Raises `CheckpointError`."""
    if size != manifest.tensors_bytes:
        raise CheckpointError(
            f"Checkpoint file {manifest.tensors_path} is {size:,} bytes, not {manifest.tensors_bytes:,}: "
            "it was cut short or replaced; use an earlier checkpoint of this run."
        )
    if sha256 != manifest.tensors_sha256:
        raise CheckpointError(
            f"Checkpoint file {manifest.tensors_path} does not match its checksum (sha256 {sha256[:12]}... instead "
            f"of {manifest.tensors_sha256[:12]}...): its content was changed; use an earlier checkpoint of this run."
        )


def newest_first(folder: Path, paper: str = "") -> tuple[list[Manifest], list[Skipped]]:
    """All committed checkpoints of a folder, last written first, and those whose JSON cannot be used.

    The tensors are not looked at (`verify` does). Raises `CheckpointError` when the folder cannot be listed.
    """
    manifests: list[Manifest] = []
    skipped: list[Skipped] = []
    try:
        paths = sorted(p for p in folder.iterdir() if p.suffix == ".json" and _STEM.fullmatch(p.stem))
    except FileNotFoundError:
        return [], []
    except OSError as error:
        raise CheckpointError(f"The folder {folder} cannot be read: {error.strerror or error}.") from error
    for path in paths:
        try:
            manifests.append(read_manifest(path, paper))
        except CheckpointError as error:
            skipped.append(Skipped(path, str(error)))
    manifests.sort(key=lambda m: m.serial, reverse=True)
    return manifests, skipped


def newest_whole(folder: Path, paper: str = "") -> tuple[Manifest | None, list[Skipped]]:
    """The newest checkpoint whose two halves are whole (None: there is none) and those passed over."""
    manifests, skipped = newest_first(folder, paper)
    for manifest in manifests:
        try:
            return verify(manifest.path, paper), skipped
        except CheckpointError as error:
            skipped.append(Skipped(manifest.path, str(error)))
    return None, skipped


def free_stem(folder: Path, step: int) -> str:
    """A name for a new checkpoint of this step that no committed one has: an earlier save is never overwritten."""
    stem, count = f"step-{step:09d}", 1
    while (folder / f"{stem}.json").exists():
        count += 1
        stem = f"step-{step:09d}-{count}"
    return stem


def sealed_json(document: Mapping[str, Any]) -> bytes:
    """JSON bytes that end with a checksum over all bytes before it."""
    body = json.dumps(document, indent=1, ensure_ascii=True).encode()
    body = body.removesuffix(b"\n}") + b",\n "
    return body + _SEAL + hashlib.sha256(body).hexdigest().encode() + b'"\n}\n'


def stale_files(folder: Path) -> list[Path]:
    """What an interrupted write left: temporaries, and tensors whose JSON was never written."""
    orphans = [
        p for p in folder.glob("step-*.safetensors") if _STEM.fullmatch(p.stem) and not p.with_suffix(".json").exists()
    ]
    return [*folder.glob(".step-*.tmp"), *orphans]


def _check_seal(raw: bytes) -> None:
    body, seal, tail = raw.rpartition(_SEAL)
    if not seal:
        raise ValueError("it has no checksum")
    if tail != hashlib.sha256(body).hexdigest().encode() + b'"\n}\n':
        raise ValueError("its content does not match its checksum")


def _manifest(path: Path, document: Mapping[str, Any]) -> Manifest:
    tensors = document["tensors"]
    header = Header(
        paper=str(document["paper"]),
        params=dict(document["params"]),
        seed=int(document["seed"]),
        step=int(document["step"]),
        preset=str(document["preset"]),
        app_version=str(document["app_version"]),
    )
    return Manifest(
        path=path,
        header=header,
        serial=int(document["serial"]),
        created=str(document["created"]),
        tensors_bytes=int(tensors["bytes"]),
        tensors_sha256=str(tensors["sha256"]),
        tensor_names=tuple(tensors["names"]),
        meta=dict(document["meta"]),
    )


def _without_tensors(manifest: Manifest, error: OSError) -> CheckpointError:
    return CheckpointError(
        f"The tensors of checkpoint {manifest.path} are missing: {manifest.tensors_path.name} "
        f"({error.strerror or error}); put the file back or use an earlier checkpoint of this run."
    )
