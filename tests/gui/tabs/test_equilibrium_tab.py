"""The equilibrium tab over a scripted engine: gestures ask for the right thing, scenes draw what arrives."""

import re
from dataclasses import replace

import equilibrium_payloads as payloads
import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from scripted_bench import begin, send

from engine.papers import equilibrium_views as v
from engine.papers.equilibrium import EquilibriumParams
from gui.tabs.equilibrium import SCENES, SYMBOLS
from gui.widgets.explain import ASSETS
from gui.widgets.explain_text import parse

PAPER_NAME = "equilibrium"
PRESET = "digits-one"
VIEWS = (
    {"valley", "moments", "dream"},
    {"moments", "slope"},
    {"gauges", "states", "tiles", "confusion"},
    {"bias"},
    {"play", "dream"},
)


def click(qtbot, widget, position: QPointF):
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=position.toPoint())


# --- scenes -----------------------------------------------------------------------------------------------------


def test_that_an_idle_tab_says_what_brings_it_to_life(stage, tab):
    assert stage.sessions == []
    for scene, panel in (
        (0, "dream_panel"),
        (1, "cloud_panel"),
        (2, "states_panel"),
        (3, "angle_panel"),
        (4, "layers_panel"),
    ):
        tab.show_scene(scene)
        assert "Press Train" in getattr(tab.scenes[scene], panel)._message.text()


def test_that_only_the_pictures_of_the_scene_in_front_are_asked_for(stage, tab, qtbot):
    session = begin(stage, qtbot, PRESET)
    for scene in (0, 1, 2, 3, 4, 0):
        tab.show_scene(scene)
        assert set(session.watched) == VIEWS[scene]


def test_that_every_scene_draws_its_payloads(stage, tab, qtbot):
    begin(stage, qtbot, PRESET)
    for scene, views in enumerate(VIEWS):
        tab.show_scene(scene)
        for view in views:
            send(stage, qtbot, view, getattr(payloads, view)())
        assert not tab.grab().isNull()
    valley, moments, training, bias, play = (tab.scenes[i] for i in range(5))
    assert valley.map.data()["velocity"].shape == (120, 2)
    assert moments.cloud.data()["layer 1 x"].shape == (8 * 128,)
    assert moments.slope.data()["one-sided"].shape == (13,)
    assert training.mistakes.matrix.data()["matrix"].shape == (10, 10)
    assert training.strips.data()["shift 1"].shape == (10,)
    assert bias.angle.data()["matrix"].shape == (6, 32)
    assert play.layers.data()["layer 1"].shape == (128,)


def test_that_views_without_a_payload_for_this_task_leave_the_tab_whole(stage, tab, qtbot):
    begin(stage, qtbot, "theorem-toy")
    for scene, views in enumerate(VIEWS):
        tab.show_scene(scene)
        for view in views:
            send(stage, qtbot, view, None)
    assert "no pictures" in tab.scenes[4].layers_panel._message.text()
    assert "no classes" in tab.scenes[2].accuracy_panel._message.text()


def test_that_every_symbol_of_the_explanation_leads_to_something_visible(stage, tab):
    for scene in range(len(SCENES)):
        tab.show_scene(scene)
        for symbol in SYMBOLS:
            assert stage.bench.symbols[symbol].isVisible(), f"{symbol} in scene {SCENES[scene]}"


def test_that_the_explanation_names_only_knobs_and_pictures_there_are():
    text = (ASSETS / "equilibrium" / "explain.md").read_text(encoding="utf-8")
    blocks = parse(text)
    assert set(re.findall(r"\(view:(\w+)\)", text)) <= set(SYMBOLS)
    knobs = set(re.findall(r"knob:(\w+)", text))
    assert knobs and knobs <= set(EquilibriumParams.model_fields)
    told = {name for block in blocks for name in block.told}
    assert told == {"gap", "slope one-sided", "slope centred"}


# --- the valley -------------------------------------------------------------------------------------------------


@pytest.fixture
def valley(stage, tab, qtbot):
    begin(stage, qtbot, PRESET)
    send(stage, qtbot, "valley", payloads.valley())
    return tab.scenes[0]


