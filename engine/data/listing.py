"""What is known about each public set on this computer: where it lies and whether it is the published one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.data import cifar, svhn, text_sets
from engine.data.images import DataError
from engine.data.mnist import Found, load
from engine.data.mnist import find as find_images
from engine.data.sources import source

_COLOUR = {"cifar-10": cifar, "svhn": svhn}

State = Literal["verified", "modified", "missing", "faulty"]


@dataclass(frozen=True, slots=True)
class Listed:
    """One set. nbytes: size of the whole download. folder: where a copy lies ("" : nowhere).

    state: verified (every checksum is the published one), modified (or partial, but it can be used), missing,
    faulty (there is a copy that cannot be used). text: what is to be said about it, "" when all is well.
    """

    name: str
    title: str
    nbytes: int
    state: State
    folder: str = ""
    text: str = ""


def find(name: str, folder: str | Path = "") -> Found | None:
    """Where a copy of a set lies, None when there is none. Raises `DataError` as `mnist.find`."""
    wanted = source(name)
    if wanted.kind == "colour":
        place = _COLOUR[name].place_of(folder)
        return None if place is None else Found(wanted, place, {})
    return text_sets.find(name, folder) if wanted.kind == "texts" else find_images(name, folder)


def look(name: str, folder: str | Path = "") -> Listed:
    """Searches as a run does (see `find`) and reads the whole copy, about half a second.

    Raises `DataError` for an unknown set only; the faults of a copy are in what is returned.
    """
    wanted = source(name)
    nbytes = sum(file.nbytes for file in wanted.files.values())
    place = ""
    try:
        found = find(name, folder)
        if found is None:
            return Listed(name, wanted.title, nbytes, "missing")
        place = str(found.folder)
        if wanted.kind == "colour":
            notes = _COLOUR[name].load(folder).notes
        else:
            notes = text_sets.check(found) if wanted.kind == "texts" else load(name, folder).notes
    except DataError as error:
        return Listed(name, wanted.title, nbytes, "faulty", place, str(error))
    return Listed(name, wanted.title, nbytes, "modified" if notes else "verified", place, " ".join(notes))
