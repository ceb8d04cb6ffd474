"""Home, library, scorecard, explanation, start-up checks."""

import sys

import numpy as np
import pytest
from PySide6.QtCore import Qt

from engine.runtime import messages as m
from engine.runtime.records import StudyRecord
from engine.runtime.store import Store
from gui.shell import startup_checks
from gui.shell.faults import Faults
from gui.shell.study_run import StudyRun, progress_words, seconds_words
from gui.widgets.equation import typeset
from gui.widgets.explain import ExplainDrawer
from gui.widgets.explain_text import inline_math, parse, to_html


@pytest.fixture
def past_run(own_home):
    with Store() as store:
        record = store.create_run(
            "dendritic", {"h1": 0.2}, title="first", preset="digits-one", headline="test_accuracy", better="up"
        )
        store.append_scalars(record.id, np.arange(1, 6), {"test_accuracy": np.linspace(10, 90, 5)}, 1.0)
        store.set_state(record.id, "stopped")
    return record.id


@pytest.fixture
def library(window, past_run, qtbot):
    page = window.show_page("library")
    qtbot.waitUntil(lambda: len(page.model.records) == 1)
    page.table.selectRow(0)
    return page


def test_that_deleting_a_run_can_be_undone(library, qtbot):
    library.buttons["Delete"].click()
    qtbot.waitUntil(lambda: library.model.records == [])
    qtbot.waitUntil(lambda: len(library.notices.buttons()) == 1)
    library.notices.buttons()[0].click()
    qtbot.waitUntil(lambda: len(library.model.records) == 1)


def test_that_ctrl_z_takes_back_deletions_one_after_another_while_the_library_is_shown(library, window, qtbot):
    with Store() as store:
        more = store.create_run("dendritic", {}, title="second")
        store.append_scalars(more.id, [1], {"test_accuracy": [10.0]}, 0.1)
        store.set_state(more.id, "stopped")
    library.refresh()
    for left in (1, 0):
        qtbot.waitUntil(lambda left=left: len(library.model.records) == left + 1)
        library.table.selectRow(0)
        library.delete_selected()
        qtbot.waitUntil(lambda left=left: len(library.model.records) == left)
    window.activateWindow()
    for count in (1, 2):
        qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda count=count: len(library.model.records) == count)
    assert library.notices.texts() == []
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(library.model.records) == 2


def test_that_a_run_that_has_made_no_step_is_not_listed(library, window, qtbot):
    with Store() as store:
        store.create_run("dendritic", {}, title="only held")
        more = store.create_run("dendritic", {}, title="second")
        store.append_scalars(more.id, [1], {"test_accuracy": [10.0]}, 0.1)
    library.refresh()
    qtbot.waitUntil(lambda: [r.title for r in library.model.records] == ["second", "first"])


def test_that_home_goes_by_runs_that_have_made_a_step(window, past_run, qtbot):
    with Store() as store:
        store.create_run("dendritic", {}, title="only held")
    card = window.show_page("home").cards["dendritic"]
    qtbot.waitUntil(lambda: not card.resume.isHidden())
    assert "step 5" in card.state.text()


def test_that_a_run_whose_engine_was_killed_reads_failed_while_the_library_is_shown(page, window, sessions, qtbot):
    page.run.start()
    sessions.last.ready()
    with Store() as store:
        store.append_scalars(page.run.record, [1, 2], {"test_accuracy": [10.0, 20.0]}, 0.1)
    library = window.show_page("library")
    qtbot.waitUntil(lambda: [r.state for r in library.model.records] == ["running"])
    sessions.last.is_alive = False
    sessions.last.report(m.Failed, step=2, kind="killed", advice="The engine was killed (SIGKILL).", traceback="")
    qtbot.waitUntil(lambda: [r.state for r in library.model.records] == ["failed"])
    assert "SIGKILL" in library.model.records[0].failure


def test_that_the_bin_is_emptied_only_after_a_second_yes(library, past_run, qtbot):
    library.delete_selected()
    qtbot.waitUntil(lambda: library.model.records == [])
    library.bin_box.setChecked(True)
    qtbot.waitUntil(lambda: len(library.model.records) == 1)
    library.purge()
    assert len(library.model.records) == 1
    next(b for b in library.notices.buttons() if b.text() == "Remove for good").click()
    qtbot.waitUntil(lambda: library.model.records == [])
    with Store() as store:
        assert store.list_runs(include_deleted=True) == []


def test_that_a_run_is_renamed_in_place(library, past_run, qtbot):
    library.model.setData(library.model.index(0, 0), "better name")
    qtbot.waitUntil(lambda: library.model.records[0].title == "better name")


def test_that_opening_a_run_brings_settings_and_curves_back_and_waits(library, past_run, window, sessions, qtbot):
    library.open_selected()
    qtbot.waitUntil(lambda: window.current == "dendritic" and len(sessions.made) == 1)
    run = window.runs["dendritic"]
    assert run.params.h1 == 0.2 and run.preset.id == "digits-one"
    spec = sessions.last.spec
    assert spec.resume and spec.paused and spec.record == past_run
    assert run.history.curve("test_accuracy")[1].tolist() == [10, 30, 50, 70, 90]
    sessions.last.ready(step=3)
    qtbot.waitUntil(lambda: run.step == 3)
    assert run.history.curve("test_accuracy")[0].tolist() == [1, 2, 3]


def test_that_compared_runs_become_ghosts(library, window, qtbot):
    library.compare_selected()
    qtbot.waitUntil(lambda: window.current == "dendritic")
    assert list(window.runs["dendritic"].ghosts) == ["first"]


