"""The doctor: true of this machine, and clear about what is missing on others."""

from __future__ import annotations

import json

import pytest

from engine.cli import doctor, exits
from engine.cli.door import run

SOUND_QT = {"version": "6.11.3", "binding": "", "platform": "", "libraries": "", "sound": ""}


def levels(findings: list[doctor.Finding]) -> list[tuple[str, str]]:
    return [(finding.what, finding.level) for finding in findings]


def test_that_this_machine_passes_and_every_part_is_mentioned(capsys, monkeypatch):
    monkeypatch.delenv("ATELIER_DATA", raising=False)
    assert run(["doctor", "--json"]) == exits.DONE
    found = json.loads(capsys.readouterr().out)
    mentioned = {finding["what"] for finding in found}
    assert mentioned >= {"Python", "computer", "torch", "devices", "PySide6", "window", "sound", "home", "disk", "data"}
    assert not [finding for finding in found if finding["level"] == "problem"]


def test_that_a_wrong_data_folder_and_an_unwritable_home_are_problems(tmp_path, monkeypatch):
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path / "none"))
    assert levels(doctor._data()) == [("data", "problem")]
    blocked = tmp_path / "file"
    blocked.write_text("", "utf-8")
    (writable, _disk) = doctor._home(blocked)
    assert (writable.what, writable.level) == ("home", "problem")
    assert "ATELIER_HOME" in writable.remedy


def test_that_a_sound_window_is_ok():
    assert levels(doctor.qt_findings(SOUND_QT, "")) == [("PySide6", "ok"), ("window", "ok"), ("sound", "ok")]


def test_that_a_missing_library_is_named_with_its_package():
    broken = {"missing": "libEGL.so.1: cannot open", "package": "libegl1", "platform": "", "libraries": ""}
    finding = doctor.qt_findings(broken, "")[0]
    assert (finding.level, finding.remedy) == ("problem", "sudo apt install libegl1")


@pytest.mark.parametrize(
    ("platform", "libraries", "level"),
    [("no screen", "", "note"), ("sudo apt install libxcb-cursor0", "sudo apt install libxcb-cursor0", "problem")],
)
def test_that_no_screen_is_a_note_and_a_missing_library_with_a_screen_a_problem(platform, libraries, level):
    findings = doctor.qt_findings({**SOUND_QT, "platform": platform, "libraries": libraries}, "")
    assert ("window", level) in levels(findings)


def test_that_a_bad_pair_and_no_sound_are_told():
    findings = doctor.qt_findings({**SOUND_QT, "binding": "loses references", "sound": "no output"}, "")
    assert levels(findings) == [("PySide6", "problem"), ("window", "ok"), ("sound", "note")]


def test_that_torch_failing_to_import_is_a_problem_with_its_last_words():
    process = doctor._probe("raise ImportError('libcudart is gone')")
    answer, fault = doctor._answer(process)
    assert not answer
    (finding,) = doctor.torch_findings(answer, fault)
    assert finding.level == "problem"
    assert "libcudart is gone" in finding.text


def test_that_devices_are_listed():
    found = {"version": "2.13.0", "threads": 2, "cuda": ["H200"], "mps": False, "built_for": "13.0"}
    assert doctor.torch_findings(found, "")[1].text == "cpu, cuda:0 H200"
