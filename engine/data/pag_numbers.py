"""English number words in, a German, Finnish or Czech number out, letter by letter: the default task of `pag`."""

from __future__ import annotations

import numpy as np

from engine.data.images import DataError
from engine.data.pag_number_words import ENGLISH, LANGUAGES, LARGEST, english, spell, value_of
from engine.data.pag_task import DRAWS, END, UNALIGNED, UNKNOWN, Example, Task

HELD_OUT_PART = 10  # one number in ten is never trained on
_SPLIT_SEED = 20_171_129  # fixed: every run and every seed holds out the same numbers
_TITLES = {"de": "German", "fi": "Finnish", "cs": "Czech"}
_SOURCE = ("⏎", "?", *ENGLISH)
_SOURCE_ID = {word: index for index, word in enumerate(_SOURCE)}


class NumberTask(Task):
    """English words of low..high to the letters of one word; source vocabulary 32, gold alignments known.

    A tenth of the numbers, drawn once for all, is held out; `held_out` are up to `count` of them.
    Raises `DataError` for a range outside 0..999,999 or with fewer than 20 numbers.
    """

    kind = "text"
    has_gold = True
    source_symbols = _SOURCE

    def __init__(self, language: str = "de", low: int = 0, high: int = 9_999, count: int = 1_000) -> None:
        if not (low >= 0 and high <= LARGEST and high - low >= 2 * HELD_OUT_PART - 1):
            raise DataError(
                f"Numbers from {low:,} to {high:,} make no task: at least {2 * HELD_OUT_PART} within 0 to {LARGEST:,}."
            )
        self.name = f"numbers-{language}"
        self.language, self.low, self.high = language, low, high
        letters = sorted({c for value in _covering() for piece, _ in spell(value, language) for c in piece})
        self.target_symbols = ("⏎", "?", *letters)
        self._letter = {c: i for i, c in enumerate(self.target_symbols)}
        shuffled = low + np.random.default_rng(_SPLIT_SEED).permutation(high - low + 1)
        cut = len(shuffled) // HELD_OUT_PART
        self._kept_out, self._train = frozenset(map(int, shuffled[:cut])), shuffled[cut:]
        self._cache: dict[int, Example] = {}
        self.held_out = [self.example(int(value)) for value in shuffled[: min(cut, count)]]
        self._lengths = _lengths(language)
        self.longest = int(self._letters(np.arange(low, high + 1)).max()) + 1

    def batch(self, rng: np.random.Generator, size: int) -> list[Example]:
        """`size` numbers of similar length: DRAWS times as many are drawn, sorted and sliced."""
        drawn = rng.choice(self._train, DRAWS * size)
        ordered = drawn[np.argsort(self._letters(drawn), kind="stable")]
        start = size * int(rng.integers(DRAWS))
        return [self.example(int(value)) for value in ordered[start : start + size]]

    def example(self, value: int) -> Example:
        """The pair of one number; raises `ValueError` outside 0..999,999."""
        known = self._cache.get(value)
        if known is None:
            known = self._cache[value] = self._make(value)
        return known

    def is_held_out(self, value: int) -> bool:
        """Whether training never sees this number."""
        return value in self._kept_out

    def encode(self, text: str) -> Example:
        """English words, hyphens and `and` allowed, or digits. Words it cannot read become "?" and are counted.

        The target is known when the words are a number; else it is END alone. Raises `DataError` for empty text
        and for digits beyond 999,999.
        """
        plain = text.strip().lower().replace(",", "").replace(" ", "") if any(c.isdigit() for c in text) else ""
        if plain.isdecimal():
            if int(plain) > LARGEST:
                raise DataError(f"{int(plain):,} has no words here: numbers go up to {LARGEST:,}.")
            words = english(int(plain))
        else:
            words = [w for w in text.lower().replace("-", " ").replace(",", " ").split() if w != "and"]
        if not words:
            raise DataError("There is nothing to translate: type a number, in English words or digits.")
        value = value_of(words)
        if value is None:
            return self._unread(words)
        e = self.example(value)
        if self.low <= value <= self.high:
            return e
        note = f"Extrapolating: {value:,} is outside the trained range {self.low:,} to {self.high:,}."
        return Example(e.source, e.target, e.gold, e.words, e.size, note=note, reference=e.reference)

    def _make(self, value: int) -> Example:
        words = english(value)
        pieces = spell(value, self.language)
        word = "".join(piece for piece, _ in pieces)
        target = np.array([*(self._letter[c] for c in word), END], np.int64)
        gold = np.array([*(at for piece, at in pieces for _ in piece), UNALIGNED], np.int64)
        return Example(_ids(words), target, gold, (*words, _SOURCE[END]), len(words) + 1, reference=word)

    def _unread(self, words: list[str]) -> Example:
        strange = tuple(i for i, w in enumerate(words) if w not in _SOURCE_ID)
        note = f"Not a number as English writes it: {_TITLES[self.language]} has no right answer, the model tries."
        if strange:
            note = f"Not number words: {', '.join(words[i] for i in strange)}; the model sees “?” instead."
        end = np.array([END], np.int64)
        gold = np.array([UNALIGNED], np.int64)
        return Example(_ids(words), end, gold, (*words, _SOURCE[END]), len(words) + 1, strange, note)

    def _letters(self, values: np.ndarray) -> np.ndarray:
        """Letters of the words of these numbers, without spelling them: a range may hold a million."""
        thousands, rest, gap, zero = self._lengths
        both = gap * ((values >= 1000) & (values % 1000 > 0))
        return np.where(values == 0, zero, thousands[values // 1000] + rest[values % 1000] + both)


def _lengths(language: str) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Letters of n thousand and of a final n, n in 0..999 (0: none), of the gap between them, and of zero."""

    def letters(value: int) -> int:
        return sum(len(piece) for piece, _ in spell(value, language)) if value else 0

    thousands, rest = (np.array([letters(n * unit) for n in range(1000)]) for unit in (1000, 1))
    return thousands, rest, letters(1001) - letters(1000) - letters(1), len(LANGUAGES[language][0])


def _ids(words: list[str]) -> np.ndarray:
    return np.array([*(_SOURCE_ID.get(w, UNKNOWN) for w in words), END], np.int64)


def _covering() -> list[int]:
    """Numbers whose words together use every letter of a language."""
    return [*range(100), *(100 * n for n in range(1, 10)), *(1000 * n for n in range(1, 10))]
