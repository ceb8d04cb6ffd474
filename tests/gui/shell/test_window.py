"""The window around the papers."""

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from engine.papers import NAMES
from engine.runtime import messages as m
from gui.shell.actions import ROWS
from gui.shell.command_palette import CommandPalette, score
from gui.shell.home import PaperCard
from gui.shell.main_window import MainWindow
from gui.shell.rail import RailItem
from gui.shell.settings import Settings
from gui.shell.settings_sheet import SettingsSheet
from gui.shell.unbuilt_page import UnbuiltPage


def test_that_no_shortcut_is_used_twice():
    keys = [key for row in ROWS for key in row.keys]
    assert len(keys) == len(set(keys))


def test_that_every_action_is_bound(window):
    from PySide6.QtCore import SIGNAL

    unbound = [r.id for r in ROWS if window.actions_table[r.id].receivers(SIGNAL("triggered(bool)")) < 1]
    assert unbound == []


def test_that_every_paper_has_a_page_and_those_not_built_say_so(window):
    for name in NAMES:
        shown = window.show_page(name)
        if not window.papers[name].built:
            assert isinstance(shown, UnbuiltPage)
            words = [label.text() for label in shown.findChildren(QLabel)]
            assert window.papers[name].claim in words and "Not built yet" in words


def test_that_space_trains_and_pauses_from_anywhere_on_the_page(page, window, sessions, qtbot):
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert page.run.run_state == "starting"
    sessions.last.ready()
    sessions.last.progress(3)
    qtbot.waitUntil(lambda: page.run.run_state == "training")
    assert page.transport.train.text() == "Pause"
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert sessions.last.verbs()[-1] == "pause"


def test_that_space_trains_on_a_page_that_was_opened_with_the_mouse_or_the_keyboard(window, sessions, qtbot):
    window.show_page("home")
    window.activateWindow()
    card = window.findChildren(PaperCard)[0]
    card.setFocus()
    qtbot.waitUntil(card.hasFocus)
    page = window.open_paper("dendritic")
    qtbot.waitUntil(lambda: page.views is not None)
    keys_go_to = QApplication.focusWidget()
    assert keys_go_to is page, "else Qt chooses the first list of the page, and Space opens it"
    qtbot.keyClick(keys_go_to, Qt.Key.Key_Space)
    assert page.run.run_state == "starting"


def test_that_the_rail_keeps_the_keyboard_while_a_person_walks_along_it(window, qtbot):
    window.activateWindow()
    item = window.rail.findChild(RailItem)
    item.setFocus()
    qtbot.waitUntil(item.hasFocus)
    window.show_page("dendritic")
    assert QApplication.focusWidget() is item


def test_that_the_arrow_keys_belong_to_a_slider_that_has_the_keyboard(page, window, sessions, qtbot):
    slider = page.parameters.rows["tracking"]._slider
    window.activateWindow()
    slider.setFocus()
    qtbot.waitUntil(slider.hasFocus)
    before = slider.value()
    qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert slider.value() > before and sessions.made == []


def test_that_the_palette_finds_and_runs_actions(page, window, qtbot):
    palette = CommandPalette(window)
    qtbot.addWidget(palette)
    palette.line.setText("scorec")
    assert palette.list.topLevelItem(0).text(0).startswith("Scorecard")
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert window.current == "scorecard"
    assert score("xyz", "Train") < 0 < score("trn", "Train or pause")


def first_in_palette(window, query):
    palette = CommandPalette(window)
    palette.line.setText(query)
    item = palette.list.topLevelItem(0)
    return item.text(0) if item is not None else ""


@pytest.mark.parametrize("query", ["theme", "dark", "light"])
def test_that_the_palette_finds_the_theme_by_its_words(page, window, query):
    assert first_in_palette(window, query) == "Theme: dark or light"


