"""The dendritic tab over a scripted engine: gestures ask for the right thing, scenes draw what arrives."""

from dataclasses import replace

import dendritic_payloads as payloads
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF

from engine.papers import dendritic_views as v
from gui.tabs.dendritic import SCENES, SYMBOLS, build

PAPER_NAME = "dendritic"


def begin(stage, qtbot, preset="digits-deep"):
    """A run that trains."""
    stage.start(preset)
    qtbot.waitUntil(lambda: stage.bench.run_state == "training")
    return stage.session


def send(stage, qtbot, view, payload):
    """A frame, drawn."""
    with qtbot.waitSignal(stage.bench.frame_drawn, check_params_cb=lambda name: name == view):
        stage.frame(view, payload)


# --- scenes -----------------------------------------------------------------------------------------------------


def test_that_only_the_pictures_of_the_scene_in_front_are_asked_for(stage, tab, qtbot):
    session = begin(stage, qtbot)
    assert set(session.watched) == {"circuit", "scope", "dream"}
    tab.show_scene(1)
    assert set(session.watched) == {"circuit", "tiles", "tracking", "confusion"}
    tab.show_scene(2)
    assert set(session.watched) == set()
    tab.show_scene(3)
    assert set(session.watched) == {"imagine", "dream"}
    tab.show_scene(0)
    assert set(session.watched) == {"circuit", "scope", "dream"}


def test_that_the_scene_and_its_splitters_are_remembered(stage, tab, qtbot):
    tab.show_scene(3)
    grid = tab.scenes[3].grid
    grid.maximise(grid.panels()[0])
    again = build(stage.bench)
    qtbot.addWidget(again)
    assert again.selector.index == 3
    assert again.scenes[3].grid.maximised is again.scenes[3].grid.panels()[0]


def test_that_every_scene_draws_its_payloads(stage, tab, qtbot):
    begin(stage, qtbot)
    sent = {
        0: {"circuit": payloads.circuit(), "scope": payloads.scope(), "dream": payloads.dream()},
        1: {"tiles": payloads.tiles(), "tracking": payloads.tracking(), "confusion": payloads.confusion()},
        3: {"imagine": payloads.imagine()},
    }
    for scene, frames in sent.items():
        tab.show_scene(scene)
        for view, payload in frames.items():
            send(stage, qtbot, view, payload)
        assert not tab.grab().isNull()
    circuit, learning, imagine = (tab.scenes[i] for i in (0, 1, 3))
    assert circuit.schematic.view is sent[0]["circuit"]
    assert circuit.scope.scope.data()["apical"].shape == (256,)
    assert circuit.dreams.data()["images"].shape == (10, 8, 8)
    assert learning.tracking.data()["area 2 x"].shape == (1000,)
    assert learning.mistakes.matrix.data()["matrix"].shape == (10, 10)
    assert learning.gain.text() == "loop gain 0.4, 0.4 (bound 2)"
    assert imagine.pictures.data()["images"].shape == (3, 8, 8)


def test_that_views_without_a_payload_for_this_task_leave_the_tab_whole(stage, tab, qtbot):
    begin(stage, qtbot)
    for scene, views in (
        (0, ("circuit", "scope", "dream")),
        (1, ("tiles", "tracking", "confusion")),
        (3, ("imagine",)),
    ):
        tab.show_scene(scene)
        for view in views:
            send(stage, qtbot, view, None)
    assert tab.scenes[0].schematic.view is None


def test_that_an_idle_tab_says_what_to_press(stage, tab):
    assert "Press Train" in tab.scenes[0].schematic.message
    assert "Press Train" in tab.scenes[0].dream_panel._message.text()


def test_that_every_symbol_of_the_explanation_leads_to_something_visible(stage, tab):
    for scene in range(len(SCENES)):
        tab.show_scene(scene)
        for symbol in SYMBOLS:
            assert stage.bench.symbols[symbol].isVisible(), f"{symbol} in scene {SCENES[scene]}"


# --- the circuit ------------------------------------------------------------------------------------------------


def test_that_the_teacher_switch_changes_the_picture_and_not_the_training(stage, tab, qtbot):
    session = begin(stage, qtbot)
    tab.scenes[0].bar.teacher.click()
    assert session.watched["circuit"].teacher is False
    assert session.watched["scope"].teacher is False
    assert session.changes == []


