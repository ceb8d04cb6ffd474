"""Parameters from words and files."""

from __future__ import annotations

import json

import pytest

from engine.cli import values
from engine.papers.contract import ParameterError


def test_that_settings_are_names_and_values_and_the_last_one_counts():
    assert values.settings(["h1=0.4", " teacher = off", "h1=0.5"]) == {"h1": "0.5", "teacher": "off"}


@pytest.mark.parametrize("word", ["h1", "=3", ""])
def test_that_a_setting_without_name_or_value_says_how_to_write_it(word):
    with pytest.raises(ParameterError, match="write NAME=VALUE"):
        values.settings([word])


def test_that_variations_are_lists_and_whole_ranges():
    assert values.variations(["h1=0.1,0.3", "seed=0..2,9", "feedback=random"]) == {
        "h1": ["0.1", "0.3"],
        "seed": ["0", "1", "2", "9"],
        "feedback": ["random"],
    }


@pytest.mark.parametrize(
    ("words", "fault"),
    [(["seed=3..1"], "goes upwards"), (["h1=0.1,,0.2"], "is empty"), (["h1=1", "h1=2"], "varied twice")],
)
def test_that_bad_variations_are_named(words, fault):
    with pytest.raises(ParameterError, match=fault):
        values.variations(words)


def test_that_the_grid_has_every_combination_with_the_last_name_fastest():
    rows = list(values.grid({"a": ["1", "2"], "b": ["x", "y"]}))
    assert [(r["a"], r["b"]) for r in rows] == [("1", "x"), ("1", "y"), ("2", "x"), ("2", "y")]
    assert list(values.grid({})) == [{}]


def test_that_a_file_holds_parameters_alone_or_a_record_with_them(tmp_path):
    plain, record = tmp_path / "plain.json", tmp_path / "record.json"
    plain.write_text('{"h1": 0.4}', "utf-8")
    record.write_text(json.dumps({"paper": "dendritic", "params": {"h1": 0.3}, "step": 9}), "utf-8")
    assert values.from_file(plain, "dendritic") == {"h1": 0.4}
    assert values.from_file(record, "dendritic") == {"h1": 0.3}
    with pytest.raises(ParameterError, match="of dendritic, not of pag"):
        values.from_file(record, "pag")


@pytest.mark.parametrize(
    ("content", "fault"),
    [(b'{"h1": }', "line 1, column 8: not JSON"), (b"[1]", "must hold a JSON object"), (b"\xff\xfe{}", "UTF-8")],
)
def test_that_a_bad_file_is_named_with_the_place(tmp_path, content, fault):
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(ParameterError, match=fault) as error:
        values.from_file(path, "dendritic")
    assert "bad.json" in str(error.value)


def test_that_a_missing_or_huge_file_is_named(tmp_path):
    with pytest.raises(ParameterError, match="cannot be read"):
        values.from_file(tmp_path / "none.json", "dendritic")
    huge = tmp_path / "huge.json"
    huge.write_bytes(b" " * (values.LARGEST_FILE + 1))
    with pytest.raises(ParameterError, match="no parameter file"):
        values.from_file(huge, "dendritic")