def test_that_the_ball_rolls_by_itself_and_then_the_nudge_comes(valley, qtbot):
    assert valley.timeline.playing
    valley.timeline.pause()
    valley.timeline.set_position(120)
    assert valley.map.nudged_moment == -1
    assert valley.words.text().startswith("Free phase")
    valley.timeline.set_position(121)
    assert valley.map.nudged_moment == 0
    assert valley.words.text().startswith("Second phase")
    assert valley.energy._cursor == pytest.approx(12.0)


def test_that_another_valley_does_not_interrupt_the_ball(valley, stage, qtbot):
    valley.timeline.pause()
    valley.timeline.set_position(77)
    send(stage, qtbot, "valley", payloads.valley(gap=0.7))
    assert valley.timeline.position == 77
    assert valley.gap.text() == "0.7" and valley.gap.meaning == "bad"


def test_that_dragging_the_ball_starts_it_elsewhere(valley, stage, qtbot):
    chart = valley.map
    qtbot.mousePress(chart, Qt.MouseButton.LeftButton, pos=chart.to_pixel(0.3, 0.2).toPoint())
    assert stage.session.watched["valley"].start == pytest.approx((0.3, 0.2), abs=0.02)
    assert not valley.timeline.playing and valley.timeline.position == 0
    qtbot.mouseRelease(chart, Qt.MouseButton.LeftButton)
    assert valley.timeline.playing


def test_that_dragging_the_dashed_line_moves_the_target_and_its_slider(valley, stage, qtbot):
    chart = valley.map
    qtbot.mousePress(chart, Qt.MouseButton.LeftButton, pos=chart.to_pixel(0.5, chart.target).toPoint())
    qtbot.mouseMove(chart, pos=chart.to_pixel(0.5, 0.4).toPoint())
    assert stage.session.watched["valley"].y == pytest.approx(0.4, abs=0.02)
    assert valley.controls.sliders["y"].value == pytest.approx(0.4, abs=0.02)
    assert stage.session.changes == []


def test_that_the_nudge_button_plays_the_second_phase_from_rest(valley):
    valley.timeline.pause()
    valley.controls.nudge.click()
    assert valley.timeline.position == 121 and valley.timeline.playing


# --- the same at every moment -----------------------------------------------------------------------------------


@pytest.fixture
def moments(stage, tab, qtbot):
    begin(stage, qtbot, PRESET)
    tab.show_scene(1)
    send(stage, qtbot, "moments", payloads.moments())
    return tab.scenes[1]


def test_that_the_sliders_ask_for_another_comparison_and_leave_training_alone(moments, stage):
    moments.controls.beta.on_moved(50)
    assert stage.session.watched["moments"].beta == pytest.approx(1e-3)
    moments.controls.asymmetry.on_moved(30)
    assert stage.session.watched["moments"].asymmetry == pytest.approx(0.3)
    assert moments.asymmetry._cursor == pytest.approx(0.3)
    assert stage.session.changes == []


def test_that_the_exact_derivative_has_no_beta(moments, stage):
    moments.controls.nudging.button(2).click()
    assert stage.session.watched["moments"].nudging == "exact"
    assert not moments.controls.beta.isEnabled()


def test_that_the_slope_is_asked_again_only_when_its_own_inputs_change(moments, stage, tab):
    before = stage.session.watched["slope"]
    moments.controls.beta.on_moved(20)
    assert stage.session.watched["slope"] is before
    tab.probing.show_example(41)
    assert stage.session.watched["slope"].probe.index == 41
    assert stage.session.watched["moments"].probe.index == 41


def test_that_the_clock_moves_cloud_and_cursors_together(moments):
    moments.timeline.pause()
    moments.timeline.set_position(40)
    view = moments.cloud.view
    own = view.rbp[:, view.point_layer == 2]
    assert np.allclose(moments.cloud.data()["output x"], own[40] / np.abs(own).max())
    assert moments.neurons._cursor == moments.weights._cursor == pytest.approx(12.0)


def test_that_the_axes_hold_still_while_the_cloud_breathes(moments):
    moments.timeline.pause()
    moments.cloud.flush()
    early = moments.cloud.view_range()
    moments.timeline.set_position(79)
    moments.cloud.flush()
    assert moments.cloud.view_range() == early