def test_that_the_palette_puts_actions_before_presets_and_never_offers_a_preset_for_letters_alone(page, window):
    assert first_in_palette(window, "settings") == "Settings"
    assert first_in_palette(window, "autosave") == "Settings", "a word of the description"
    for query in ("device", "undo", "quit", "rain", "ghosts", "dgt", "wkf"):
        assert not first_in_palette(window, query).startswith("Preset"), query
    assert first_in_palette(window, "weak feedb").startswith("Preset")


def test_that_settings_and_theme_have_buttons_in_the_rail_with_their_shortcuts(window, qtbot):
    before = window.settings.text("window/theme")
    assert "Ctrl+," in window.rail.tools["settings"].toolTip() and "Ctrl+T" in window.rail.tools["theme"].toolTip()
    qtbot.mouseClick(window.rail.tools["theme"], Qt.MouseButton.LeftButton)
    assert window.settings.text("window/theme") != before
    qtbot.mouseClick(window.rail.tools["settings"], Qt.MouseButton.LeftButton)
    sheets = window.findChildren(SettingsSheet)
    assert len(sheets) == 1 and sheets[0].isVisible()
    sheets[0].close()


def test_that_the_palette_offers_presets_and_parameters_of_the_paper(page, window, qtbot):
    palette = CommandPalette(window)
    qtbot.addWidget(palette)
    palette.line.setText("nonlinear regression")
    palette.run_chosen()
    assert page.run.preset.id == "regression"


def test_that_a_failed_run_names_the_cause_keeps_the_curves_and_offers_ways_on(page, sessions, qtbot):
    page.run.start()
    session = sessions.last
    session.ready()
    session.scalars([1, 2], test_accuracy=[10.0, 20.0])
    session.report(m.Saved, step=2, path="x", seconds=0.01)
    session.is_alive = False
    session.report(m.Failed, step=2, kind="killed", advice="The engine was killed (SIGKILL).", traceback="trace")
    qtbot.waitUntil(lambda: page.run.run_state == "failed")
    assert page.notices.texts()[0] == "The engine was killed (SIGKILL)."
    assert len(page.run.history.curve("test_accuracy")[0]) == 2
    resume, again = page.notices.buttons()
    assert resume.text() == "Resume from step 2" and again.text() == "Start again"
    resume.click()
    assert sessions.last is not session and sessions.last.spec.resume
    assert len(page.run.history.curve("test_accuracy")[0]) == 2 and page.notices.texts() == []


def test_that_a_page_says_that_its_engine_starts_until_the_first_picture(page, sessions, qtbot):
    assert page.waiting.isHidden()
    page.run.start(paused=True)
    assert page.waiting.isVisible() and page.waiting.text() == "Starting the engine…"
    assert page.transport.words.full_text == "Starting the engine…"
    page.resize(page.width() + 40, page.height())
    middle = page.waiting.geometry().center() - page.waiting.parentWidget().rect().center()
    assert middle.manhattanLength() <= 2
    sessions.last.ready()
    qtbot.waitUntil(lambda: page.run.run_state == "paused")
    assert page.waiting.isVisible(), "an engine that is ready has not drawn yet"
    sessions.last.frame(page.run.paper.views[0].name, None)
    qtbot.waitUntil(lambda: page.waiting.isHidden())
    page.run.start()
    assert page.waiting.isVisible()
    sessions.last.report(m.Failed, step=0, kind="start", advice="No.", traceback="")
    qtbot.waitUntil(lambda: page.waiting.isHidden())


def test_that_the_end_of_the_preset_is_said_beside_the_bar_and_once_in_the_log(page, window, sessions, qtbot):
    page.run.start()
    sessions.last.ready()
    sessions.last.progress(999)
    qtbot.waitUntil(lambda: page.run.step == 999)
    assert "left" in page.transport.words.full_text and "updates are done" not in window.log.text()
    for step in (1000, 1010):
        sessions.last.progress(step)
    qtbot.waitUntil(lambda: page.run.step == 1010)
    assert page.transport.words.full_text.startswith("done, going on · step")
    assert window.log.text().count("The preset's 1,000 updates are done; training goes on") == 1
    sessions.last.progress(1010, state="paused")
    qtbot.waitUntil(lambda: page.run.run_state == "paused")
    assert page.transport.words.full_text.startswith("done · step")