def test_that_silencing_goes_through_the_parameter_panel_and_back(stage, tab, qtbot):
    session = begin(stage, qtbot)
    silence = tab.scenes[0].bar.silence
    silence.click()
    assert session.changes == [{"silenced": 1.0}]
    assert stage.bench.params.silenced == 1.0
    stage.run.undo_stack.undo()
    assert not silence.isChecked()
    stage.bench.change(silenced=1.0)
    assert silence.isChecked()


def test_that_choosing_probes_asks_for_them_in_all_pictures(stage, tab, qtbot):
    session = begin(stage, qtbot)
    tab.looking.show_example(41)
    assert session.watched["circuit"].probe.index == 41
    assert session.watched["scope"].probe.index == 41
    assert tab.scenes[0].bar.where.text() == "test 41"
    tab.show_scene(1)
    assert session.watched["tiles"].probe.index == 41


def test_that_a_drawn_digit_becomes_the_probe(stage, tab, qtbot):
    session = begin(stage, qtbot)
    bar = tab.scenes[0].bar
    bar.draw.click()
    dialog = bar._dialog
    dialog.target.setCurrentIndex(6)
    dialog.canvas.stroke(QPointF(2, 2), QPointF(5, 5))
    qtbot.waitUntil(lambda: session.watched["circuit"].probe.image is not None)
    probe = session.watched["circuit"].probe
    assert probe.image.shape == (8, 8) and probe.image.max() == 1.0 and probe.target == 5
    assert bar.where.text() == "drawn"
    bar.draw.click()
    assert not dialog.isVisible()
    dialog.canvas.resize_image(8, 8)
    bar.draw.click()
    assert dialog.isVisible() and np.array_equal(dialog.canvas.image(), probe.image)
    assert not dialog.frameGeometry().intersects(bar.draw.rect().translated(bar.draw.mapToGlobal(QPoint(0, 0))))
    dialog.close()


def test_that_a_clicked_cell_opens_with_its_card_and_its_scope(stage, tab, qtbot):
    session = begin(stage, qtbot)
    scene = tab.scenes[0]
    scene.schematic.cell_clicked.emit(2, 33)
    assert (session.watched["cell"].area, session.watched["cell"].cell) == (2, 33)
    assert (session.watched["scope"].area, session.watched["scope"].cell) == (2, 33)
    send(stage, qtbot, "cell", payloads.cell(1, 7))  # late: belongs to another cell
    assert scene.card.drawing.view is None
    send(stage, qtbot, "cell", payloads.cell(2, 33))
    assert scene.card.drawing.view is not None
    scene.card.closed.emit()
    assert "cell" not in session.watched


def test_that_another_circuit_forgets_the_chosen_cell(stage, tab, qtbot):
    begin(stage, qtbot)
    tab.looking.choose_cell(2, 99)
    stage.start("digits-small")
    qtbot.waitUntil(lambda: stage.bench.run_state == "training")
    assert (stage.session.watched["scope"].area, stage.session.watched["scope"].cell) == (1, 0)
    assert "cell" not in stage.session.watched


def test_that_slow_motion_draws_the_simulation_instead_of_the_two_step_state(stage, tab, qtbot):
    session = begin(stage, qtbot)
    scene = tab.scenes[0]
    scene.bar.slow.click()
    assert session.watched["scope"].restart == 1
    slow = payloads.scope()
    send(stage, qtbot, "scope", slow)
    send(stage, qtbot, "circuit", payloads.circuit())
    assert scene.schematic.view is slow.now
    scene.scope.speed._slider.setValue(100)
    assert session.watched["scope"].ms_per_frame == pytest.approx(50.0)
    scene.bar.slow.click()
    ordinary = payloads.circuit()
    send(stage, qtbot, "circuit", ordinary)
    assert scene.schematic.view is ordinary


def test_that_a_phase_step_shows_the_training_batch_until_training_goes_on(stage, tab, qtbot):
    session = begin(stage, qtbot)
    scene = tab.scenes[0]
    scene.bar.phase.click()
    assert "step_phase" in session.verbs
    assert session.watched["circuit"].live
    send(stage, qtbot, "circuit", replace(payloads.circuit(), phase=1))
    assert scene.bar.where.text() == scene.card._source.text() == "training batch"
    tab.looking.choose_cell(1, 7)
    assert session.watched["cell"].live
    send(stage, qtbot, "circuit", replace(payloads.circuit(), phase=-1))  # the update is done: the probe again
    assert scene.bar.where.text() == scene.card._source.text() == "test 0"
    send(stage, qtbot, "cell", replace(payloads.cell(), delta=0.0))
    assert "fire" not in scene.card._says.text()
    send(stage, qtbot, "circuit", payloads.circuit())
    assert "<b>teacher</b>" in scene.phases.text() and scene.phases.isVisible()
    stage.progress("paused")
    qtbot.waitUntil(lambda: stage.bench.run_state == "paused")
    stage.progress("training")
    qtbot.waitUntil(lambda: not session.watched["circuit"].live)


