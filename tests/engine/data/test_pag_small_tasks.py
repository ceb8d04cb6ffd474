"""Dates, templated questions, and what all tasks share: padding, slices by length, scores, BLEU."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from engine.data.images import DataError
from engine.data.pag_dates import DateTask
from engine.data.pag_numbers import NumberTask
from engine.data.pag_scores import LETTERS, aligned, bleu, bleu_by_length, by_size, shares
from engine.data.pag_task import END, UNALIGNED, pad, slice_by_length
from engine.data.pag_toy_questions import ToyQuestionTask, _is_held_out, _recognise, read_flagged
from engine.edit_distance import edits


@pytest.fixture(scope="module")
def questions() -> ToyQuestionTask:
    return ToyQuestionTask(200)


@pytest.mark.parametrize(("text", "answer"), [
    ("3 march 2017", "2017-03-03"), ("March 3, 2017", "2017-03-03"), ("3/3/2017", "2017-03-03"),
    ("mar 3 2017", "2017-03-03"), ("11/12/2013", "2013-12-11"), ("29 february 2000", "2000-02-29"),
])  # fmt: skip
def test_that_a_date_in_any_form_is_read(text, answer):
    e = DateTask(2).encode(text)
    assert e.reference == answer and e.note == ""


def test_that_the_digits_of_a_date_point_at_where_they_are_read():
    for e in DateTask(300).held_out:
        day = date.fromisoformat(e.reference)
        for symbol, place in zip(e.reference, e.gold, strict=False):
            word = e.words[place] if place != UNALIGNED else ""
            if symbol == "-":
                assert place == UNALIGNED
            elif word.isdigit() and symbol != "0":
                assert word == symbol
            elif word.isalpha():
                assert f"{day:%B}".lower().startswith(word)
        assert "".join(e.words[i] for i in e.gold[:4]) == f"{day.year}" and len(e.target) == 11


def test_that_days_are_held_out_in_all_their_forms():
    task = DateTask(20_000)
    assert len(task.held_out) == 7304
    kept_out = {e.reference for e in task.held_out}
    rng = np.random.default_rng(0)
    assert not kept_out & {e.reference for _ in range(30) for e in task.batch(rng, 32)}


def test_that_a_wrong_date_may_be_a_date_and_nonsense_is_none():
    task = DateTask(2)
    e = task.encode("3 march 2017")
    other = task.score(task.encode("4 march 2017").target, e)
    assert other.valid and not other.exact and other.edits == 1 and other.why == "2017-03-04 instead of 2017-03-03."
    broken = task.score(task.encode("3 march 2017").target[:5], e)
    assert not broken.valid and "is no date" in broken.why
    assert "no right answer" in task.encode("31/2/2000").note and "Extrapolating" in task.encode("1 may 1850").note
    assert task.encode("foo").unknown == (0,)
    with pytest.raises(DataError, match="nothing to read"):
        task.encode(" ")


def test_that_a_question_takes_its_words_from_where_gold_says(questions):
    verbs = {"gave": "give", "sent": "send", "brought": "bring", "showed": "show", "lent": "lend", "sold": "sell"}
    for e in questions.held_out:
        assert e.source[:, 1].sum() == 1 and e.words[-1] == "⏎" and e.source[-1].tolist() == [END, 0]
        answer = int(np.flatnonzero(e.source[:, 1])[0])
        for word, place in zip(e.reference.split(), e.gold, strict=False):
            if place != UNALIGNED and place != answer:
                assert e.words[place] in (word, next((p for p, b in verbs.items() if b == word), None))
        assert e.words[answer] not in e.reference.split()[1:]
        assert questions.decode(e.target) == e.reference and e.reference.endswith(" ?")


def test_that_a_typed_sentence_of_a_template_is_known_with_its_question(questions):
    for e in questions.held_out[:50]:
        shown = [f"[{w}]" if flag else w for w, flag in zip(e.words, e.source[:, 1], strict=True)][:-1]
        assert questions.encode(" ".join(shown)).reference == e.reference
    e = questions.encode("[Napoleon] came")
    assert e.unknown == (0, 1) and e.target.tolist() == [END] and "no known right question" in e.note


@pytest.mark.parametrize(("text", "why"), [
    ("", "nothing to ask"), ("mary ran", "Mark one answer"), ("[a] [b]", "Mark one answer"), ("]a[", "Mark one answer"),
    ("mary [ ] ran", "no answer between"),
])  # fmt: skip
def test_that_a_sentence_without_one_answer_is_refused(text, why):
    with pytest.raises(DataError, match=why):
        read_flagged(text)


def test_that_held_out_sentences_never_train_and_streams_repeat(questions):
    def is_held_out(e):
        choice = _recognise(list(e.words[:-1]), e.source[:-1, 1].tolist())
        assert choice is not None
        return _is_held_out(choice)

    rng = np.random.default_rng(3)
    assert all(map(is_held_out, questions.held_out))
    assert not any(is_held_out(e) for _ in range(10) for e in questions.batch(rng, 32))
    one, other = (questions.batch(np.random.default_rng(4), 8) for _ in range(2))
    assert [e.words for e in one] == [e.words for e in other]
    assert len({len(e.target) for e in questions.batch(rng, 32)}) > 2  # all kinds of question in one batch
    assert max(len(e.target) for e in questions.held_out) == questions.longest


def test_that_padding_is_end_and_known_by_the_lengths():
    task = NumberTask()
    few = [task.example(v) for v in (7, 427, 21)]
    padded = pad(few)
    assert padded.source.shape == (3, 5) and padded.target.shape == (3, 28)
    assert padded.lengths.tolist() == [2, 5, 3] and padded.target_lengths.tolist() == [7, 28, 14]
    for row, e in enumerate(few):
        assert (padded.source[row, len(e.source) :] == END).all() and (padded.target[row, len(e.target) :] == END).all()
        assert (padded.gold[row, len(e.gold) :] == UNALIGNED).all()
        assert (padded.source[row, : len(e.source)] == e.source).all()
    pairs = pad(ToyQuestionTask(2).held_out)
    assert pairs.source.shape == (2, 13, 2)


def test_that_a_slice_holds_neighbours_in_length():
    drawn = list(np.random.default_rng(0).permutation(64))
    chosen = slice_by_length(drawn, 8, np.random.default_rng(1), int)
    assert len(chosen) == 8 and max(chosen) - min(chosen) == 7


@pytest.mark.parametrize(("one", "other", "distance"), [
    ("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "acb", 2), ("ab", "ba", 2),
])  # fmt: skip
def test_that_edits_are_the_distance_of_levenshtein(one, other, distance):
    assert edits(one, other) == distance


def test_that_shares_and_groups_count_every_answer_once():
    task = NumberTask()
    examples = task.held_out[:60]
    answers = [e.target if i % 3 else examples[0].target for i, e in enumerate(examples)]
    scores = [task.score(a, e) for a, e in zip(answers, examples, strict=True)]
    whole = shares(scores, examples)
    assert whole.count == 60 and whole.exact == whole.valid == pytest.approx(41 / 60) and 0.0 < whole.error < 1.0
    groups = by_size(scores, examples)
    assert sum(g.shares.count for g in groups) == 60 and [g.low for g in groups] == sorted({e.size for e in examples})
    assert sum(g.shares.exact * g.shares.count for g in groups) == pytest.approx(41)
    few = by_size(scores, examples, groups=2)
    assert len(few) <= 2 and sum(g.shares.count for g in few) == 60 and few[0].high < few[-1].low
    assert np.isnan(shares([], []).exact) and by_size([], []) == []


def test_that_bleu_is_sacrebleus_and_says_how_it_was_computed():
    same = bleu(["the cat sat on the mat ."], ["the cat sat on the mat ."])
    assert same.score == pytest.approx(100) and same.signature.startswith(
        "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp"
    )
    # By hand: precisions 5/6, 3/5, 2/4, 1/3 and no brevity penalty.
    one = bleu(["the cat sat on a mat"], ["the cat sat on the mat"])
    assert one.precisions == pytest.approx((100 * 5 / 6, 60.0, 50.0, 100 / 3))
    assert one.score == pytest.approx(100 * (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25)
    assert "tok:char" in bleu(["zwei"], ["drei"], LETTERS).signature
    task = NumberTask()
    parts = bleu_by_length([e.reference for e in task.held_out[:40]], task.held_out[:40], LETTERS, groups=3)
    assert [p[2].count for p in parts] == [13, 13, 14] and all(p[2].score == pytest.approx(100) for p in parts)
    with pytest.raises(ValueError, match="1 answers and 0 references"):
        bleu(["a"], [])


def test_that_alignment_accuracy_leaves_out_symbols_without_a_source():
    assert aligned([0, 1, 5, 3], [0, 2, -1, 3]) == (2, 3)