def test_that_saving_says_at_which_step_and_saves_by_themselves_say_nothing(page, window, sessions, qtbot):
    page.run.start()
    sessions.last.ready()
    sessions.last.progress(1200)
    qtbot.waitUntil(lambda: page.run.step == 1200)
    sessions.last.report(m.Saved, step=1200, path="x", seconds=0.01)
    qtbot.waitUntil(lambda: page.run.saved_step == 1200)
    assert page.notices.texts() == []
    window.actions_table.trigger("save")
    assert sessions.last.verbs()[-1] == "save"
    sessions.last.report(m.Saved, step=1100, path="x", seconds=0.01)  # was under way when it was asked for
    sessions.last.report(m.Saved, step=1234, path="x", seconds=0.01)
    qtbot.waitUntil(lambda: page.notices.texts() == ["Saved at step 1,234."])


def test_that_a_remedy_of_a_notice_is_carried_out(page, sessions, qtbot):
    page.run.start()
    sessions.last.ready()
    qtbot.waitUntil(lambda: page.run.run_state == "training")
    remedy = m.Remedy("Halve the rate", changes={"h1": 0.25}, rewind_to=0)
    sessions.last.report(m.Notice, step=1, level="warning", code="runaway", text="It runs away.", remedies=(remedy,))
    qtbot.waitUntil(lambda: page.notices.texts() == ["It runs away."])
    page.notices.buttons()[0].click()
    assert page.run.params.h1 == 0.25 and sessions.last.last("rewind") == (0,)


def test_that_a_cleared_notice_disappears(page, sessions, qtbot):
    page.run.start()
    sessions.last.report(m.Notice, step=1, level="warning", code="a", text="Holds.")
    qtbot.waitUntil(lambda: page.notices.texts() == ["Holds."])
    sessions.last.report(m.Notice, step=2, level="info", code="a", text="", cleared=True)
    qtbot.waitUntil(lambda: page.notices.texts() == [])


def test_that_what_the_last_run_said_does_not_stand_over_the_next(page, sessions, qtbot):
    page.run.start()
    sessions.last.ready()
    qtbot.waitUntil(lambda: page.run.run_state == "training")
    remedy = m.Remedy("Halve the rate", changes={"h1": 0.25})
    sessions.last.report(m.Notice, step=1, level="warning", code="runaway", text="It runs away.", remedies=(remedy,))
    qtbot.waitUntil(lambda: page.notices.texts() == ["It runs away."])
    page.run.choose_preset("digits-one")
    page.run.start()
    assert page.notices.texts() == []


def test_that_a_tab_that_cannot_be_built_is_said_and_the_window_stays(sessions, qtbot):
    def broken(_bench):
        raise RuntimeError("no such picture")

    window = MainWindow(Settings(), sessions, tab=broken)
    qtbot.addWidget(window)
    window.show()
    page = window.open_paper("dendritic")
    qtbot.waitUntil(lambda: page.views is not None)
    assert "no such picture" in window.log.text() and "could not be built" in page.views.text()


def test_that_settings_survive_a_restart(window, sessions, qtbot):
    window.open_paper("dendritic").choose_preset("digits-one")
    window.actions_table.trigger("theme")
    window.show_page("scorecard")
    window.close()
    again = MainWindow(Settings(), sessions, tab=lambda bench: QWidget())
    qtbot.addWidget(again)
    assert again.settings.text("window/page") == "scorecard"
    assert again.settings.text("window/theme") == "light"
    assert again.open_paper("dendritic").run.preset.id == "digits-one"