# --- learning ---------------------------------------------------------------------------------------------------


def test_that_a_comparison_learner_grows_as_a_dashed_curve_and_survives_a_rewind(stage, tab, qtbot):
    session = begin(stage, qtbot)
    tab.show_scene(1)
    scene = tab.scenes[1]
    scene.baselines.buttons["shallow"].click()
    assert session.asked == [("baseline", v.BaselineArguments(kind="shallow", steps=4000))]

    def curve(n):
        steps = np.arange(n, dtype=np.int64) * 10
        return v.BaselineCurve("shallow", steps, np.linspace(10, 90, n), np.linspace(1, 0.1, n), 0.5)

    stage.answer(1, curve(5), done=False)
    qtbot.waitUntil(lambda: "shallow" in scene.accuracy.data())
    assert scene.baselines.buttons["shallow"].text() == "shallow 50 %"
    stage.answer(1, curve(9))
    qtbot.waitUntil(lambda: len(scene.accuracy.data()["shallow"]) == 9)
    assert scene.baselines.buttons["shallow"].text() == "shallow"
    stage.scalars([0, 100], test_accuracy=[10.0, 50.0])
    qtbot.waitUntil(lambda: stage.bench.step == 100)
    stage.bench.rewind(0)
    qtbot.waitUntil(lambda: len(scene.accuracy.data()["shallow"]) == 9)
    scene.baselines.buttons["shallow"].click()
    assert "shallow" not in scene.accuracy.data() and "shallow" not in scene.error.data()


def test_that_a_comparison_under_way_can_be_given_up_and_a_refusal_is_said(stage, tab, qtbot):
    session = begin(stage, qtbot)
    tab.show_scene(1)
    buttons = tab.scenes[1].baselines.buttons
    buttons["backprop"].click()
    buttons["backprop"].click()
    assert session.cancelled == [1]
    buttons["transpose"].click()
    stage.answer(2, None, error="no classes here")
    qtbot.waitUntil(lambda: stage.notes != [])
    assert "no classes here" in stage.notes[0]
    assert not buttons["transpose"].isChecked()


def test_that_the_sweep_shows_its_slope(stage, tab, qtbot):
    session = begin(stage, qtbot)
    tab.show_scene(1)
    sweep = tab.scenes[1].sweep
    sweep.button.click()
    assert session.asked[0] == ("sweep", v.SweepArguments())
    assert sweep.button.text() == "Stop"
    lambdas = np.array([0.01, 0.1])
    stage.answer(1, v.SweepResult(lambdas, np.outer(lambdas, [13.7, 14.8, 13.5]), np.array([1.01, 0.99, 1.0])))
    qtbot.waitUntil(lambda: "1.01" in sweep.words.text())
    assert sweep.button.text() == "Measure λ"
    assert sweep.plot.data()["W₂"].tolist() == pytest.approx([0.148, 1.48])


def test_that_lost_tracking_offers_the_repair(stage, tab, qtbot):
    session = begin(stage, qtbot)
    tab.show_scene(1)
    scene = tab.scenes[1]
    lost = payloads.tracking()
    send(stage, qtbot, "tracking", v.TrackingView(lost.target, lost.actual, (0.4, 2.6)))
    assert scene.repair.isVisible()
    scene.repair.click()
    assert session.asked[-1] == ("repair", v.Nothing())
    send(stage, qtbot, "tracking", payloads.tracking(areas=1))
    assert not scene.repair.isVisible()
    assert scene.tracking.data()["area 2 x"].size == 0


def test_that_a_mistaken_digit_becomes_the_probe_and_a_tile_opens_its_cell(stage, tab, qtbot):
    session = begin(stage, qtbot)
    tab.show_scene(1)
    scene = tab.scenes[1]
    send(stage, qtbot, "confusion", payloads.confusion())
    scene.mistakes.mistakes.selected.emit(2)
    assert session.watched["tiles"].probe.index == 2
    scene.tiles.chosen.emit(12)
    assert tab.selector.index == 0
    assert (session.watched["cell"].area, session.watched["cell"].cell) == (1, 12)