def test_that_the_gap_is_a_number_with_a_verdict(moments, stage, qtbot):
    assert moments.gap.text() == "1.0·10⁻⁴" and moments.gap.meaning == "good"
    told = []
    stage.bench.value_told.connect(lambda symbol, text: told.append((symbol, text)))
    send(stage, qtbot, "moments", replace(payloads.moments(gap=0.4), words="Not at rest."))
    assert moments.gap.meaning == "bad"
    assert moments.words.text() == "Not at rest." and moments.words.property("role") == "warning"
    assert ("gap", "0.4") in told


def test_that_slopes_off_the_theory_name_the_kink(moments, stage, qtbot):
    send(stage, qtbot, "slope", replace(payloads.slope(), slope_centred=0.4))
    assert "kink" in moments.slopes.text()


def test_that_a_network_without_error_draws_nothing_and_says_so(moments, stage, qtbot):
    view = payloads.moments(gap=float("nan"))
    silent = {
        n: np.zeros_like(getattr(view, n)) for n in ("rbp", "ep", "unit_rbp", "unit_ep", "weight_rbp", "weight_ep")
    }
    send(stage, qtbot, "moments", replace(view, **silent, words="There is no error to compare."))
    moments.neurons.flush()
    moments.gaps.flush()
    assert moments.gap.text() == "–" and moments.nothing.isVisible()


def test_that_the_slopes_stand_beside_the_theory(moments, stage, qtbot):
    send(stage, qtbot, "slope", payloads.slope())
    assert moments.slopes.text() == "slope 1 one-sided (theory 1), 2 centred (theory 2); exact derivative: 1.0e−13"
    assert moments.asymmetry_words.text() == "gap ≈ 0.42 × asymmetry near zero"


def test_that_layers_and_weights_are_offered_as_the_network_has_them(moments, stage, qtbot):
    assert [moments.layer_choice.button(k).isVisible() for k in range(4)] == [True, True, False, False]
    moments.layer_choice.button(1).click()
    assert moments.neurons._lines[0].hover == "EP, output, neuron 0"
    send(stage, qtbot, "moments", payloads.moments((64, 64, 10)))
    assert moments.layer_choice.button(2).isVisible() and moments.layer_choice.button(1).text() == "layer 2"
    assert len(moments.cloud.data()["layer 2 x"]) == 8 * 64
    send(stage, qtbot, "moments", payloads.moments())
    assert len(moments.cloud.data()["layer 2 x"]) == 0


def test_that_the_comparison_can_take_the_nudge_of_the_training(moments, stage):
    stage.bench.change(beta=0.5, nudging="positive", asymmetry=0.2)
    moments.controls.trained.click()
    query = stage.session.watched["moments"]
    assert (query.beta, query.nudging, query.asymmetry) == (0.5, "one_sided", 0.2)


# --- training ---------------------------------------------------------------------------------------------------


@pytest.fixture
def training(stage, tab, qtbot):
    begin(stage, qtbot, PRESET)
    tab.show_scene(2)
    return tab.scenes[2]


def test_that_a_ghost_grows_as_a_dashed_curve_in_all_three_plots(training, stage, qtbot):
    training.ghosts.buttons["side network"].click()
    assert stage.session.asked == [("ghost", v.GhostArguments(learner="rbp", beta=0.0, steps=2000))]
    stage.answer(1, payloads.ghost(n=5), done=False)
    qtbot.waitUntil(lambda: "side network" in training.accuracy.data())
    stage.answer(1, payloads.ghost(n=9))
    for plot in (training.accuracy, training.errors, training.dead):
        qtbot.waitUntil(lambda plot=plot: len(plot.data()["side network"]) == 9)
    training.ghosts.buttons["β 0.01"].click()
    assert stage.session.asked[1][1] == v.GhostArguments(learner="ep", beta=0.01, steps=2000)


def test_that_a_lost_class_is_named_and_raising_beta_goes_through_the_knobs(training, stage, qtbot):
    send(stage, qtbot, "gauges", payloads.gauges())
    assert not training.outputs.raise_beta.isVisible()
    stage.bench.change(beta=0.01)
    send(stage, qtbot, "gauges", payloads.gauges(dead=(3, 7)))
    assert training.outputs.words.text().startswith("3, 7 lost")
    assert "3 lost" in training.outputs.bars.data()["label"].tolist()
    training.outputs.raise_beta.click()
    assert stage.bench.params.beta == 0.25


