"""Parameters from the command line and from files: ``NAME=VALUE``, ``NAME=A,B,C``, ``NAME=0..3``, JSON."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.papers.contract import ParameterError

LARGEST_FILE = 1_000_000
_RANGE = re.compile(r"^(-?\d+)\.\.(-?\d+)$")


def settings(words: Sequence[str]) -> dict[str, str]:
    """``["h1=0.4", "teacher=off"]`` as a dict; the last of two equal names counts. Raises `ParameterError`."""
    return dict(_split(word, "--set") for word in words)


def variations(words: Sequence[str]) -> dict[str, list[str]]:
    """``["h1=0.1,0.3", "seed=0..3"]`` as name -> values in order. Raises `ParameterError`."""
    varied: dict[str, list[str]] = {}
    for word in words:
        name, text = _split(word, "--vary")
        if name in varied:
            raise ParameterError(f"{name} is varied twice: name all its values in one --vary")
        varied[name] = [v for part in text.split(",") for v in _values(name, part.strip())]
    return varied


def grid(varied: Mapping[str, Sequence[str]]) -> Iterator[dict[str, str]]:
    """Every combination of the values, the last name changing fastest."""
    for combination in itertools.product(*varied.values()):
        yield dict(zip(varied, combination, strict=True))


def from_file(path: Path, paper: str) -> dict[str, Any]:
    """Parameters in a JSON file: an object of names and values, or any object with such a one under ``params``.

    An exported picture's record is of the second kind. Raises `ParameterError` naming the file and what is wrong.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ParameterError(f"{path} is larger than {LARGEST_FILE:,} bytes: that is no parameter file")
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ParameterError(f"{path} cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise ParameterError(f"{path}, line {error.lineno}, column {error.colno}: not JSON: {error.msg}") from None
    except UnicodeDecodeError:
        raise ParameterError(f"{path} is not a text file in UTF-8") from None
    if not isinstance(content, dict):
        raise ParameterError(f'{path} must hold a JSON object of parameters, e.g. {{"h1": 0.4}}')
    if isinstance(content.get("params"), dict):
        if content.get("paper", paper) != paper:
            raise ParameterError(f"{path} has parameters of {content['paper']}, not of {paper}")
        return dict(content["params"])
    return content


def _split(word: str, option: str) -> tuple[str, str]:
    name, equals, text = word.partition("=")
    if not equals or not name.strip():
        raise ParameterError(f"{option} {word}: write NAME=VALUE, for example {option} h1=0.4")
    return name.strip(), text.strip()


def _values(name: str, part: str) -> list[str]:
    ends = _RANGE.match(part)
    if ends is None:
        if not part:
            raise ParameterError(f"{name}: a value between two commas is empty")
        return [part]
    first, last = int(ends[1]), int(ends[2])
    if last < first:
        raise ParameterError(f"{name}={part}: a range goes upwards, for example {name}={last}..{first}")
    return [str(number) for number in range(first, last + 1)]