# --- figures ----------------------------------------------------------------------------------------------------


def test_that_figures_say_which_preset_to_choose_and_load_it(stage, tab, qtbot):
    tab.show_scene(2)
    scene = tab.scenes[2]
    assert scene.stack.currentWidget() is scene.other
    scene.buttons["regression"].click()
    assert stage.bench.preset.id == "regression"
    assert scene.stack.currentWidget() is scene.regression_grid
    begin(stage, qtbot, "regression")
    assert stage.session.watched == {"regression": v.RegressionQuery(cell=0)}
    scene.cell.setValue(4)
    assert stage.session.watched["regression"].cell == 4
    send(stage, qtbot, "regression", payloads.regression())
    assert scene.traces.data()["target"].shape == (200,)
    scene.buttons["association"].click()
    assert scene.stack.currentWidget() is scene.strips_grid


def test_that_tasks_without_pictures_say_so(stage, tab, qtbot):
    begin(stage, qtbot, "self-prediction")
    tab.show_scene(3)
    assert "no pictures" in tab.scenes[3].pictures_panel._message.text()
    for panel, body in (("pad_panel", "pad"), ("gates_panel", "gates")):
        assert "no pictures" in getattr(tab.scenes[3], panel)._message.text()
        assert not getattr(tab.scenes[3], body).isVisible()
    tab.show_scene(1)
    assert "no classes" in tab.scenes[1].confusion_panel._message.text()
    assert "does not measure" in tab.scenes[1].aligned_panel._message.text()
    tab.show_scene(0)
    assert tab.scenes[0].curves.currentWidget() is tab.scenes[0].errors
    send(stage, qtbot, "circuit", payloads.circuit((30, 20, 10), image=False, target=False))


# --- imagine ----------------------------------------------------------------------------------------------------


def test_that_gates_and_brushes_ask_at_once(stage, tab, qtbot):
    session = begin(stage, qtbot)
    tab.show_scene(3)
    scene = tab.scenes[3]
    scene.pad.noise._slider.setValue(40)
    scene.pad.hidden._slider.setValue(50)
    scene.gates.d._slider.setValue(70)
    scene.gates.cues.button(107).click()
    query = session.watched["imagine"]
    assert (query.noise, query.occlusion, query.d, query.cue) == (0.4, 0.5, 0.7, 7)
    scene.pad.second.click()
    assert session.watched["imagine"].mix >= 0
    scene.gates.on_plain()
    assert (session.watched["imagine"].d, session.watched["imagine"].cue) == (0.0, -1)
    scene.gates.on_generate()
    query = session.watched["imagine"]
    assert (query.d, query.a) == (1.0, 1.0) and query.cue >= 0


def test_that_the_pad_shows_the_example_and_painting_on_it_makes_it_ones_own(stage, tab, qtbot):
    session = begin(stage, qtbot)
    tab.show_scene(3)
    scene = tab.scenes[3]
    shown = payloads.imagine(28)
    send(stage, qtbot, "imagine", shown)
    assert np.allclose(scene.pad.canvas.image(), shown.clean)
    qtbot.wait(80)
    assert session.watched["imagine"].probe.image is None  # showing is not painting
    scene.pad.canvas.stroke(QPointF(3, 3), QPointF(20, 20))
    qtbot.waitUntil(lambda: session.watched["imagine"].probe.image is not None)
    assert session.watched["imagine"].probe.image.shape == (28, 28)
    send(stage, qtbot, "imagine", payloads.imagine(28))
    scene.pad.on_random()
    assert session.watched["imagine"].probe.image is None


def test_that_a_dream_is_dreamt_large_when_it_is_clicked(stage, tab, qtbot):
    session = begin(stage, qtbot)
    tab.show_scene(3)
    scene = tab.scenes[3]
    send(stage, qtbot, "dream", payloads.dream())
    scene.dreams.selected.emit(8)
    query = session.watched["imagine"]
    assert (query.d, query.a, query.cue) == (1.0, 1.0, 8)


def test_that_a_drawn_picture_has_no_distance(stage, tab, qtbot):
    begin(stage, qtbot)
    tab.show_scene(3)
    scene = tab.scenes[3]
    view = payloads.imagine()
    nameless = v.ImagineView(
        view.clean, view.seen, view.percept, view.rates_seen, view.rates_percept, float("nan"), float("nan")
    )
    send(stage, qtbot, "imagine", nameless)
    assert scene.pictures._captions == ("clean", "arrives", "percept")
