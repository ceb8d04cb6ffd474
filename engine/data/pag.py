"""The tasks of Plan, Attend, Generate by name: what `make_task` can make, and its options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.data.images import DataError
from engine.data.pag_task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOptions:
    """Sizes and places; each task reads those it needs.

    low, high: range of numbers, within 0..999,999. cycle: nodes on the cycle in training, smallest and largest;
    distractors: nodes of the second cycle (0: none); test_cycle, test_distractor: of the held-out graphs.
    held_out: how many examples are held out at most. folder: where real data is looked for first.
    pair: languages of real text, source and target, as file endings. source_file, target_file: own parallel files
    (one TSV: only source_file). pieces: sub-words (questions: words) of the source; characters: of the target.
    longest_source, longest_target: longer pairs are left out. limit: training pairs to read, 0 for all.
    question_words: short list of question words (2,000 in the paper, passages 64,000). sentence: read only the
    sentence that holds the answer. pointer: questions may copy words of the source that are not on that list.
    """

    low: int = 0
    high: int = 9_999
    cycle: tuple[int, int] = (3, 8)
    distractors: tuple[int, ...] = (0, 3, 4)
    test_cycle: int = 8
    test_distractor: int = 4
    held_out: int = 1_000
    folder: str = ""
    pair: tuple[str, str] = ("en", "de")
    source_file: str = ""
    target_file: str = ""
    pieces: int = 8_000
    characters: int = 300
    longest_source: int = 50
    longest_target: int = 500
    limit: int = 0
    question_words: int = 2_000
    sentence: bool = False
    pointer: bool = True


def make_task(name: str, options: TaskOptions | None = None) -> Task:
    """Makes one of `TASKS`. Raises `DataError` for another name, and when real data is missing or faulty."""
    if name not in TASKS:
        raise DataError(f"There is no task '{name}': known are {', '.join(TASKS)}.")
    return TASKS[name](options or TaskOptions())


def _numbers(language: str) -> Callable[[TaskOptions], Task]:
    def make(options: TaskOptions) -> Task:
        from engine.data.pag_numbers import NumberTask

        return NumberTask(language, options.low, options.high, options.held_out)

    return make


def _euler(is_raw: bool) -> Callable[[TaskOptions], Task]:
    def make(options: TaskOptions) -> Task:
        from engine.data.pag_graphs import EulerTask, RawEulerTask

        task = RawEulerTask if is_raw else EulerTask
        test = options.test_cycle, options.test_distractor
        return task(options.cycle, options.distractors, test, options.held_out)

    return make


def _dead_end(options: TaskOptions) -> Task:
    from engine.data.pag_graphs import DeadEndTask

    return DeadEndTask(options.held_out)


def _dates(options: TaskOptions) -> Task:
    from engine.data.pag_dates import DateTask

    return DateTask(options.held_out)


def _toy_questions(options: TaskOptions) -> Task:
    from engine.data.pag_toy_questions import ToyQuestionTask

    return ToyQuestionTask(options.held_out)


def _parallel(name: str) -> Callable[[TaskOptions], Task]:
    def make(options: TaskOptions) -> Task:
        from engine.data import pag_corpora
        from engine.data.pag_translation import TranslationTask

        match name:
            case "multi30k":
                corpus = pag_corpora.multi30k(options.pair, options.folder)
            case "wmt15":
                corpus = pag_corpora.wmt15(options.pair, options.folder)
            case _:
                corpus = pag_corpora.own(options.source_file, options.target_file, options.pair)
        sizes = options.pieces, options.characters, options.longest_source, options.longest_target
        return TranslationTask(name, corpus, *sizes, options.limit, options.held_out)

    return make


def _squad(options: TaskOptions) -> Task:
    from engine.data.pag_questions import squad_task

    return squad_task(
        options.folder, options.longest_source, options.longest_target, options.pieces, options.question_words,
        options.sentence, options.pointer, options.held_out, options.limit,
    )  # fmt: skip


def _nqg(options: TaskOptions) -> Task:
    from engine.data.pag_questions import nqg_task

    return nqg_task(
        options.folder, options.longest_source, options.longest_target, options.pieces, options.question_words,
        options.pointer, options.held_out, options.limit,
    )  # fmt: skip


TASKS: Mapping[str, Callable[[TaskOptions], Task]] = {
    "numbers-de": _numbers("de"),
    "numbers-fi": _numbers("fi"),
    "numbers-cs": _numbers("cs"),
    "euler": _euler(is_raw=False),
    "euler-deadend": _dead_end,
    "euler-raw": _euler(is_raw=True),
    "dates": _dates,
    "questions-toy": _toy_questions,
    "multi30k": _parallel("multi30k"),
    "wmt15": _parallel("wmt15"),
    "own-text": _parallel("own-text"),
    "squad": _squad,
    "nqg": _nqg,
}
