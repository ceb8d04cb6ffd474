"""The door: wrong words end with a sentence and code 2 before anything is started."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from engine.cli import exits, options
from engine.cli.door import parse, run
from engine.cli.headline import sparkline
from engine.papers import NAMES


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("train nothing", "There is no paper 'nothing'. Papers: dendritic"),
        ("train dendritic --preset nope", "no preset 'nope'. Presets: digits-deep"),
        ("train dendritic --set h1=9", "h1 = '9': allowed is 0.0001 to 1"),
        ("train dendritic --set teacher=maybe", "teacher = 'maybe': allowed is on or off"),
        ("train dendritic --set colour=red", "colour: there is no such parameter. Parameters:"),
        ("train dendritic --set h1", "write NAME=VALUE"),
        ("train dendritic --steps -1", "--steps -1: allowed is at least 1"),
        ("train dendritic --resume abc", "no run of dendritic begins with 'abc'. Newest: none"),
        ("train dendritic --resume abc --no-record", "cannot be combined"),
        ("sweep dendritic --vary h1=0.1,7", "h1 = '7': allowed is 0.0001 to 1"),
        ("sweep dendritic --vary h1=0.1 --set h1=0.2", "h1: given by --set and varied too"),
        ("sweep dendritic --vary seed=0..99999", "more than 10,000 combinations"),
        ("reproduce dendritic --claim nope", "no study of nope"),
        ("reproduce nothing", "There is no paper"),
        ("reproduce dendritic --seeds -2", "--seeds -2"),
    ],
)
def test_that_wrong_words_end_with_one_sentence_and_code_2(words, fault, capsys):
    assert run(words.split()) == exits.USAGE
    out, err = capsys.readouterr()
    assert err.startswith("error: ")
    assert fault in err
    assert not out


def test_that_a_bad_parameter_file_ends_the_same_way(tmp_path, capsys):
    path = tmp_path / "mine.json"
    path.write_text('{"h1": 12, "batch": "many"}', "utf-8")
    assert run(["train", "dendritic", "--params", str(path)]) == exits.USAGE
    err = capsys.readouterr().err
    assert "h1 = 12: allowed is 0.0001 to 1" in err
    assert "batch = 'many': allowed is 1 to 512" in err


@pytest.mark.parametrize("words", ["train zforcing", "reproduce zforcing", "sweep zforcing", "say hello"])
def test_that_what_is_not_built_says_so(words, capsys):
    assert run(words.split()) == exits.NOT_BUILT
    assert "not built yet" in capsys.readouterr().err


def test_that_a_cluster_without_ray_is_one_sentence_with_the_remedy(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert run(["sweep", "dendritic", "--vary", "seed=0..1", "--cluster", "auto"]) == exits.USAGE
    assert "needs Ray, which is not installed: python -m pip install" in capsys.readouterr().err


def test_that_unknown_commands_and_options_end_with_code_2(capsys):
    for words in (["fly"], ["train", "dendritic", "--wings"], ["train"]):
        with pytest.raises(SystemExit) as ended:
            run(words)
        assert ended.value.code == exits.USAGE
    capsys.readouterr()


def test_that_repeated_options_gather():
    read = parse(["train", "dendritic", "--set", "h1=0.4", "--set", "teacher=off", "--no-record", "--steps", "7"])
    assert read == options.Train("dendritic", set=("h1=0.4", "teacher=off"), record=False, steps=7)


def test_that_the_help_explains_the_exit_codes(capsys):
    with pytest.raises(SystemExit) as ended:
        run(["--help"])
    assert ended.value.code == 0
    assert "130 interrupted" in capsys.readouterr().out


def test_that_papers_lists_all_ten_with_presets(capsys):
    assert run(["papers", "--json"]) == exits.DONE
    listed = json.loads(capsys.readouterr().out)
    assert tuple(paper["name"] for paper in listed) == NAMES
    assert listed[0]["presets"][0]["id"] == "digits-deep"
    assert run(["papers"]) == exits.DONE
    shown = capsys.readouterr().out
    assert all(name in shown for name in NAMES)
    assert all(preset["id"] in shown for preset in listed[0]["presets"])


def test_that_the_version_is_printed(capsys):
    assert run(["--version"]) == exits.DONE
    assert capsys.readouterr().out.startswith("atelier ")


def test_that_a_sparkline_rises_with_the_curve_and_bears_gaps():
    assert sparkline(np.arange(8.0), width=8) == "▁▂▃▄▅▆▇█"
    assert sparkline(np.array([np.nan, 1.0, np.inf, 1.0])) == "▁▁"
    assert sparkline(np.array([])) == ""
    assert sparkline(np.array([1.0, 10.0, 100.0]), log=True) == "▁▅█"
