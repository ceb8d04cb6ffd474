"""Which files make a parallel corpus: Multi30k, the WMT'15 sets, or two files (one .tsv) of one's own.

A copy may be partial: what is there is used, what is not is said.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.data.images import DataError
from engine.data.search import md5, places, read_bytes, roots
from engine.runtime import paths

Pair = tuple[Path, Path | None]  # source and target; a .tsv holds both

MULTI30K_LAYOUTS = ("data/task1/raw", "raw", "multi30k", "multi30k/data/task1/raw")
MULTI30K_TESTS = ("test_2016_flickr", "test_2017_flickr", "test_2017_mscoco", "test_2018_flickr")
_ARCHIVES = {"train": "training.tar.gz", "val": "validation.tar.gz", "test_2016_flickr": "mmt16_task1_test.tar.gz"}
_ARCHIVED = {"train": "train", "val": "val", "test_2016_flickr": "test2016"}
MULTI30K_LINES = 29_000
_WMT_LAYOUTS = ("wmt15", "wmt")
_WMT_DEPTH = 2
_WMT_TEST = re.compile(r"news(?:test|dev)(\d{4})")
WMT_DEV, WMT_DEV_FINNISH = "newstest2013", "newsdev2015"
_WMT_FROM = (
    "https://www.statmt.org/wmt15/ (europarl-v7, commoncrawl and news-commentary-v10 to train, dev-v2.tgz and test.tgz "
    "to test; several GB)"
)


@dataclass(frozen=True, slots=True)
class Corpus:
    """The files of a corpus. dev None: a part of the training text is held out. tests: by name.

    notes: what a person must know; provenance: where it lies.
    """

    name: str
    pair: tuple[str, str]
    train: tuple[Pair, ...]
    dev: Pair | None
    tests: Mapping[str, Pair] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    provenance: str = ""


def multi30k(pair: tuple[str, str], folder: str = "") -> Corpus:
    """The first copy that has training text in both languages. Raises `DataError` when there is none."""
    for place in places(folder, MULTI30K_LAYOUTS):
        found = {s: p for s in ("train", "val", *MULTI30K_TESTS) if (p := _spelled(place, s, pair))}
        if "train" not in found:
            continue
        notes = [] if "val" in found else ["Multi30k without its validation files: a part of train is held out."]
        tests = {name: found[name] for name in MULTI30K_TESTS if name in found}
        where = f"Multi30k {pair[0]}–{pair[1]} from {place}"
        return Corpus("Multi30k", pair, (found["train"],), found.get("val"), tests, tuple(notes), where)
    raise DataError(
        f"Multi30k {pair[0]}–{pair[1]} was not found in {_listed(folder)}: fetch it (python main.py data fetch "
        f"multi30k), or name the folder with train.{pair[0]}.gz and train.{pair[1]}.gz."
    )


def wmt15(pair: tuple[str, str], folder: str = "") -> Corpus:
    """Training text, dev and test sets of the paper as far as they are there, in `wmt15` folders, two levels deep.

    Without training text the oldest test set trains, which is said. Raises `DataError` when no file fits.
    """
    found: dict[str, Pair] = {}
    for root in roots(folder):
        for base in [root] if folder and root == Path(folder).expanduser() else [root / w for w in _WMT_LAYOUTS]:
            for place in _folders(base, _WMT_DEPTH):
                for stem, files in _aligned(place, pair).items():
                    found.setdefault(stem, files)
        if found:
            break
    tests = {stem: files for stem, files in found.items() if _WMT_TEST.search(stem)}
    train = {stem: files for stem, files in found.items() if stem not in tests}
    if not found:
        raise DataError(
            f"No WMT text {pair[0]}–{pair[1]} was found in {_listed(folder)}: get it from {_WMT_FROM}, unpack it and "
            "name its folder."
        )
    notes: list[str] = []
    wanted = WMT_DEV_FINNISH if "fi" in pair else WMT_DEV
    dev = next((stem for stem in tests if stem.startswith(wanted)), None)
    if not train:
        oldest = min(tests, key=_year)
        train, dev = {oldest: tests[oldest]}, None if oldest == dev else dev
        notes.append(f"No WMT training text {pair[0]}–{pair[1]} is here: {oldest} trains instead, which is tiny.")
    else:
        notes.append(f"Training text: {', '.join(sorted(train))}.")
    if dev is None:
        notes.append(f"Without {wanted} to validate on, one training line in twenty is held out.")
    others = {stem: tests[stem] for stem in sorted(tests, key=_year) if stem != dev and stem not in train}
    where = next(iter(train.values()))[0].parent
    return Corpus(
        "WMT'15", pair, tuple(train.values()), tests[dev] if dev else None, others, tuple(notes),
        f"WMT text {pair[0]}–{pair[1]} from {where}",
    )  # fmt: skip


def own(source_file: str, target_file: str, pair: tuple[str, str]) -> Corpus:
    """Two aligned files, or one .tsv. Raises `DataError` when one is not named or not there."""
    if not source_file:
        raise DataError("No file is named: choose two text files whose lines translate each other, or one .tsv file.")
    files = [Path(name).expanduser() for name in (source_file, target_file) if name]
    for path in files:
        if not path.is_file():
            raise DataError(f"{path} is not a file: choose the text to learn from.")
    if len(files) == 1 and not files[0].name.removesuffix(".gz").endswith(".tsv"):
        raise DataError(f"{files[0]} has no partner: name the file of its translations, or use a .tsv file.")
    names = " and ".join(path.name for path in files)
    return Corpus("own text", pair, ((files[0], files[1] if len(files) > 1 else None),), None, {}, (), names)


def _spelled(place: Path, split: str, pair: tuple[str, str]) -> Pair | None:
    """A split's two files: plain, .gz, under WMT16's shorter names, or in WMT16's archives."""
    for stem in dict.fromkeys((split, _ARCHIVED.get(split, split))):
        both = [next((p for p in (place / f"{stem}.{x}.gz", place / f"{stem}.{x}") if p.is_file()), None) for x in pair]
        if both[0] and both[1]:
            return both[0], both[1]
    archive = place / _ARCHIVES.get(split, "")
    if not archive.is_file():
        return None
    unpacked = _unpack(archive)
    source, target = (unpacked / f"{_ARCHIVED[split]}.{x}" for x in pair)
    return (source, target) if source.is_file() and target.is_file() else None


