"""Question generation from text with a marked answer: SQuAD v1.1 and the nqg pairs (the paper's third task).

Source: the words of the passage (or of the sentence that holds the answer), each with a flag for the answer. Target:
the question, from a short list of words (2,000 in the paper); with `pointer` a word that is not on the list but in the
passage is copied, target id = len(target_symbols) + source position.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from engine.data.images import DataError
from engine.data.pag_squad import Question, Squad, find_nqg, find_squad, read_nqg, read_squad
from engine.data.pag_task import DRAWS, END, UNALIGNED, UNKNOWN, Example, Task, slice_by_length
from engine.data.pag_toy_questions import read_flagged

_SPECIAL = ("⏎", "□")
_HELD_OUT_EVERY = 10  # one article in ten, when only one file is there
_ORDER_SEED = 20_171_129
PAPER_HELD_OUT = 2_000


class QuestionTask(Task):
    """Passage with answer to question. Vocabularies from the training questions and passages alone.

    train, held_out: parts of Squad files. sentence: only the sentence that holds the answer is read.
    Raises `DataError` when nothing is left to train or test on.
    """

    kind = "question"
    separator = " "

    def __init__(
        self, name: str, train: tuple[Squad, Sequence[Question]], held_out: tuple[Squad, Sequence[Question]],
        source_words: int, question_words: int, longest_target: int, sentence: bool, pointer: bool, count: int,
    ) -> None:  # fmt: skip
        self.name, self.pointer, self._sentence = name, pointer, sentence
        self._squad, fitting = train[0], [q for q in train[1] if len(q.words) < longest_target]
        tested = [q for q in held_out[1] if len(q.words) < longest_target]
        if not fitting or not tested:
            raise DataError(f"{name}: {len(fitting):,} questions to train and {len(tested):,} to test on are too few.")
        self._train = fitting
        read = Counter(word for p in {q.passage for q in fitting} for word in train[0].passages[p].words)
        asked = Counter(word for q in fitting for word in q.words)
        self.source_symbols = (*_SPECIAL, *_most(read, source_words))
        self.target_symbols = (*_SPECIAL, *_most(asked, question_words))
        self._source = {word: i for i, word in enumerate(self.source_symbols) if i > UNKNOWN}
        self._target = {word: i for i, word in enumerate(self.target_symbols) if i > UNKNOWN}
        order = np.random.default_rng(_ORDER_SEED).permutation(len(tested))[:count]
        self.held_out = [self._example(held_out[0], tested[int(i)]) for i in order]
        self.longest = max(len(q.words) for q in fitting) + 1
        dropped = len(train[1]) - len(fitting)
        said = [f"{len(fitting):,} questions to train on, {len(tested):,} held out."]
        if dropped:
            said.append(f"Left out: {dropped:,} questions of {longest_target} words or more.")
        self.notes = tuple(dict.fromkeys((*train[0].notes, *held_out[0].notes, *said)))

    def batch(self, rng: np.random.Generator, size: int) -> list[Example]:
        """`size` questions whose passages are of similar length."""
        drawn = [self._train[int(i)] for i in rng.integers(len(self._train), size=DRAWS * size)]
        chosen = slice_by_length(drawn, size, rng, lambda q: (self._width(q), len(q.words)))
        return [self._example(self._squad, q) for q in chosen]

    def encode(self, text: str) -> Example:
        """A passage with its answer between [brackets]. Raises `DataError` as `read_flagged`."""
        words, flags = read_flagged(text)
        return self._make(words, flags, ())

    def _width(self, question: Question) -> int:
        low, high = self._window(self._squad, question)
        return high - low

    def _window(self, squad: Squad, question: Question) -> tuple[int, int]:
        """The tokens that are read."""
        passage = squad.passages[question.passage]
        if not self._sentence:
            return 0, len(passage.words)
        low = max(s for s in passage.sentences if s <= max(0, question.first))
        high = min((s for s in passage.sentences if s > question.last), default=len(passage.words))
        return low, max(high, low + 1)

    def _example(self, squad: Squad, question: Question) -> Example:
        low, high = self._window(squad, question)
        words = squad.passages[question.passage].words[low:high]
        flags = [int(question.first <= i <= question.last) for i in range(low, high)]
        return self._make(words, flags, question.words)

    def _make(self, words: Sequence[str], flags: Sequence[int], asked: Sequence[str]) -> Example:
        rows = [(self._source.get(word, UNKNOWN), flag) for word, flag in zip(words, flags, strict=True)]
        unknown = tuple(i for i, (row, _) in enumerate(rows) if row == UNKNOWN)
        places = {word: i for i, word in reversed(list(enumerate(words)))} if self.pointer else {}
        ids, gold = [], []
        for word in asked:
            place = places.get(word, UNALIGNED) if word not in self._target else UNALIGNED
            ids.append(self._target.get(word, UNKNOWN) if place < 0 else len(self.target_symbols) + place)
            gold.append(place)
        return Example(
            np.array([*rows, (END, 0)], np.int64), np.array([*ids, END], np.int64),
            np.array([*gold, UNALIGNED], np.int64), (*words, _SPECIAL[END]), len(words) + 1, unknown, "",
            " ".join(asked),
        )  # fmt: skip


def squad_task(
    folder: str, longest_source: int, longest_target: int, source_words: int, question_words: int,
    sentence: bool, pointer: bool, count: int, limit: int,
) -> QuestionTask:  # fmt: skip
    """SQuAD as found: 2,000 questions of the training file are held out as in the paper, by whole articles.

    With the dev file alone one article in ten is held out, which is said.
    """
    parts = find_squad(folder)
    part = "train" if "train" in parts else "dev"
    squad = read_squad(parts[part], longest_source)
    articles = sorted({p.article for p in squad.passages})
    shuffled = [articles[int(i)] for i in np.random.default_rng(_ORDER_SEED).permutation(len(articles))]
    sizes = Counter(squad.passages[q.passage].article for q in squad.questions)
    wanted = min(PAPER_HELD_OUT, len(squad.questions) // _HELD_OUT_EVERY)
    kept_out: set[str] = set()
    for article in shuffled:
        if sum(sizes[a] for a in kept_out) >= wanted:
            break
        kept_out.add(article)
    train = [q for q in squad.questions if squad.passages[q.passage].article not in kept_out]
    tested = [q for q in squad.questions if squad.passages[q.passage].article in kept_out]
    note = (
        f"Only {parts[part].name} is here: it trains, and {len(kept_out)} of its {len(articles)} articles are held out."
    )
    said = squad if part == "train" else Squad(squad.passages, squad.questions, (*squad.notes, note))
    task = QuestionTask(
        "squad", (said, train[: limit or None]), (squad, tested), source_words, question_words, longest_target,
        sentence, pointer, count,
    )  # fmt: skip
    task.provenance = f"SQuAD from {parts[part]}"
    return task


def nqg_task(
    folder: str, longest_source: int, longest_target: int, source_words: int, question_words: int, pointer: bool,
    count: int, limit: int,
) -> QuestionTask:  # fmt: skip
    """The nqg pairs as found: train and dev; with one part alone one pair in ten is held out, which is said."""
    parts = find_nqg(folder)
    first = "train" if "train" in parts else next(iter(parts))
    squad = read_nqg(*parts[first], longest_source)
    if first == "train" and "dev" in parts:
        other = read_nqg(*parts["dev"], longest_source)
        train, held_out = (squad, squad.questions), (other, other.questions)
    else:
        note = f"Only nqg's {first} part is here: one pair in ten is held out of it."
        squad = Squad(squad.passages, squad.questions, (*squad.notes, note))
        train = squad, tuple(q for i, q in enumerate(squad.questions) if i % _HELD_OUT_EVERY)
        held_out = squad, squad.questions[::_HELD_OUT_EVERY]
    limited = train[0], train[1][: limit or None]
    sizes = source_words, question_words, longest_target
    task = QuestionTask("nqg", limited, held_out, *sizes, False, pointer, count)
    task.provenance = f"nqg pairs from {parts[first][0].parent}"
    return task


def _most(counts: Counter[str], size: int) -> list[str]:
    return sorted(counts, key=lambda word: (-counts[word], word))[:size]
