"""SQuAD files as questions with the passage and the words that answer them; nqg's sentence and question pairs.

Answers are marked by character offset in the files; here they become spans of tokens.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.data.images import DataError
from engine.data.pag_texts import pairs
from engine.data.search import not_found, places

SQUAD_FILES = {"train": ("train-v1.1.json", "train-v2.0.json"), "dev": ("dev-v1.1.json", "dev-v2.0.json")}
SQUAD_LAYOUTS = ("squad", "SQuAD", "squad/v1.1")
NQG_LAYOUTS = ("squad/nqg", "nqg", "nqg/data/processed")
_READ_VERSIONS = ("1.1", "2.0")
_TOKENS = re.compile(r"\w+|[^\w\s]")
_ENDS = re.compile(r"[.!?]")


@dataclass(frozen=True, slots=True)
class Passage:
    """The tokens of a paragraph, lower-cased, and where each sentence begins (token index)."""

    article: str
    words: tuple[str, ...]
    sentences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question about passage `passage`; its answer is the tokens first..last. words: lower-cased tokens."""

    passage: int
    first: int
    last: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Squad:
    """A file read. notes: version, questions left out and why."""

    passages: tuple[Passage, ...]
    questions: tuple[Question, ...]
    notes: tuple[str, ...]


def find_squad(folder: str = "") -> dict[str, Path]:
    """Parts ("train", "dev") that are there, of the first folder that has one. Raises `DataError`: none."""
    for place in places(folder, SQUAD_LAYOUTS):
        found = {
            part: path
            for part, names in SQUAD_FILES.items()
            if (path := next((place / n for n in names if (place / n).is_file()), None))
        }
        if found:
            return found
    raise not_found("SQuAD v1.1", "train-v1.1.json and dev-v1.1.json", folder)


def find_nqg(folder: str = "") -> dict[str, tuple[Path, Path]]:
    """The parts of the sentence and question pairs of Du, Shao and Cardie (2017), by name. Raises `DataError`."""
    for place in places(folder, NQG_LAYOUTS):
        found: dict[str, tuple[Path, Path]] = {}
        for part in ("train", "dev", "test"):
            both = [_plain_or_gzip(place, f"{side}-{part}.txt") for side in ("src", "tgt")]
            if both[0] is not None and both[1] is not None:
                found[part] = (both[0], both[1])
        if found:
            return found
    raise not_found("nqg (sentence and question pairs)", "src-train.txt and tgt-train.txt", folder)


def read_squad(path: Path, longest: int) -> Squad:
    """All answerable questions of a file in SQuAD's layout, passages of at most `longest` tokens.

    Raises `DataError`: unreadable, not JSON (with line and column), another layout (the missing key is named), no
    question left. Questions marked impossible (v2.0) and answers that are not in their passage are left out, counted.
    """
    content = _load(path)
    version = str(content.get("version", "")).removeprefix("v")
    notes = [] if version in _READ_VERSIONS else [f"{path.name} says version “{version}”: read as v1.1."]
    passages: list[Passage] = []
    questions: list[Question] = []
    left_out = {"without an answer": 0, "whose answer is not where it is said to be": 0, "about longer passages": 0}
    try:
        for article in content["data"]:
            for paragraph in article["paragraphs"]:
                text = paragraph["context"]
                spans = [(m.start(), m.end()) for m in _TOKENS.finditer(text)]
                if len(spans) > longest:
                    left_out["about longer passages"] += len(paragraph["qas"])
                    continue
                words = tuple(text[a:b].lower() for a, b in spans)
                passages.append(Passage(str(article.get("title", "")), words, _sentences(text, spans)))
                for asked in paragraph["qas"]:
                    if asked.get("is_impossible") or not asked["answers"]:
                        left_out["without an answer"] += 1
                        continue
                    span = _span(text, spans, asked["answers"][0])
                    if span is None:
                        left_out["whose answer is not where it is said to be"] += 1
                        continue
                    shown = tuple(w.lower() for w in _TOKENS.findall(asked["question"]))
                    questions.append(Question(len(passages) - 1, *span, shown))
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} is JSON, but not laid out as SQuAD is ({type(error).__name__}: {error}): expected data, "
            "paragraphs, context, qas, question, answers with text and answer_start."
        ) from error
    notes += [f"Questions left out: {count:,} {why}." for why, count in left_out.items() if count]
    if not questions:
        raise DataError(" ".join((f"{path} holds no question with an answer: choose another file.", *notes)))
    return Squad(tuple(passages), tuple(questions), tuple(notes))


def read_nqg(source: Path, target: Path, longest: int) -> Squad:
    """Sentence and question pairs, one a line, already cut into tokens; no answer is marked (first > last)."""
    passages, questions, longer = [], [], 0
    for sentence, question in pairs(source, target):
        words = tuple(sentence.split())
        if len(words) > longest:
            longer += 1
            continue
        passages.append(Passage("", words, (0,)))
        questions.append(Question(len(passages) - 1, 1, 0, tuple(question.split())))
    notes = ["The nqg pairs mark no answer word: all flags are 0."]
    if longer:
        notes.append(f"{longer:,} pairs with longer sentences are left out.")
    return Squad(tuple(passages), tuple(questions), tuple(notes))


def _load(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}, line {error.lineno}, column {error.colno}: not JSON ({error.msg}): the file is damaged or cut "
            "short, copy or download it again."
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text (byte {error.start:,}): copy or download it again.") from error
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error}): check that it exists and is yours."
        ) from error
    if not isinstance(content, dict):
        raise DataError(f"{path} is JSON, but not SQuAD: its outermost part is a {type(content).__name__}.")
    return content


def _span(text: str, spans: list[tuple[int, int]], answer: dict[str, Any]) -> tuple[int, int] | None:
    """First and last token of an answer; None when the text at its offset is another one."""
    start, words = int(answer["answer_start"]), str(answer["text"])
    end = start + len(words)
    if text[start:end] != words:
        return None
    inside = [i for i, (a, b) in enumerate(spans) if a < end and b > start]
    return (inside[0], inside[-1]) if inside else None


def _sentences(text: str, spans: list[tuple[int, int]]) -> tuple[int, ...]:
    """Token indices at which sentences begin: after . ! or ? when the next token begins with a capital or a digit."""
    starts = [0]
    for i in range(1, len(spans)):
        before, here = text[spans[i - 1][0] : spans[i - 1][1]], text[spans[i][0]]
        spaced = spans[i][0] > spans[i - 1][1]
        if _ENDS.fullmatch(before) and spaced and (here.isupper() or here.isdigit() or here in "\"'“"):
            starts.append(i)
    return tuple(starts)


def _plain_or_gzip(place: Path, name: str) -> Path | None:
    return next((p for p in (place / name, place / f"{name}.gz") if p.is_file()), None)