def _unpack(archive: Path) -> Path:
    """The text files of a WMT16 archive in the cache; member paths are never used, only their last names."""
    target = paths.cache_folder() / "pag" / f"{archive.name.split('.')[0]}-{md5(read_bytes(archive))}"
    if target.is_dir():
        return target
    part = target.with_name(target.name + ".part")
    part.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isfile() else None
                if content is not None:
                    (part / Path(member.name).name).write_bytes(content.read())
    except (tarfile.TarError, EOFError, OSError) as error:
        raise DataError(f"{archive} is damaged or cut short ({error}): copy or download it again.") from error
    part.rename(target)
    return target


def _aligned(place: Path, pair: tuple[str, str]) -> dict[str, Pair]:
    """The pairs of files of a folder, by their common name: name.en + name.de, src-x.txt + tgt-x.txt, WMT's .sgm."""
    source, target = pair
    found: dict[str, Pair] = {}
    for path in sorted(p for p in place.iterdir() if p.is_file()):
        name = path.name.removesuffix(".gz")
        if name.endswith(f".{source}"):
            stem = name.removesuffix(f".{source}")
            partner = _first(place, f"{stem}.{target}")
        elif name.endswith(f"-src.{source}.sgm"):
            stem = name.removesuffix(f"-src.{source}.sgm")
            partner = _first(place, f"{stem}-ref.{target}.sgm")
        elif name.startswith("src-train") and name.endswith(".txt") and pair == ("en", "de"):
            stem = f"{place.name}/{name.removeprefix('src-').removesuffix('.txt')}"  # OpenNMT's sample says no language
            partner = _first(place, f"tgt-{name.removeprefix('src-')}")
        else:
            continue
        if partner is not None:
            found[stem] = (path, partner)
    return found


def _first(place: Path, name: str) -> Path | None:
    return next((p for p in (place / name, place / f"{name}.gz") if p.is_file()), None)


def _folders(base: Path, depth: int) -> Iterator[Path]:
    if not base.is_dir():
        return
    yield base
    if depth:
        for below in sorted(p for p in base.iterdir() if p.is_dir()):
            yield from _folders(below, depth - 1)


def _year(stem: str) -> str:
    found = _WMT_TEST.search(stem)
    return found.group(1) if found else ""


def _listed(folder: str) -> str:
    return ", ".join(map(str, roots(folder)))
