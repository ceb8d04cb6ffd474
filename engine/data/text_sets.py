"""Public sets of text: where a copy lies and whether it is the published one."""

from __future__ import annotations

import json
from pathlib import Path

from engine.data.images import DataError
from engine.data.mnist import Found
from engine.data.pag_texts import content_md5
from engine.data.search import md5, places, read_bytes
from engine.data.sources import Source, source


def find(name: str, folder: str | Path = "") -> Found | None:
    """The first folder that holds a file of the set, plain or .gz, in the layouts it is known in.

    Raises `DataError` for an unknown set or a `folder` that does not exist.
    """
    wanted = source(name)
    for place in dict.fromkeys(places(folder, wanted.hints)):
        files = {n: path for n in wanted.files if (path := _spelled(place, n))}
        if files:
            return Found(wanted, place, files)
    return None


def check(found: Found) -> tuple[str, ...]:
    """What differs from the published set, in sentences; () when every file is there and the published one.

    Raises `DataError` for a file that is damaged or cut short.
    """
    wanted = found.source
    notes = []
    missing = [name for name in wanted.files if name not in found.files]
    if missing:
        notes.append(
            f"{len(found.files)} of {len(wanted.files)} files of {wanted.title}: without {', '.join(missing)}."
        )
    changed = [name for name, path in found.files.items() if not _is_published(wanted, name, path)]
    if changed:
        notes.append(f"{', '.join(changed)} in {found.folder}: a modified or partial copy.")
    return tuple(notes)


def _is_published(wanted: Source, name: str, path: Path) -> bool:
    known = wanted.files[name]
    if path.name.endswith(".json"):
        content = read_bytes(path)
        if md5(content) == known.content_md5:
            return True
        try:
            json.loads(content)
        except ValueError as error:
            raise DataError(f"{path} is damaged or cut short ({error}): copy or download it again.") from error
        return False
    return content_md5(path) == known.content_md5


def _spelled(place: Path, name: str) -> Path | None:
    return next((p for p in (place / f"{name}.gz", place / name) if p.is_file()), None)