@pytest.mark.parametrize("damage", ["[window]\ngeometry=@@@\npage=\\x\nlog=a b\n", "\x00\xff[[[=\n%%%", ""])
def test_that_a_damaged_settings_file_costs_nothing_but_itself(damage, sessions, qtbot):
    path = Settings().path
    path.write_bytes(damage.encode("latin-1") + b"\n[run]\nautosave_s=20\n")
    settings = Settings()
    window = MainWindow(settings, sessions, tab=lambda bench: QWidget())
    qtbot.addWidget(window)
    window.show_page(settings.text("window/page", "home"))
    assert window.current == "home"
    assert settings.number("run/autosave_s", 10, 1, 3600) in (10, 20)


def test_that_one_bad_value_does_not_lose_the_others():
    settings = Settings()
    settings.set("a/number", "abc")
    settings.set("a/flag", True)
    settings.set("a/blob", b"\x01\x02")
    settings.flush()
    again = Settings()
    assert again.number("a/number", 5, 0, 9) == 5
    assert again.flag("a/flag", False) is True and again.blob("a/blob") == b"\x01\x02"


def test_that_a_dropped_export_restores_its_settings(window, tmp_path, qtbot):
    from gui.widgets import provenance

    record = {"paper": "dendritic", "preset": "digits-one", "params": {"h1": 0.123, "seed": 7}, "step": 40}
    path = tmp_path / "table.csv"
    provenance.write_csv(path, {"x": [1, 2]}, record)
    window.open_file(path)
    run = window.runs["dendritic"]
    assert run.preset.id == "digits-one" and run.params.h1 == 0.123 and run.params.seed == 7


def test_that_a_dropped_preset_file_or_checkpoint_folder_restores_its_settings(window, tmp_path, qtbot):
    preset = tmp_path / "mine.json"
    preset.write_text(json.dumps({"paper": "dendritic", "params": {"h1": 0.2}}))
    window.open_file(preset)
    assert window.runs["dendritic"].params.h1 == 0.2
    folder = tmp_path / "run" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "1.json").write_text(json.dumps({"header": {"paper": "dendritic", "params": {"h1": 0.3}, "preset": "x"}}))
    window.open_file(folder.parent)
    assert window.runs["dendritic"].params.h1 == 0.3


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", "hello", "carries no settings"),
        ("a.json", "{", "carries no settings"),
        ("a.json", '{"paper": "nothing", "params": {}}', "not built"),
        ("a.json", '{"paper": "dendritic", "params": {"h1": 99}}', "h1 = 99"),
    ],
)
def test_that_a_file_that_does_not_fit_changes_nothing_and_is_named(window, tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_text(content)
    window.open_file(path)
    assert any(reason in text for text in window.notices.texts())
    assert "dendritic" not in window.runs


def test_that_closing_during_a_run_saves_first_and_does_not_freeze(page, window, sessions, qtbot):
    page.run.start()
    session = sessions.last
    session.ready()
    session.progress(4)
    qtbot.waitUntil(lambda: page.run.run_state == "training")
    window.close()
    assert window.isVisible() and session.last("stop") is True
    session.end()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=1000)


def test_that_several_runs_go_on_and_hidden_tabs_are_not_stopped(page, window, sessions, qtbot):
    page.run.start()
    sessions.last.ready()
    sessions.last.progress(4)
    window.show_page("home")
    qtbot.waitUntil(lambda: page.run.run_state == "training")
    assert "stop" not in sessions.last.verbs() and "pause" not in sessions.last.verbs()
    assert window.rail.items["dendritic"].state_text.startswith("● training")


def test_that_an_error_in_the_window_is_shown_and_logged(window):
    window.tell_error("Something failed in the window: ValueError: x", "Traceback: x")
    assert "ValueError" in window.notices.texts()[0] and "Traceback" in window.log.text()
