"""Number words: spelled right, with the English word behind every letter (oracle O16)."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.images import DataError
from engine.data.pag import TaskOptions, make_task
from engine.data.pag_number_words import english, spell, value_of
from engine.data.pag_numbers import NumberTask
from engine.data.pag_task import END, UNALIGNED, UNKNOWN

SPELLED = {
    "de": {
        0: "null", 1: "eins", 16: "sechzehn", 17: "siebzehn", 21: "einundzwanzig", 30: "dreißig", 66: "sechsundsechzig",
        100: "einhundert", 101: "einhunderteins", 427: "vierhundertsiebenundzwanzig", 1001: "eintausendeins",
        9999: "neuntausendneunhundertneunundneunzig", 21_000: "einundzwanzigtausend",
        101_001: "einhunderteintausendeins",
    },
    "fi": {
        0: "nolla", 8: "kahdeksan", 11: "yksitoista", 21: "kaksikymmentäyksi", 100: "sata", 200: "kaksisataa",
        427: "neljäsataakaksikymmentäseitsemän", 1000: "tuhat", 1001: "tuhatyksi", 2000: "kaksituhatta",
        21_000: "kaksikymmentäyksituhatta",
    },
    "cs": {
        0: "nula", 1: "jedna", 2: "dva", 21: "dvacet jedna", 100: "sto", 200: "dvě stě", 300: "tři sta", 500: "pět set",
        1000: "tisíc", 2000: "dva tisíce", 4000: "čtyři tisíce", 5000: "pět tisíc",
        2222: "dva tisíce dvě stě dvacet dva", 22_000: "dvacet dva tisíc",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "value", "word"), [(lang, v, w) for lang, words in SPELLED.items() for v, w in words.items()]
)
def test_that_a_number_is_spelled_as_its_language_spells_it(language, value, word):
    assert "".join(piece for piece, _ in spell(value, language)) == word


def test_that_english_words_and_values_are_each_others_inverse():
    for value in (*range(0, 10_000, 7), 10_000, 123_456, 999_999):
        assert value_of(english(value)) == value
    assert english(427) == ["four", "hundred", "twenty", "seven"]
    for nonsense in (["seven", "seven"], ["hundred"], ["one", "thousand", "thousand"], ["zero", "one"], ["foo"], []):
        assert value_of(nonsense) is None
    with pytest.raises(ValueError, match="outside 0 to 999,999"):
        english(1_000_000)


def test_that_german_letters_without_a_source_word_are_the_linking_und_alone():
    for value in range(10_000):
        unaligned = [piece for piece, at in spell(value, "de") if at == UNALIGNED]
        assert unaligned == ["und"] * len(unaligned) and len(unaligned) <= 1


@pytest.mark.parametrize("language", ["de", "fi", "cs"])
def test_that_every_piece_says_the_word_it_points_at(language):
    """The piece of a digit or ten is the same wherever it stands: its English word decides it."""
    said: dict[str, set[str]] = {}
    for value in range(1, 10_000):
        words = english(value)
        for piece, at in spell(value, language):
            if at != UNALIGNED:
                said.setdefault(words[at], set()).add(piece)
    assert max(map(len, said.values())) <= 4  # ein, eins; sata, sataa; tisíc, tisíce; sto, sta, stě, set
    assert said["seven"] == {{"de": "sieben", "fi": "seitsemän", "cs": "sedm"}[language]}
    assert len(said) == 29  # every word but zero


def test_that_the_task_has_the_sizes_of_the_page_and_holds_out_a_tenth_for_good():
    task = NumberTask()
    assert len(task.source_symbols) == 32 and task.longest == 43 and len(task.held_out) == 1000
    assert max(len(task.example(v).source) for v in range(10_000)) == 7
    assert [e.reference for e in task.held_out] == [e.reference for e in NumberTask().held_out]
    kept_out = {e.reference for e in task.held_out}
    rng = np.random.default_rng(0)
    trained = [e for _ in range(60) for e in task.batch(rng, 32)]
    assert not kept_out & {e.reference for e in trained}
    assert sum(task.is_held_out(v) for v in range(10_000)) == 1000


def test_that_a_batch_has_words_of_similar_length_and_depends_on_its_stream_only():
    task = NumberTask()
    one, other = (task.batch(np.random.default_rng(5), 32) for _ in range(2))
    assert [e.reference for e in one] == [e.reference for e in other] and len(one) == 32
    lengths = [len(e.target) for e in one]
    assert max(lengths) - min(lengths) <= 8
    assert all(e.target[-1] == END and END not in e.target[:-1] and len(e.gold) == len(e.target) for e in one)


@pytest.mark.parametrize(("language", "high"), [("de", 9_999), ("fi", 9_999), ("cs", 9_999), ("cs", 250_000)])
def test_that_lengths_are_known_without_spelling(language, high):
    task = NumberTask(language, 0, high)
    values = np.arange(0, high + 1, 97)
    assert task._letters(values).tolist() == [len(task.example(int(v)).target) - 1 for v in values]


def test_that_typed_numbers_are_read_in_words_or_digits_and_what_cannot_be_read_is_said():
    task = NumberTask()
    e = task.encode("Four hundred and twenty-seven")
    assert e.reference == "vierhundertsiebenundzwanzig" and e.note == "" and task.decode(e.target) == e.reference
    assert task.encode("0,427").reference == e.reference
    far = task.encode("12345")
    assert far.note.startswith("Extrapolating: 12,345") and far.reference == "zwölftausenddreihundertfünfundvierzig"
    strange = task.encode("seven foo")
    assert strange.unknown == (1,) and strange.source[1] == UNKNOWN and "foo" in strange.note
    assert strange.target.tolist() == [END]
    assert "no right answer" in task.encode("seven seven").note
    for bad in ("", "   ", "and"):
        with pytest.raises(DataError, match="nothing to translate"):
            task.encode(bad)
    with pytest.raises(DataError, match="1,000,000 has no words"):
        task.encode("1000000")


def test_that_a_range_without_numbers_and_an_unknown_task_are_refused_by_name():
    with pytest.raises(DataError, match="Numbers from 5 to 7 make no task"):
        make_task("numbers-de", TaskOptions(low=5, high=7))
    with pytest.raises(DataError, match="no task 'numbers-xx': known are numbers-de"):
        make_task("numbers-xx")