def test_that_an_error_that_has_not_arrived_leaves_its_field_empty_and_can_be_repaired(training, stage, qtbot):
    send(stage, qtbot, "gauges", payloads.gauges(words="The error has not arrived in layer 1 yet."))
    matrix = training.arrival.arrival.data()["matrix"]
    assert np.isnan(matrix[0, 0]) and matrix[3, 1] == pytest.approx(0.0)
    training.arrival.repair.click()
    assert stage.session.asked[-1] == ("repair", v.Nothing())
    stage.answer(1, v.Repaired("T₂ is 2 now.", {"nudged_sweeps": 2.0}))
    qtbot.waitUntil(lambda: "T₂ is 2 now." in stage.notes)


def test_that_angles_of_an_update_that_is_zero_are_not_drawn(training, stage, qtbot):
    view = payloads.gauges()
    send(stage, qtbot, "gauges", replace(view, cosine=np.array([np.nan, 1.0 + 1e-12])))
    angles = training.direction.gauge.data()["angle"]
    assert np.isnan(angles[0]) and angles[1] == pytest.approx(0.0)


def test_that_lost_classes_are_compared_over_seeds_and_can_be_given_up(training, stage, qtbot):
    card = training.classes
    card.seeds.setValue(2)
    card.button.click()
    assert stage.session.asked[-1] == ("classes", v.ClassesArguments(seeds=2))
    stage.answer(1, payloads.classes(seeds=2, steps=300), done=False)
    qtbot.waitUntil(lambda: card.result is not None)
    assert card.alive.data()["matrix"].shape == (6, 10)
    assert card.words.text().startswith("300 updates. exact: 2, 0 lost, 92.7 %")
    card.button.click()
    assert stage.session.cancelled == [1] and card.button.text() == "Run it"


def test_that_stepping_a_phase_follows_the_training_batch_until_training_goes_on(training, stage, qtbot):
    stage.progress("paused")
    qtbot.waitUntil(lambda: stage.bench.run_state == "paused")
    training.on_phase()
    assert stage.session.verbs[-1] == "step_phase"
    assert stage.session.watched["states"].live
    send(stage, qtbot, "states", payloads.states(phase=1))
    assert "<b>nudged phase</b>" in training.phases.text()
    stage.progress("training")
    qtbot.waitUntil(lambda: not stage.session.watched["states"].live)


def test_that_a_mistake_becomes_the_probe(training, stage, qtbot):
    send(stage, qtbot, "confusion", payloads.confusion())
    training.mistakes.mistakes.selected.emit(2)
    assert stage.session.watched["states"].probe.index == 102
    assert stage.session.watched["tiles"].probe.index == 102


# --- the bias map -----------------------------------------------------------------------------------------------


def test_that_a_field_of_the_map_sets_the_knobs_and_is_framed(stage, tab, qtbot):
    begin(stage, qtbot, PRESET)
    tab.show_scene(3)
    scene = tab.scenes[3]
    send(stage, qtbot, "bias", payloads.bias())
    assert scene.angle._mark == (3, 3)
    scene.angle.cell_clicked.emit(5, 9)
    assert (stage.bench.params.beta, stage.bench.params.nudged_sweeps) == (0.9, 10)
    assert scene.angle._mark == (5, 9) and scene.layers._cursor == 10.0
    stage.run.undo_stack.undo()
    assert scene.angle._mark == (3, 3)


def test_that_the_map_asks_for_one_sided_updates_and_other_weights(stage, tab, qtbot):
    begin(stage, qtbot, PRESET)
    tab.show_scene(3)
    scene = tab.scenes[3]
    send(stage, qtbot, "bias", payloads.bias(layers=3))
    assert np.isnan(scene.angle.data()["matrix"][0, 0])
    scene.choice.button(2).click()
    assert not np.isnan(scene.angle.data()["matrix"]).any()
    scene.centred.click()
    assert stage.session.watched["bias"].centred is False


