"""Parallel text and SQuAD: layouts, faults named with file and line, sub-words, the cache, and the real sets."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import tarfile
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engine.data.images import DataError
from engine.data.listing import look
from engine.data.pag import TaskOptions, make_task
from engine.data.pag_pieces import Cutter, count_words, learn, tokens
from engine.data.pag_squad import read_squad
from engine.data.pag_task import END, UNKNOWN
from engine.data.pag_texts import lines, pairs
from engine.data.pag_translation import HELD_OUT_EVERY

SMALL = TaskOptions(pieces=80, characters=20)


@pytest.fixture(autouse=True)
def no_data_of_the_machine(monkeypatch, request):
    if "real" not in request.node.name:
        monkeypatch.delenv("ATELIER_DATA", raising=False)


def sentences(count: int, seed: int = 0) -> list[tuple[str, str]]:
    rng = random.Random(seed)
    animals, verbs = ("cat", "dog", "bird", "horse"), ("runs", "sleeps", "waits")
    picked = [(rng.choice(animals), rng.choice(verbs), rng.randrange(100)) for _ in range(count)]
    return [(f"the {a} {v} , {n} times .", f"der {a[::-1]} {v[::-1]}, {n}-mal.") for a, v, n in picked]


def write(folder: Path, both: list[tuple[str, str]], stem: str = "train", suffix: str = "") -> tuple[Path, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for side, language in enumerate(("en", "de")):
        path = folder / f"{stem}.{language}{suffix}"
        content = "".join(pair[side] + "\n" for pair in both).encode()
        path.write_bytes(gzip.compress(content) if suffix == ".gz" else content)
        found.append(path)
    return found[0], found[1]


def own(source: Path, target: Path | None = None, **more) -> TaskOptions:
    return TaskOptions(**{"pieces": 80, "characters": 20, "source_file": str(source),
                          "target_file": str(target or ""), **more})  # fmt: skip


# --- files --------------------------------------------------------------------------------------------------------


def test_that_plain_gzip_and_sgm_files_give_the_same_lines(tmp_path):
    text = ["Ein  Satz & mehr", "Zwei\tSätze"]
    (tmp_path / "a.de").write_text("\ufeff" + "\r\n".join(text) + "\r\n", encoding="utf-8")
    (tmp_path / "a.de.gz").write_bytes(gzip.compress("\n".join(text).encode()))
    (tmp_path / "a.de.sgm").write_text(
        f'<refset>\n<doc>\n<seg id="1">{text[0].replace("&", "&amp;")}</seg>\n<SEG id="2"> {text[1]} </SEG>\n</doc>'
    )
    for name in ("a.de", "a.de.gz", "a.de.sgm"):
        assert list(lines(tmp_path / name)) == ["Ein Satz & mehr", "Zwei Sätze"], name
    assert list(lines(tmp_path / "a.de", keeps_tabs=True)) == text


def test_that_different_line_counts_are_both_said(tmp_path):
    source, target = write(tmp_path, sentences(30))
    target.write_text("\n".join(target.read_text().splitlines()[:25]) + "\n")
    with pytest.raises(DataError, match=r"train\.en has 30 lines but .*train\.de has 25"):
        list(pairs(source, target))


@pytest.mark.parametrize(("content", "why"), [
    (b"", r"bad\.en is empty"), (b"one line\n", r"bad\.en has one line only"),
    (b"good\n\xff\xfe bad\n", r"bad\.en, line 2: not UTF-8 text \(ff fe 20 at byte 0"),
])  # fmt: skip
def test_that_an_unusable_file_is_named_with_its_line(tmp_path, content, why):
    bad, good = tmp_path / "bad.en", tmp_path / "good.de"
    bad.write_bytes(content)
    good.write_text("gut\n" * max(1, content.count(b"\n")))
    with pytest.raises(DataError, match=why):
        list(pairs(bad, good))


def test_that_a_gzip_file_cut_short_or_damaged_is_named_with_its_last_line(tmp_path):
    source, target = write(tmp_path, sentences(3000), suffix=".gz")
    whole = source.read_bytes()
    source.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"train\.en\.gz is cut short after line [\d,]+: its gzip stream does not end"):
        list(pairs(source, target))
    source.write_bytes(whole[:200] + b"\x00" * 50 + whole[250:])
    with pytest.raises(DataError, match=r"train\.en\.gz is damaged after line"):
        list(pairs(source, target))
    with pytest.raises(DataError, match=r"none\.en cannot be read"):
        list(lines(tmp_path / "none.en"))


def test_that_one_tsv_holds_both_sides_and_a_row_without_a_tab_is_named(tmp_path):
    path = tmp_path / "both.tsv"
    path.write_text("a b\tc d\nempty\t\ne\tf\tmore\n")
    assert list(pairs(path, None)) == [("a b", "c d"), ("e", "f")]
    path.write_text("a\tb\nno tab here\n")
    with pytest.raises(DataError, match=r"both\.tsv, line 2: no tab"):
        list(pairs(path, None))


# --- sub-words ----------------------------------------------------------------------------------------------------


def test_that_byte_pairs_are_learned_in_the_order_of_sennrichs_example():
    words = Counter({"low": 5, "lower": 2, "newest": 6, "widest": 3})
    pieces, merges = learn(words, 100)
    assert merges[:3] == [("e@@", "s@@"), ("es@@", "t"), ("l@@", "o@@")]  # 9, 9 and 7 times; es before st by name
    assert "est" in pieces and Cutter(merges).cut("newest lower") == ["newest", "lower"]
    assert Cutter(merges[:4]).cut("lowest") == ["lo@@", "w@@", "est"]


def test_that_counting_pairs_word_by_word_gives_what_counting_all_anew_gives():
    words = count_words(source for source, _ in sentences(200))
    _, merges = learn(words, 60)
    spelled = {word: [*(c + "@@" for c in word[:-1]), word[-1]] for word in words}
    for merge in merges:
        counts = Counter()
        for word, parts in spelled.items():
            for pair in pairwise(parts):
                counts[pair] += words[word]
        best = max(counts.values())
        assert merge == min(pair for pair, count in counts.items() if count == best)
        for parts in spelled.values():
            i = 0
            while i < len(parts) - 1:
                if (parts[i], parts[i + 1]) == merge:
                    parts[i : i + 2] = [parts[i].removesuffix("@@") + parts[i + 1]]
                i += 1


def test_that_pieces_join_to_the_words_they_were_cut_from_and_fit_their_number():
    words = count_words(source for source, _ in sentences(300))
    pieces, merges = learn(words, 40)
    assert len(pieces) <= 40 == len(set(pieces)) + 40 - len(pieces)
    cutter = Cutter(merges)
    for word in [*words, "unseen", "x"]:
        cut = cutter.word(word)
        assert "".join(p.removesuffix("@@") for p in cut) == word and not cut[-1].endswith("@@")
        assert all(p.endswith("@@") for p in cut[:-1])
    assert tokens("It's 3.5, no?") == ["It", "'", "s", "3", ".", "5", ",", "no", "?"]


# --- tasks --------------------------------------------------------------------------------------------------------


def test_that_own_text_trains_on_nineteen_lines_in_twenty_and_tests_on_the_others(tmp_path):
    both = sentences(200)
    source, target = write(tmp_path, both)
    task = make_task("own-text", own(source, target, characters=60))
    assert len(task.held_out) == 10 and task.notes[0] == "190 training pairs."
    assert {e.reference for e in task.held_out} == {t for _, t in both[HELD_OUT_EVERY - 1 :: HELD_OUT_EVERY]}
    batch = task.batch(np.random.default_rng(0), 16)
    assert len(batch) == 16
    for e in batch:
        assert e.source[-1] == e.target[-1] == END and task.decode(e.target) == e.reference
        assert (" ".join(e.words[:-1]).replace("@@ ", ""), e.reference) in both
    typed = task.encode("the zebra runs .")
    assert typed.unknown and all(typed.source[i] == UNKNOWN for i in typed.unknown) and typed.target.tolist() == [END]
    assert "training pairs have at most 50" in task.encode("the cat " * 60).note
    for empty in ("", "  "):
        with pytest.raises(DataError, match="nothing to translate"):
            task.encode(empty)


def test_that_ids_are_made_once_and_again_when_the_text_changes(tmp_path, atelier_home):
    source, target = write(tmp_path / "text", sentences(100))
    make_task("own-text", own(source, target))
    cache = atelier_home / "cache" / "pag"
    before = {p: p.stat().st_mtime_ns for p in cache.iterdir()}
    again = make_task("own-text", own(source, target))
    assert {p: p.stat().st_mtime_ns for p in cache.iterdir()} == before and len(before) == 1
    assert len(again.batch(np.random.default_rng(0), 8)) == 8
    write(tmp_path / "text", sentences(120, seed=1))
    make_task("own-text", own(source, target))
    make_task("own-text", own(source, target, characters=5))
    assert len(list(cache.iterdir())) == 3


def test_that_a_fault_while_ids_are_made_leaves_no_half_cache(tmp_path, atelier_home):
    source, target = write(tmp_path, sentences(100))
    with target.open("a") as file:
        file.write("one line more\n")
    with pytest.raises(DataError, match="101 lines"):
        make_task("own-text", own(source, target))
    assert list((atelier_home / "cache" / "pag").iterdir()) == []


def test_that_long_pairs_are_left_out_and_rare_letters_counted(tmp_path):
    both = [*sentences(100), ("the " * 70, "der"), ("the", "x" * 600)]
    task = make_task("own-text", own(*write(tmp_path, both)))
    assert "Left out: 2 beyond 50 sub-words or 500 letters." in task.notes
    assert any("target letters are not among the 20 kept" in note for note in task.notes)
    with pytest.raises(DataError, match="no pair of at most 2 sub-words"):
        make_task("own-text", own(*write(tmp_path, both), longest_source=2))
    with pytest.raises(DataError, match="61,000 sub-words cannot be stored"):
        make_task("own-text", own(*write(tmp_path, both), pieces=61_000))


@pytest.mark.parametrize(("source", "target", "why"), [
    ("", "", "No file is named"), ("none.en", "", "is not a file"), ("train.en", "", "has no partner"),
])  # fmt: skip
def test_that_own_text_without_its_files_is_refused(tmp_path, source, target, why):
    write(tmp_path, sentences(4))
    options = own(tmp_path / source if source else Path(), tmp_path / target if target else None)
    with pytest.raises(DataError, match=why):
        make_task("own-text", options if source else TaskOptions())


@pytest.mark.parametrize("layout", ["", "data/task1/raw", "multi30k/data/task1/raw"])
def test_that_multi30k_is_found_in_its_layouts_and_a_missing_part_is_said(tmp_path, layout):
    write(tmp_path / layout, sentences(60), "train", ".gz")
    alone = make_task("multi30k", TaskOptions(folder=str(tmp_path), pieces=80))
    assert any("without its validation files" in note for note in alone.notes) and len(alone.held_out) == 3
    write(tmp_path / layout, sentences(7, 1), "val")
    write(tmp_path / layout, sentences(9, 2), "test_2016_flickr")
    task = make_task("multi30k", TaskOptions(folder=str(tmp_path), pieces=80))
    assert len(task.held_out) == 7 and task.splits == ("test_2016_flickr",)
    assert [e.reference for e in task.split("test_2016_flickr")] == [t for _, t in sentences(9, 2)]
    assert task.notes == ("60 training pairs.",)
    with pytest.raises(DataError, match="no test set 'newstest'"):
        task.split("newstest")


def test_that_wmt16s_archives_of_multi30k_are_read_and_their_paths_are_not_trusted(tmp_path):
    folder, written = tmp_path / "sets", tmp_path / "written"
    folder.mkdir()
    for name, stem, count in (("training", "train", 60), ("validation", "val", 5)):
        write(written, sentences(count), stem)
        with tarfile.open(folder / f"{name}.tar.gz", "w:gz") as tar:
            for language in ("en", "de"):
                content = (written / f"{stem}.{language}").read_bytes()
                member = tarfile.TarInfo(f"../../{stem}.{language}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    task = make_task("multi30k", TaskOptions(folder=str(folder), pieces=80))
    assert len(task.held_out) == 5 and not list(tmp_path.glob("*.en"))
    (folder / "training.tar.gz").write_bytes((folder / "training.tar.gz").read_bytes()[:300])
    with pytest.raises(DataError, match=r"training\.tar\.gz is damaged or cut short"):
        make_task("multi30k", TaskOptions(folder=str(folder), pieces=80))


def test_that_wmt_text_is_sorted_into_training_dev_and_test_and_what_is_missing_is_said(tmp_path):
    write(tmp_path / "wmt15" / "training", sentences(80), "news-commentary-v10.de-en")
    write(tmp_path / "wmt15" / "dev", sentences(6, 1), "newstest2013")
    write(tmp_path / "wmt15" / "dev", sentences(7, 2), "newstest2014")
    sgm = tmp_path / "wmt15" / "test"
    sgm.mkdir()
    for name, side in (("src.en", 0), ("ref.de", 1)):
        segments = "\n".join(f'<seg id="{i}">{pair[side]}</seg>' for i, pair in enumerate(sentences(8, 3)))
        (sgm / f"newstest2015-ende-{name}.sgm").write_text(segments)
    task = make_task("wmt15", TaskOptions(folder=str(tmp_path), pieces=80))
    assert task.splits == ("newstest2014", "newstest2015-ende") and len(task.held_out) == 6
    assert len(task.split("newstest2015-ende")) == 8 and "news-commentary-v10.de-en" in task.notes[0]
    (tmp_path / "alone").mkdir()
    write(tmp_path / "alone", sentences(50), "newstest2015")
    tiny = make_task("wmt15", TaskOptions(folder=str(tmp_path / "alone"), pieces=80))
    assert "newstest2015 trains instead, which is tiny" in tiny.notes[0] and "Without newstest2013" in tiny.notes[1]
    with pytest.raises(DataError, match=r"No WMT text en–cs was found .*statmt\.org"):
        make_task("wmt15", TaskOptions(folder=str(tmp_path), pair=("en", "cs")))


@pytest.mark.parametrize("name", ["multi30k", "squad", "nqg"])
def test_that_a_set_that_is_not_here_is_said_with_where_it_was_looked_for(tmp_path, name):
    with pytest.raises(DataError, match=rf"was not found in {tmp_path}"):
        make_task(name, TaskOptions(folder=str(tmp_path)))
    with pytest.raises(DataError, match="is not a folder"):
        make_task(name, TaskOptions(folder=str(tmp_path / "nowhere")))


# --- SQuAD --------------------------------------------------------------------------------------------------------


def squad(path: Path, articles: int = 20, version: str = "1.1", change=lambda content: content) -> Path:
    data = []
    for i in range(articles):
        context = f"City {i} lies on the River {i}. It has {i + 3} bridges."
        asked = [
            ("Where does the city lie?", f"River {i}"), ("How many bridges are there?", f"{i + 3} bridges"),
            ("What has bridges?", f"City {i}"),
        ]  # fmt: skip
        qas = [
            {"question": q, "id": f"{i}", "answers": [{"text": a, "answer_start": context.index(a)}]} for q, a in asked
        ]
        data.append({"title": f"t{i}", "paragraphs": [{"context": context, "qas": qas}]})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(change({"version": version, "data": data})))
    return path


def test_that_answers_become_spans_of_tokens_and_sentences_are_found(tmp_path):
    found = read_squad(squad(tmp_path / "train-v1.1.json"), 660)
    assert len(found.passages) == 20 and len(found.questions) == 60 and found.notes == ()
    for q in found.questions:
        words = found.passages[q.passage].words
        said = " ".join(words[q.first : q.last + 1])
        assert said.startswith(("river", "city")) or said.endswith("bridges")
    assert found.passages[3].sentences == (0, 8)
    assert found.passages[3].words[:3] == ("city", "3", "lies")


def test_that_a_v2_file_leaves_out_what_cannot_be_answered_and_another_version_is_said(tmp_path):
    def change(content):
        content["data"][0]["paragraphs"][0]["qas"][0] |= {"is_impossible": True, "answers": []}
        content["data"][1]["paragraphs"][0]["qas"][0]["answers"][0]["answer_start"] += 1
        return content

    found = read_squad(squad(tmp_path / "train-v2.0.json", version="v2.0", change=change), 660)
    assert len(found.questions) == 58
    assert found.notes == (
        "Questions left out: 1 without an answer.",
        "Questions left out: 1 whose answer is not where it is said to be.",
    )
    assert "says version “3”" in read_squad(squad(tmp_path / "x.json", version="3"), 660).notes[0]
    longer = squad(tmp_path / "y.json")
    with pytest.raises(DataError, match=r"holds no question .* 60 about longer passages"):
        read_squad(longer, 10)


@pytest.mark.parametrize(("content", "why"), [
    ('{"data": [', r"line 1, column 11: not JSON"), ("[1]", "outermost part is a list"),
    ('{"version": "1.1", "data": [{"paragraphs": [{"qas": []}]}]}', r"not laid out as SQuAD .*KeyError: 'context'"),
    ('{"version": "1.1", "data": []}', "holds no question"),
])  # fmt: skip
def test_that_a_damaged_or_foreign_file_is_refused_with_the_place(tmp_path, content, why):
    path = tmp_path / "train-v1.1.json"
    path.write_text(content)
    with pytest.raises(DataError, match=why):
        read_squad(path, 660)


def test_that_an_answer_beside_a_mark_or_inside_a_word_takes_whole_tokens_and_no_neighbour(tmp_path):
    context = '"Paris"(1889)and twenty-first.'
    asked = [{"question": "?", "id": a, "answers": [{"text": a, "answer_start": context.index(a)}]}
             for a in ("Paris", "1889", "first", "aris")]  # fmt: skip
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"version": "1.1", "data": [{"paragraphs": [{"context": context, "qas": asked}]}]}))
    found = read_squad(path, 660)
    words = found.passages[0].words
    assert [words[q.first : q.last + 1] for q in found.questions] == [("paris",), ("1889",), ("first",), ("paris",)]


@pytest.mark.parametrize("pointer", [True, False])
def test_that_questions_point_at_words_of_the_passage_that_are_not_on_the_short_list(tmp_path, pointer):
    squad(tmp_path / "train-v1.1.json")
    options = TaskOptions(folder=str(tmp_path), question_words=6, pointer=pointer, longest_source=660)
    task = make_task("squad", options)
    assert len(task.target_symbols) == 8 and task.pointer is pointer and len(task.held_out) == 6
    assert "54 questions to train on, 6 held out." in task.notes
    copied = 0
    for e in task.held_out:
        assert task.score(e.target, e).exact and e.source[:, 1].sum() in (1, 2)
        ids = e.target[e.target >= len(task.target_symbols)]
        copied += len(ids)
        assert all(e.words[i - len(task.target_symbols)] in e.reference.split() for i in ids)
        assert pointer or "□" in task.decode(e.target, e)
    assert (copied > 0) is pointer
    batch = task.batch(np.random.default_rng(0), 8)
    assert len(batch) == 8
    near = make_task("squad", TaskOptions(folder=str(tmp_path), sentence=True, longest_source=660))
    assert max(len(e.source) for e in near.held_out) == 9


def test_that_copying_a_word_from_another_place_is_as_right(tmp_path):
    squad(tmp_path / "train-v1.1.json")
    task = make_task("squad", TaskOptions(folder=str(tmp_path), question_words=2, longest_source=660))
    e = task.encode("the cat and the [dog]")
    first, second = len(task.target_symbols), len(task.target_symbols) + 3
    asked = type(e)(e.source, np.array([first, END]), np.array([0, -1]), e.words, e.size)
    assert task.score([second, END], asked).exact and not task.score([second + 1], asked).exact


def test_that_one_squad_file_alone_is_split_by_articles_and_said(tmp_path):
    squad(tmp_path / "dev-v1.1.json")
    task = make_task("squad", TaskOptions(folder=str(tmp_path), longest_source=660))
    assert any("Only dev-v1.1.json is here" in note for note in task.notes)


def test_that_nqg_pairs_are_read_without_answers(tmp_path):
    for part, count in (("train", 30), ("dev", 5)):
        both = sentences(count)
        (tmp_path / f"src-{part}.txt").write_text("\n".join(s for s, _ in both))
        (tmp_path / f"tgt-{part}.txt").write_text("\n".join(t for _, t in both))
    task = make_task("nqg", TaskOptions(folder=str(tmp_path)))
    assert len(task.held_out) == 5 and not any(e.source[:, 1].any() for e in task.held_out)
    assert any("mark no answer" in note for note in task.notes)


# --- where the sets are -----------------------------------------------------------------------------------------


def test_that_a_partial_and_a_cut_text_set_are_told_apart(tmp_path):
    assert look("multi30k", tmp_path).state == "missing"
    write(tmp_path, sentences(20), suffix=".gz")
    found = look("multi30k", tmp_path)
    assert found.state == "modified" and "2 of 12 files" in found.text and "train.en" in found.text
    path = tmp_path / "train.en.gz"
    path.write_bytes(path.read_bytes()[:-20])
    assert look("multi30k", tmp_path).state == "faulty"
    squad(tmp_path / "squad" / "dev-v1.1.json")
    assert look("squad", tmp_path).state == "modified"
    (tmp_path / "squad" / "dev-v1.1.json").write_text('{"data"')
    assert look("squad", tmp_path).state == "faulty"


REAL = Path(os.environ.get("ATELIER_DATA", "nowhere"))


@pytest.mark.skipif(not (REAL / "multi30k").is_dir(), reason="ATELIER_DATA is not set: Multi30k not found")
def test_that_the_real_multi30k_is_verified_and_becomes_a_task():
    assert look("multi30k", REAL).state == "verified"
    task = make_task("multi30k", TaskOptions(folder=str(REAL), pieces=2000, limit=3000))
    assert task.splits[0] == "test_2016_flickr" and len(task.split("test_2016_flickr")) == 1000
    assert task.notes == ("3,000 training pairs.",) and len(task.held_out) == 1000
    czech = make_task("multi30k", TaskOptions(folder=str(REAL), pieces=500, limit=300, pair=("en", "cs")))
    assert "ř" in czech.target_symbols and len(czech.held_out) > 900


@pytest.mark.skipif(not (REAL / "wmt15").is_dir(), reason="ATELIER_DATA is not set: WMT text not found")
def test_that_real_wmt_text_becomes_a_task_with_its_test_sets():
    task = make_task("wmt15", TaskOptions(folder=str(REAL / "wmt15"), pieces=1000, limit=500))
    assert "onmt-sample/train" in task.notes[0] and len(task.held_out) == 1000
    assert {name: len(task.split(name)) for name in task.splits} == {"newstest2014": 3003, "newstest2015": 2169}


@pytest.mark.skipif(not (REAL / "squad").is_dir(), reason="ATELIER_DATA is not set: SQuAD not found")
def test_that_the_real_squad_dev_file_is_read_whole_with_every_answer_at_its_place():
    found = read_squad(REAL / "squad" / "dev-v1.1.json", 10_000)
    assert (len({p.article for p in found.passages}), len(found.passages), len(found.questions)) == (48, 2067, 10_570)
    assert found.notes == ()
    assert look("squad", REAL).state == "modified" and "train-v1.1.json" in look("squad", REAL).text
    xquad = read_squad(REAL / "squad" / "xquad.en.json", 10_000)
    assert (len(xquad.passages), len(xquad.questions)) == (240, 1190)
    nqg = make_task("nqg", TaskOptions(folder=str(REAL), longest_source=200))
    assert len(nqg.held_out) == 1000 and any("Only nqg's test part" in note for note in nqg.notes)
