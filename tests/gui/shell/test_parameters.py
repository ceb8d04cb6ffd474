"""The parameter panel."""

import pytest
from PySide6.QtCore import Qt

from engine.papers.contract import knobs


@pytest.fixture
def panel(page):
    return page.parameters


def type_value(qtbot, row, text):
    row._entry.setFocus()
    row._entry.selectAll()
    qtbot.keyClicks(row._entry, text)
    qtbot.keyClick(row._entry, Qt.Key.Key_Return)


def test_that_every_knob_has_a_row_and_only_relevant_ones_are_shown(panel, page):
    assert set(panel.rows) == {k.name for k in knobs(type(page.run.params))}
    assert panel.rows["lam"].isVisibleTo(panel) and not panel.rows["kappa"].isVisibleTo(panel)
    page.choose_preset("regression")
    assert panel.rows["kappa"].isVisibleTo(panel) and not panel.rows["lam"].isVisibleTo(panel)


def test_that_typing_a_value_changes_the_parameter(panel, page, qtbot):
    type_value(qtbot, panel.rows["h1"], "0.25")
    assert page.run.params.h1 == 0.25


def test_that_an_invalid_entry_is_shown_with_its_range_and_nothing_is_lost(panel, page, qtbot):
    row = panel.rows["h1"]
    type_value(qtbot, row, "7")
    assert "0.0001 to 1" in row.fault and row._entry.text() == "7" and row._entry.property("wrong")
    assert page.run.params.h1 == 0.5
    type_value(qtbot, row, "abc")
    assert row.fault and page.run.params.h1 == 0.5
    qtbot.keyClick(row._entry, Qt.Key.Key_Escape)
    assert row.fault == "" and row._entry.text() == "0.5"


@pytest.mark.parametrize("text", ["abc", "nan", "0.3.1", "0,3,1"])
def test_that_an_entry_that_is_not_a_number_is_called_that(panel, page, qtbot, text):
    type_value(qtbot, panel.rows["h1"], text)
    assert panel.rows["h1"].fault == f"{text} is not a number: allowed is 0.0001 to 1"
    assert page.run.params.h1 == 0.5


def test_that_an_empty_entry_and_one_out_of_range_are_told_apart(panel, qtbot):
    row = panel.rows["h1"]
    type_value(qtbot, row, "7")
    assert row.fault == "allowed is 0.0001 to 1"
    row._entry.clear()
    row._entry.setModified(True)
    qtbot.keyClick(row._entry, Qt.Key.Key_Return)
    assert row.fault == "nothing is typed: allowed is 0.0001 to 1"


def test_that_a_decimal_comma_is_understood_and_one_that_may_part_thousands_is_asked_about(panel, page, qtbot):
    type_value(qtbot, panel.rows["h1"], "0,3")
    assert page.run.params.h1 == 0.3 and panel.rows["h1"].fault == ""
    type_value(qtbot, panel.rows["h1"], "0,125")
    assert page.run.params.h1 == 0.125
    type_value(qtbot, panel.rows["h1"], "1,000")
    assert panel.rows["h1"].fault == "1,000 can be read in two ways: write 1000 or 1.000"
    type_value(qtbot, panel.rows["seed"], "1.5")
    assert panel.rows["seed"].fault.startswith("1.5 is not a whole number: allowed is")


def test_that_the_slider_moves_in_decades_where_the_knob_is_logarithmic(panel, page):
    row = panel.rows["h1"]
    row._slider.setValue(500)
    assert page.run.params.h1 == pytest.approx(0.01, rel=0.02)
    row._slider.setValue(0)
    assert page.run.params.h1 == 1e-4
    row._slider.setValue(1000)
    assert page.run.params.h1 == 1.0


def test_that_a_reset_goes_back_to_the_preset_and_can_be_undone(panel, page, qtbot):
    page.run.edit({"h1": 0.25, "teacher": False})
    assert not panel.rows["h1"]._reset.isHidden()
    panel.on_reset_wanted("h1")
    assert page.run.params.h1 == 0.5
    page.run.undo_stack.undo()
    assert page.run.params.h1 == 0.25 and panel.rows["h1"].value == 0.25
    panel.reset_all()
    assert page.run.params.h1 == 0.5 and page.run.params.teacher is True


def test_that_a_change_that_needs_a_new_run_says_so_before_it_happens(panel, page, sessions, qtbot):
    page.run.start()
    sessions.last.ready()
    qtbot.waitUntil(lambda: page.run.run_state == "training")
    type_value(qtbot, panel.rows["hidden_1"], "50")
    assert not panel._pending.isHidden() and "new run" in panel._pending_words.text()
    assert len(sessions.made) == 1
    panel.discard_button.click()
    assert panel._pending.isHidden() and panel.rows["hidden_1"].value == 100
    page.run.edit({"hidden_1": 50})
    panel.apply_button.click()
    assert len(sessions.made) == 2 and sessions.last.spec.params["hidden_1"] == 50


def test_that_a_change_made_elsewhere_is_shown(panel, page):
    page.bench.change(silenced=1.0)
    assert panel.rows["silenced"].value == 1.0 and panel.rows["silenced"]._slider.value() == 1000
    page.bench.change(silenced=2.0)
    assert any("silenced" in text for text in page.notices.texts())