def test_that_a_map_without_a_gradient_says_why(stage, tab, qtbot):
    begin(stage, qtbot, PRESET)
    tab.show_scene(3)
    scene = tab.scenes[3]
    whole = payloads.bias()
    blank = np.full_like(whole.cosine, np.nan)
    send(stage, qtbot, "bias", replace(whole, cosine=blank, norm_ratio=blank, empty=("all is learnt",) * 2))
    assert scene.words.text() == "all is learnt"
    assert all(p._message.text() == "all is learnt" for p in (scene.length_panel, scene.cuts_panel, scene.layers_panel))
    send(stage, qtbot, "bias", whole)
    assert "not arrived yet" in scene.words.text() and scene.length.isVisible()


# --- play -------------------------------------------------------------------------------------------------------


@pytest.fixture
def play(stage, tab, qtbot):
    begin(stage, qtbot, PRESET)
    tab.show_scene(4)
    send(stage, qtbot, "play", payloads.play())
    return tab.scenes[4]


def unit_position(layers, layer, unit):
    """The middle of a neuron's cell."""
    box = layers.boxes()[layer]
    if layer == len(layers.view.layers):
        return QPointF(box.center().x(), box.top() + (unit + 0.5) * box.height() / 10)
    cells, columns, _ = layers.field(box, len(layers.view.layers[layer - 1]))
    side = cells.width() / columns
    row, column = divmod(unit, columns)
    return QPointF(cells.left() + (column + 0.5) * side, cells.top() + (row + 0.5) * side)


def test_that_clicks_hold_a_neuron_at_one_then_at_zero_then_let_it_go(play, stage, qtbot):
    for value in (1.0, 0.0):
        click(qtbot, play.layers, unit_position(play.layers, 1, 17))
        assert stage.session.watched["play"].clamps == (v.Clamp(1, 17, value),)
    click(qtbot, play.layers, unit_position(play.layers, 1, 17))
    assert stage.session.watched["play"].clamps == ()


def test_that_dragging_an_output_pulls_it_until_it_is_let_go(play, stage, qtbot):
    layers = play.layers
    start = unit_position(layers, 2, 4)
    box = layers.boxes()[-1]
    qtbot.mousePress(layers, Qt.MouseButton.LeftButton, pos=start.toPoint())
    for share in (0.6, 0.9):
        qtbot.mouseMove(layers, pos=QPointF(box.left() + share * box.width(), start.y()).toPoint())
    pull = stage.session.watched["play"].pull
    assert pull[4] == pytest.approx(0.9, abs=0.05) and sum(pull) == pull[4]
    qtbot.mouseRelease(layers, Qt.MouseButton.LeftButton, pos=start.toPoint())
    query = stage.session.watched["play"]
    assert query.pull is None and query.clamps == ()


def test_that_a_stroke_becomes_the_input_and_holds_it(play, stage, qtbot):
    play.playing.dream(3)
    play.pad.canvas.stroke(QPointF(2, 2), QPointF(5, 5))
    qtbot.waitUntil(lambda: stage.session.watched["play"].probe.image is not None)
    query = stage.session.watched["play"]
    assert query.probe.image.shape == (8, 8) and query.input_on


def test_that_a_dream_holds_the_output_and_lets_go_of_the_input(play, stage, qtbot):
    send(stage, qtbot, "dream", payloads.dream())
    play.dreams.selected.emit(8)
    query = stage.session.watched["play"]
    assert (query.cue, query.input_on, query.restart) == (8, False, 1)
    assert not play.controls.input.isChecked() and play.controls.cues.checkedId() == 9
    shown = play.pad.canvas.image()
    send(stage, qtbot, "play", payloads.play(seed=11))
    assert np.array_equal(play.pad.canvas.image(), shown)  # the dream belongs to the layers, not to the pad
    play.playing.free()
    assert (stage.session.watched["play"].cue, stage.session.watched["play"].input_on) == (-1, True)


def test_that_neurons_of_an_old_network_are_not_held_in_a_new_one(play, stage, qtbot):
    click(qtbot, play.layers, unit_position(play.layers, 1, 100))
    stage.start(PRESET)
    qtbot.waitUntil(lambda: stage.bench.run_state == "training")
    assert stage.session.watched["play"].clamps == ()


def test_that_the_play_offers_to_pause_a_training_that_slows_it(play, stage, qtbot):
    assert play.controls.pause.isVisible()
    play.controls.pause.click()
    assert stage.session.verbs[-1] == "pause"
    stage.progress("paused")
    qtbot.waitUntil(lambda: not play.controls.pause.isVisible())
