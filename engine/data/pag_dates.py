"""Dates as people write them in, ISO dates out: the small task of `pag` (paper page, section 5, task D).

`3 march 2017`, `march 3, 2017`, `mar 3 2017` and `3/3/2017` (day first) all become `2017-03-03`. The source has one
token a digit and one a month name, so that every digit of the answer has one right place to look.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import numpy as np

from engine.data.images import DataError
from engine.data.pag_task import END, UNALIGNED, UNKNOWN, Example, IntArray, Score, Task

FIRST, LAST = date(1900, 1, 1), date(2099, 12, 31)
HELD_OUT_PART = 10
FORMS = ("{day} {month} {year}", "{month} {day}, {year}", "{short} {day} {year}", "{day}/{number}/{year}")
_SPLIT_SEED = 20_171_129
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_SHORT = tuple(dict.fromkeys(month[:3] for month in _MONTHS if month != "may"))
_SOURCE = ("⏎", "?", *"0123456789", "/", ",", *_MONTHS, *_SHORT)
_SOURCE_ID = {symbol: i for i, symbol in enumerate(_SOURCE)}
_TARGET = ("⏎", "?", *"0123456789", "-")
_TARGET_ID = {symbol: i for i, symbol in enumerate(_TARGET)}


class DateTask(Task):
    """Every day of 1900-2099 in four forms; a tenth of the days is held out, whatever their form."""

    name = "dates"
    kind = "text"
    has_gold = True
    source_symbols = _SOURCE
    target_symbols = _TARGET
    longest = len("2017-03-03") + 1

    def __init__(self, count: int = 1_000) -> None:
        rng = np.random.default_rng(_SPLIT_SEED)
        days = FIRST.toordinal() + rng.permutation(LAST.toordinal() - FIRST.toordinal() + 1)
        cut = len(days) // HELD_OUT_PART
        self._train = days[cut:]
        kept_out = days[: min(cut, count)]
        self.held_out = [_example(*_tokens(int(day), int(rng.integers(len(FORMS))))) for day in kept_out]

    def batch(self, rng: np.random.Generator, size: int) -> list[Example]:
        """`size` dates in all forms: by length, a batch would hold one form alone."""
        days, forms = rng.choice(self._train, size), rng.integers(len(FORMS), size=size)
        return [_example(*_tokens(int(day), int(form))) for day, form in zip(days, forms, strict=True)]

    def encode(self, text: str) -> Example:
        """A date in any of the four forms; its answer is known when it is a day of the calendar. Raises `DataError`."""
        tokens = re.findall(r"[a-z]+|\d|[^\sa-z\d]", text.lower())
        if not tokens:
            raise DataError("There is nothing to read: type a date, as “3 march 2017” or “3/3/2017”.")
        day = _read(text)
        if day is not None:
            e = _example(tokens, day)
            if FIRST <= day <= LAST:
                return e
            note = f"Extrapolating: years are trained from {FIRST.year} to {LAST.year}."
            return Example(e.source, e.target, e.gold, e.words, e.size, note=note, reference=e.reference)
        strange = tuple(i for i, token in enumerate(tokens) if token not in _SOURCE_ID)
        note = "This is not a day of the calendar in a form that was trained: there is no right answer."
        end = np.array([END], np.int64)
        gold = np.array([UNALIGNED], np.int64)
        return Example(_ids(tokens), end, gold, (*tokens, _SOURCE[END]), len(tokens) + 1, strange, note)

    def score(self, ids: Sequence[int] | IntArray, example: Example) -> Score:
        """Valid: the answer is a day that exists, right or wrong."""
        base = super().score(ids, example)
        try:
            day, why = date.fromisoformat(base.text), ""
        except ValueError:
            return Score(base.exact, base.set_match, False, base.edits, base.text, why=f"{base.text} is no date.")
        if not base.exact and example.reference:
            why = f"{day} instead of {example.reference}."
        return Score(base.exact, base.set_match, True, base.edits, base.text, why=why)


def _tokens(ordinal: int, form: int) -> tuple[list[str], date]:
    day = date.fromordinal(ordinal)
    month = _MONTHS[day.month - 1]
    text = FORMS[form].format(day=day.day, month=month, short=month[:3], number=day.month, year=day.year)
    return re.findall(r"[a-z]+|\d|[/,]", text), day


def _example(tokens: list[str], day: date) -> Example:
    """Gold: year digits from year digits; month and day from their digits or name, a leading zero from the first."""
    spans: list[list[int]] = []  # places of each number or month name, in the order of the source
    for i, token in enumerate(tokens):
        if token.isdigit() and i and tokens[i - 1].isdigit() and not _starts_year(tokens, i):
            spans[-1].append(i)
        elif token.isalnum():
            spans.append([i])
    named = [s for s in spans if tokens[s[0]].isalpha()]
    numbers = [s for s in spans if not tokens[s[0]].isalpha()]
    day_span, month_span = (numbers[0], named[0]) if named else (numbers[0], numbers[1])
    places = [*numbers[-1], UNALIGNED, *_two(month_span), UNALIGNED, *_two(day_span), UNALIGNED]
    answer = day.isoformat()
    target = np.array([*(_TARGET_ID[c] for c in answer), END], np.int64)
    words = (*tokens, _SOURCE[END])
    return Example(_ids(tokens), target, np.array(places, np.int64), words, len(words), reference=answer)


def _starts_year(tokens: list[str], at: int) -> bool:
    """Whether the year, always the last four digits, begins here."""
    return at == len(tokens) - 4


def _two(span: list[int]) -> list[int]:
    return [span[0], span[-1]]


def _read(text: str) -> date | None:
    """A date in one of the forms, None when it is none or no day of the calendar."""
    words = re.findall(r"[a-z]+|\d+|/", text.lower())
    try:
        match words:
            case [day, "/", month, "/", year]:
                found = int(year), int(month), int(day)
            case [day, name, year] if day.isdigit():
                found = int(year), _month(name), int(day)
            case [name, day, year]:
                found = int(year), _month(name), int(day)
            case _:
                return None
        return date(*found) if len(words[-1]) == 4 else None
    except ValueError:
        return None


def _month(name: str) -> int:
    months = _MONTHS if name in _MONTHS else tuple(month[:3] for month in _MONTHS)
    return months.index(name) + 1


def _ids(tokens: list[str]) -> IntArray:
    return np.array([*(_SOURCE_ID.get(token, UNKNOWN) for token in tokens), END], np.int64)
