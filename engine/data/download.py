"""Downloads a public set into Atelier's own data folder. Never by itself: only when called, with progress."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine.data.images import DataError
from engine.data.sources import Source, source
from engine.runtime import paths

Progress = Callable[[int, int], None]
_TIMEOUT_S = 20.0


def download(
    name: str, progress: Progress | None = None, folder: Path | None = None, mirrors: Sequence[str] | None = None
) -> Path:
    """Fetches the files of a set that are not there yet, checks their md5 and returns their folder.

    progress(bytes so far, bytes in all) is called as bytes arrive; what it raises cancels the download. A file
    appears under its name only when it is complete and right; a second call goes on with the files that are missing.
    Mirrors are tried in order. Raises `DataError` naming the file and what each mirror answered.
    """
    import pooch  # with requests, a third of a second

    pooch.get_logger().setLevel("ERROR")  # what it would write into the terminal, our progress and faults say
    wanted = source(name)
    target = folder or paths.datasets_folder() / wanted.name
    total = sum(file.nbytes for file in wanted.files.values())
    done = 0
    unfinished = target / ".unfinished"
    try:
        for name_of_file, file in wanted.files.items():
            report = _Bytes(progress, done, file.nbytes, total)
            path = target / f"{name_of_file}{wanted.suffix}"
            if not (path.is_file() and pooch.file_hash(str(path), alg="md5") == file.md5):
                whole = _fetch(pooch, wanted, path.name, file.md5, mirrors or wanted.mirrors, unfinished, report)
                whole.replace(path)
            report.close()
            done += file.nbytes
    except OSError as error:
        where = error.filename or target
        raise DataError(
            f"{wanted.title} could not be stored in {where} ({error.strerror or error}): "
            f"{total / 1e6:.0f} MB are needed there."
        ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return target


def _fetch(
    pooch: Any, wanted: Source, name: str, md5: str, mirrors: Sequence[str], folder: Path, report: _Bytes
) -> Path:
    import requests

    answers = []
    for mirror in mirrors:
        report.restart()
        fetcher = pooch.HTTPDownloader(progressbar=report, chunk_size=1 << 16, timeout=_TIMEOUT_S)
        try:
            got = pooch.retrieve(mirror.rstrip("/") + "/" + name, f"md5:{md5}", name, folder, downloader=fetcher)
            return Path(got)
        except requests.RequestException as error:
            answers.append(f"{mirror}: {_short(error)}")
        except ValueError as error:
            if "hash" not in str(error).lower():
                raise
            answers.append(f"{mirror}: the checksum does not match, the file there is another one or arrived damaged")
    raise DataError(
        f"{name} of {wanted.title} could not be downloaded ({'; '.join(answers)}): check the connection and try "
        "again, or choose a folder that has the files."
    )


class _Bytes:
    """What pooch calls a progress bar: counts the bytes of one file on top of those of the files before it."""

    def __init__(self, progress: Progress | None, before: int, size: int, total: int) -> None:
        self._progress, self._before, self._size, self._all = progress, before, size, total
        self.total = 0
        self._done = 0

    def restart(self) -> None:
        """Another mirror begins from nothing."""
        self._tell(0)

    def update(self, count: int) -> None:
        """`count` more bytes (pooch rounds the last piece up)."""
        self._tell(min(self._done + count, self._size))

    def reset(self) -> None:
        """Pooch fills the bar once more at the end."""
        self._done = 0

    def close(self) -> None:
        """The file is there."""
        self._tell(self._size)

    def _tell(self, done: int) -> None:
        self._done = done
        if self._progress is not None:
            self._progress(self._before + done, self._all)


def _short(error: Exception) -> str:
    """A connection error without the object addresses and nesting that requests puts into it."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f"answered {status}"
    kind = type(error).__name__
    if "ConnectTimeout" in kind or "ReadTimeout" in kind:
        return f"no answer within {_TIMEOUT_S:.0f} s"
    return "the connection broke off" if "Chunked" in kind or "Incomplete" in str(error) else "no connection"