def test_that_home_offers_to_continue_the_last_run(window, past_run, sessions, qtbot):
    home = window.show_page("home")
    card = home.cards["dendritic"]
    qtbot.waitUntil(lambda: not card.resume.isHidden())
    assert "best test accuracy 90 %" in card.state.text()
    card.resume.click()
    qtbot.waitUntil(lambda: len(sessions.made) == 1 and sessions.last.spec.record == past_run)


def test_that_the_scorecard_shows_what_was_measured_beside_the_paper(window, qtbot):
    with Store() as store:
        store.record_study(StudyRecord("dendritic", "alignment", "s", "about 45°", 44.2, False, (0, 1), 3.0, "CPU"))
    card = window.show_page("scorecard")
    row = card.rows["dendritic", "alignment"]
    qtbot.waitUntil(lambda: "does not" in row.verdict.text())
    assert "44.2" in row.measured.text() and "2 seeds" in row.measured.text()
    assert card.rows["dendritic", "digits"].verdict.text() == "not measured"
    assert row.expected.text() == "≈ 3 s" and row.expected.isVisible(), "what it cost last time"
    assert not card.rows["dendritic", "digits"].expected.isVisible()


def test_that_a_study_reports_progress_and_its_fault(qtbot, tmp_path):
    script = tmp_path / "main.py"
    script.write_text("import sys; print('step 1 of 2'); print(sys.argv[1:]); sys.exit(1 if 'bad' in sys.argv else 0)")
    study = StudyRun(None, (sys.executable, str(script)))
    with qtbot.waitSignal(study.ended, timeout=10_000) as ended:
        study.start("dendritic", "digits")
    assert ended.args == [("dendritic", "digits"), ""]
    with qtbot.waitSignal(study.ended, timeout=10_000) as ended:
        study.start("dendritic", "bad")
    assert "'--claim', 'bad'" in ended.args[1] and study.key is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("weak-feedback:  17% seed 0, weights as drawn", "17 % done, about 49 s left (seed 0, weights as drawn)"),
        ("weak-feedback:   0% seed 0", "just begun (seed 0)"),
        ("weak-feedback:   2%", "2 % done"),
        ("weak-feedback: 100% seed 1", "100 % done (seed 1)"),
        ("Reading the digits", "Reading the digits"),
    ],
)
def test_that_the_progress_of_a_study_is_told_in_words_with_the_time_left(line, words):
    assert progress_words(line, 10.0) == words


def test_that_durations_are_told_as_people_say_them():
    assert [seconds_words(s) for s in (0.2, 35.4, 240, 9000)] == ["1 s", "35 s", "4 min", "2.5 h"]


def test_that_an_explanation_is_read_into_blocks():
    blocks = parse("# Title\nplain *words*\nmore\n\n$$ a = b $$\n1. first\n   goes on\n- second")
    assert [b.kind for b in blocks] == ["heading", "text", "equation", "item", "item"]
    assert blocks[1].text == "plain *words* more" and blocks[3].text == "1. first goes on"


def test_that_symbols_links_and_values_become_rich_text():
    html = to_html("[$\\lambda_k$](knob:lam) is {knob:lam} <b>", {"lam": "0.42"}, "#fff")
    assert '<a href="knob:lam"' in html and "λ<sub>k</sub>" in html and "<b>0.42</b>" in html and "&lt;b&gt;" in html
    assert inline_math("\\sigma^2") == "<i>σ<sup>2</sup></i>"


def test_that_the_drawer_shows_live_values_and_leads_to_knobs(page, qtbot, tmp_path):
    (tmp_path / "dendritic").mkdir()
    (tmp_path / "dendritic" / "explain.md").write_text("[λ](knob:lam) is {knob:lam}, gain {value:gain}\n\n$$ x_1 $$")
    drawer = ExplainDrawer("dendritic", tmp_path)
    qtbot.addWidget(drawer)
    drawer.show_params(page.run.params)
    assert "<b>0.42</b>" in drawer.text()
    drawer.show_params(page.run.params.with_changes(lam=0.2))
    drawer.show_told("gain", "1.5")
    assert "<b>0.2</b>" in drawer.text() and "<b>1.5</b>" in drawer.text()
    with qtbot.waitSignal(drawer.knob_wanted) as wanted:
        drawer.on_link("knob:lam")
    assert wanted.args == ["lam"]
    qtbot.waitUntil(lambda: drawer.equations[0].is_typeset, timeout=20_000)


def test_that_bad_latex_is_shown_as_it_is_with_the_reason():
    with pytest.raises(ValueError, match="cannot be typeset"):
        typeset("\\frac{")


def test_that_a_missing_screen_or_library_is_named_with_its_remedy():
    fault = startup_checks.platform_fault({}, "linux", lambda _name: None)
    assert "no screen" in fault and "main.py train" in fault

    def load(name):
        if name == "libxcb-cursor.so.0":
            raise OSError(name)

    assert startup_checks.platform_fault({"DISPLAY": ":0"}, "linux", load).endswith("sudo apt install libxcb-cursor0")
    assert startup_checks.platform_fault({"QT_QPA_PLATFORM": "offscreen"}, "linux", load) == ""
    assert startup_checks.platform_fault({}, "darwin", load) == ""


def test_that_a_binding_that_loses_references_is_refused(monkeypatch):
    assert startup_checks.binding_fault() == ""
    counts = iter((10_000, 9_500))
    monkeypatch.setattr(startup_checks.sys, "getrefcount", lambda _none: next(counts))
    assert "loses references" in startup_checks.binding_fault(lambda: None)


def test_that_errors_of_the_window_reach_the_person(qtbot, monkeypatch):
    faults = Faults()
    with qtbot.waitSignal(faults.raised) as raised:
        faults._on_exception(ValueError, ValueError("boom"), None)
    assert "boom" in raised.args[0]
