"""`main.py data`: what is where, and downloading from a server on this machine."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.cli import exits
from engine.cli.door import run
from engine.data import sources
from engine.papers import all_papers
from tests.engine.data.idx_files import write_set
from tests.engine.data.served import Server, serving


@pytest.fixture(autouse=True)
def no_data_of_the_machine(monkeypatch):
    monkeypatch.delenv("ATELIER_DATA", raising=False)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(monkeypatch) as running:
        yield running


def listed(capsys, *words):
    assert run(["data", *words, "--json"]) == exits.DONE
    return {one["name"]: one for one in json.loads(capsys.readouterr().out)}


def test_that_every_set_a_preset_asks_for_can_be_fetched_or_is_said_to_be_for_the_user_to_bring():
    asked = {preset.needs for paper in all_papers() for preset in paper.presets if preset.needs}
    assert asked >= {"mnist", "fashion-mnist"} and asked <= {*sources.SOURCES, *sources.OWN_COPIES}


def test_that_sets_that_are_not_here_are_listed_with_the_size_of_their_download(capsys):
    found = listed(capsys)
    assert {one["state"] for one in found.values()} == {"missing"} and set(found) == set(sources.SOURCES)
    assert found["mnist"]["nbytes"] == 11_594_722 and found["fashion-mnist"]["title"] == "Fashion-MNIST"
    assert run(["data"]) == exits.DONE
    shown = capsys.readouterr().out
    assert "not found" in shown and "11.6 MB" in shown and "data fetch fashion-mnist" in shown


def test_that_a_partial_copy_and_an_unusable_one_are_told_apart_and_explained(tmp_path, capsys):
    write_set(tmp_path / "mnist")
    write_set(tmp_path / "fashion-mnist")
    (tmp_path / "fashion-mnist" / "train-images-idx3-ubyte.gz").write_bytes(b"\x1f\x8bdamaged")
    found = listed(capsys, "--folder", str(tmp_path))
    assert found["mnist"]["state"] == "modified" and "60 of 60,000 training images" in found["mnist"]["text"]
    assert found["mnist"]["folder"] == str(tmp_path / "mnist")
    assert found["fashion-mnist"]["state"] == "faulty" and "train-images-idx3" in found["fashion-mnist"]["text"]
    assert list(listed(capsys, "list", "mnist")) == ["mnist"]


def test_that_fetching_brings_the_set_to_where_runs_look_for_it(server, tmp_path, capsys):
    assert run(["data", "fetch", "mnist"]) == exits.DONE
    folder = tmp_path / "home" / "datasets" / "mnist"
    assert capsys.readouterr().out.strip() == f"MNIST is in {folder}."
    found = listed(capsys, "list", "mnist")["mnist"]
    assert found["state"] == "verified" and found["folder"] == str(folder) and found["text"] == ""


def test_that_a_named_folder_gets_a_folder_of_the_set_and_its_own_files_stay(server, tmp_path, capsys):
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"another set")
    assert run(["data", "fetch", "mnist", "--folder", str(tmp_path)]) == exits.DONE
    assert f"ATELIER_DATA={tmp_path}" in capsys.readouterr().out
    assert (tmp_path / "train-images-idx3-ubyte.gz").read_bytes() == b"another set"
    assert sorted(p.name for p in (tmp_path / "mnist").iterdir()) == sorted(server.files)


def test_that_progress_is_told_as_one_object_a_line_and_ends_with_the_folder(server, tmp_path, capsys):
    assert run(["data", "fetch", "mnist", "--json"]) == exits.DONE
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    total = sum(len(content) for content in server.files.values())
    assert [e["event"] for e in events[:-1]] == ["progress"] * (len(events) - 1) and len(events) >= 3
    assert events[0]["done"] == 0 and events[-2]["done"] == events[-2]["total"] == total
    assert events[-1]["event"] == "done" and events[-1]["folder"] == str(tmp_path / "home" / "datasets" / "mnist")


@pytest.mark.parametrize("as_json", [False, True])
def test_that_a_download_that_fails_is_one_sentence_and_code_1(server, monkeypatch, capsys, as_json):
    gone = replace(sources.SOURCES["mnist"], mirrors=(f"{server.base}/gone/",))
    monkeypatch.setitem(sources.SOURCES, "mnist", gone)
    assert run(["data", "fetch", "mnist", *(["--json"] if as_json else [])]) == exits.FAULT
    out, err = capsys.readouterr()
    text = json.loads(out.splitlines()[-1])["text"] if as_json else err.removeprefix("error: ")
    assert text.startswith("train-images-idx3-ubyte.gz of MNIST could not be downloaded (")
    assert f"{gone.mirrors[0]}: answered 404" in text and len((out if as_json else err).splitlines()) <= 2


@pytest.fixture
def heeds_ctrl_c() -> Iterator[None]:
    """As in a terminal: a shell that starts the tests in the background has them ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeds_ctrl_c")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_that_ctrl_c_and_cancel_keep_the_files_that_are_complete(server, tmp_path, capsys, number):
    def interrupt(path: str) -> None:
        if "train-labels" in path:
            signal.pthread_kill(threading.main_thread().ident, number)

    server.on_asked = interrupt
    before = signal.getsignal(signal.SIGTERM)
    assert run(["data", "fetch", "mnist", "--json"]) == exits.INTERRUPTED
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["event"] == "stopped"
    folder = tmp_path / "home" / "datasets" / "mnist"
    assert [p.name for p in folder.iterdir()] == ["train-images-idx3-ubyte.gz"]
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("words", ["data fetch", "data fetch nope", "data list nope"])
def test_that_a_set_that_does_not_exist_is_refused_before_anything_is_asked_for(server, capsys, words):
    assert run(words.split()) == exits.USAGE
    assert "mnist, fashion-mnist" in capsys.readouterr().err and server.asked == []
