"""The planning tab over a scripted engine: gestures ask for the right thing, scenes draw what arrives."""

import re
from dataclasses import replace

import numpy as np
import pag_payloads as payloads
import pytest
from PySide6.QtCore import QPointF, Qt
from scripted_bench import NoRecords, begin, send

from engine.papers import load_paper
from engine.papers import pag_views as v
from engine.papers.pag import PagParams
from engine.runtime.session import EnginePool, Session
from gui.shell.bench import Bench
from gui.shell.paper_run import PaperRun
from gui.shell.settings import Settings
from gui.tabs.pag import SCENES, SYMBOLS, build
from gui.tabs.pag.sketch import node_name
from gui.widgets.explain import ASSETS
from gui.widgets.explain_text import parse

PAPER_NAME = "pag"
VIEWS = ({"film"}, {"film"}, {"race"}, {"look_ahead", "switching", "temperature"}, {"gallery"})
MAKERS = {
    "film": payloads.text_view, "race": payloads.race, "look_ahead": payloads.look_ahead,
    "switching": payloads.switching, "temperature": payloads.temperature, "gallery": payloads.gallery,
}  # fmt: skip


@pytest.fixture
def plan(stage, tab, qtbot):
    begin(stage, qtbot, "numbers-de")
    send(stage, qtbot, "film", payloads.text_view())
    tab.scenes[0].timeline.pause()
    return tab.scenes[0]


@pytest.fixture
def graphs(stage, tab, qtbot):
    begin(stage, qtbot, "euler")
    tab.show_scene(1)
    send(stage, qtbot, "film", payloads.graph_view())
    tab.scenes[1].timeline.pause()
    return tab.scenes[1]


def click(qtbot, widget, position: QPointF):
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=position.toPoint())


def drag(qtbot, widget, start: QPointF, end: QPointF):
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=start.toPoint())
    qtbot.mouseMove(widget, pos=end.toPoint())
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=end.toPoint())


def query(stage) -> v.FilmQuery:
    return stage.session.watched["film"]


# --- scenes -----------------------------------------------------------------------------------------------------


def test_that_an_idle_tab_says_what_brings_it_to_life(stage, tab):
    for scene, panel in ((0, "plan_panel"), (2, "counts_panel"), (3, "ahead_panel"), (4, "panel")):
        tab.show_scene(scene)
        assert "Press Train" in getattr(tab.scenes[scene], panel)._message.text()
    tab.show_scene(1)
    assert "Eulerian circuits" in tab.scenes[1].canvas_panel._message.text()


def test_that_only_the_pictures_of_the_scene_in_front_are_asked_for(stage, tab, qtbot):
    session = begin(stage, qtbot, "numbers-de")
    for scene in (0, 1, 2, 3, 4, 0):
        tab.show_scene(scene)
        assert set(session.watched) == VIEWS[scene]


def test_that_every_scene_draws_its_payloads(stage, tab, qtbot):
    begin(stage, qtbot, "numbers-de")
    for scene, views in enumerate(VIEWS):
        tab.show_scene(scene)
        for view in views:
            send(stage, qtbot, view, MAKERS[view]())
        assert not tab.grab().isNull()
    plan, _graphs, learning, findings, figure = (tab.scenes[i] for i in range(5))
    assert plan.plan.data()["intended"].shape == (22, 5, 10)
    assert plan.alignments["baseline"].data()["matrix"].shape == (5, 22)
    assert learning.race.plots["exact"].data()["PAG"].shape == (7,)
    assert np.isnan(findings.look_ahead.plot.data()["PAG"][9])
    assert findings.look_ahead.plot.data()["untrained rows"][9] == pytest.approx(73.0)
    assert figure.data()["1 PAG"].shape == (22, 5)


def test_that_views_without_a_payload_say_what_is_missing(stage, tab, qtbot):
    begin(stage, qtbot, "numbers-de")
    for scene, views in enumerate(VIEWS):
        tab.show_scene(scene)
        for view in views:
            send(stage, qtbot, view, None)
        assert not tab.grab().isNull()
    assert "nothing to decode" in tab.scenes[0].plan_panel._message.text()
    assert "No model with a plan" in tab.scenes[3].ahead_panel._message.text()


def test_that_every_symbol_of_the_explanation_leads_to_something_visible(stage, tab):
    for scene in range(len(SCENES)):
        tab.show_scene(scene)
        for symbol in SYMBOLS:
            assert stage.bench.symbols[symbol].isVisible(), f"{symbol} in scene {SCENES[scene]}"


def test_that_the_explanation_names_only_knobs_and_pictures_there_are():
    text = (ASSETS / "pag" / "explain.md").read_text(encoding="utf-8")
    assert parse(text)
    assert set(re.findall(r"\(view:(\w+)\)", text)) <= set(SYMBOLS)
    knobs = set(re.findall(r"knob:(\w+)", text))
    assert knobs and knobs <= set(PagParams.model_fields)
    assert not [name for block in parse(text) for name in block.told]


# --- the plan ---------------------------------------------------------------------------------------------------


def test_that_the_film_runs_by_itself_and_all_panels_stand_at_its_step(stage, tab, qtbot):
    begin(stage, qtbot, "numbers-de")
    send(stage, qtbot, "film", payloads.text_view())
    scene = tab.scenes[0]
    assert scene.timeline.playing and scene.timeline.length == 22
    scene.timeline.pause()
    scene.timeline.set_position(7)
    assert scene.plan.step == scene.ribbon.step == scene.commitment.step == scene.coming.step == 7
    assert {chart.step for chart in scene.alignments.values()} == {7}
    assert scene.commitment.countdown() == (3, 5)


def test_that_new_weights_do_not_move_the_film(plan, stage, qtbot):
    plan.timeline.set_position(9)
    send(stage, qtbot, "film", payloads.text_view(step=400))
    assert plan.timeline.position == 9 and plan.plan.step == 9
    assert plan.plan_panel.title == "Plan of PAG · update 400"


def test_that_a_click_on_the_ribbon_forces_a_replan_and_a_second_one_releases_it(plan, stage, qtbot):
    box = plan.ribbon.box(7)
    click(qtbot, plan.ribbon, box.center())
    assert query(stage).switches == ((7, True),)
    assert plan.timeline.position == 7
    click(qtbot, plan.ribbon, plan.ribbon.box(5).center())
    assert query(stage).switches == ((5, False), (7, True))
    assert "re-plans at 8" in plan.hands.words.text()
    click(qtbot, plan.ribbon, plan.ribbon.box(7).center())
    assert query(stage).switches == ((5, False),)
    plan.hands.release.click()
    assert query(stage).switches == () and not plan.hands.release.isEnabled()


def test_that_the_first_step_cannot_be_taken_its_plan(plan, stage, qtbot):
    before = query(stage)
    click(qtbot, plan.ribbon, plan.ribbon.box(0).center())
    assert query(stage) is before
    assert any("first step always" in note for note in stage.notes)


def test_that_a_pinned_row_climbs_the_diagonal(plan, qtbot):
    plan.timeline.set_position(4)
    click(qtbot, plan.plan, plan.plan.cell(3, 1).center())
    assert plan.plan.pinned == 7
    plan.timeline.set_position(6)
    assert "for output 8" in plan.plan.hover_text(plan.plan.cell(1, 1).center())
    click(qtbot, plan.plan, plan.plan.cell(1, 1).center())
    assert plan.plan.pinned == -1


def test_that_hovering_a_field_tells_its_numbers(plan):
    plan.timeline.set_position(5)
    words = plan.plan.hover_text(plan.plan.cell(2, 1).center())
    share = plan.plan.film.intended[5, 1, 2]
    assert f"“hundred” with {share:.3g}" in words
    assert "update gate" in words and "should look at “hundred”" in words
    plan.timeline.set_position(6)
    assert "update gate" not in plan.plan.hover_text(plan.plan.cell(2, 1).center())


def test_that_painting_a_row_makes_the_decoder_look_there(plan, stage, qtbot):
    plan.timeline.set_position(3)
    plan.paint.click()
    chart = plan.plan
    drag(qtbot, chart, chart.cell(2, 3).center(), chart.cell(2, 4).center())
    assert query(stage).painted == (v.PaintedRow(3, 2, (0.0, 0.0, 0.0, 0.5, 0.5)),)
    assert chart.pinned == -1
    assert "1 painted row" in plan.hands.words.text()


def test_that_another_symbol_continues_from_it_and_its_own_choice_releases_it(plan, stage):
    plan.timeline.set_position(4)
    plan.coming.bars.bar_clicked.emit(2)
    assert query(stage).symbols == ((4, 204),)
    plan.timeline.set_position(2)
    plan.coming.bars.bar_clicked.emit(1)
    assert query(stage).symbols == ((2, 102),)
    plan.coming.bars.bar_clicked.emit(1)
    assert query(stage).symbols == ()
    plan.coming.bars.bar_clicked.emit(0)
    assert query(stage).symbols == ()


def test_that_a_symbol_outside_the_likeliest_five_can_be_put_out_and_released(plan, stage, qtbot):
    letters = ("⏎", "?", *"abcdefgh", " ")
    send(stage, qtbot, "film", payloads.text_view(target_symbols=letters))
    card = plan.coming
    plan.timeline.set_position(3)
    assert [card.any.itemText(i) for i in (0, 2, 10)] == ["⏎", "a", "“ ”"] and card.any.currentIndex() == -1
    card.any.activated.emit(7)
    assert query(stage).symbols == ((3, 7),)
    card.any.activated.emit(7)
    assert query(stage).symbols == ()


def test_that_policy_beam_noise_and_intention_change_the_picture_and_not_the_training(plan, stage):
    hands = plan.hands
    hands.policy.activated.emit(3)
    hands.period.setValue(5)
    hands.beam.setValue(4)
    hands.noise.click()
    plan.timeline.set_position(6)
    hands.intended.click()
    asked = query(stage)
    assert (asked.policy, asked.period, asked.beam, asked.is_noisy, asked.follow_from) == ("every", 5, 4, True, 7)
    hands.intended.click()
    assert query(stage).follow_from == -1
    assert stage.session.changes == []


def test_that_an_earlier_moment_of_the_run_can_be_looked_at(plan, stage):
    plan.hands.past.setValue(1)
    assert query(stage).past == 100 and plan.hands.when.text() == "update 100"
    plan.hands.past.setValue(3)
    assert query(stage).past == -1


def test_that_typed_words_are_read_after_a_pause_and_release_the_hands(plan, stage, qtbot):
    click(qtbot, plan.ribbon, plan.ribbon.box(7).center())
    qtbot.keyClicks(plan.source.field, "seven")
    qtbot.waitUntil(lambda: query(stage).source.text == "seven")
    assert query(stage).switches == () and plan.timeline.position == 0
    plan.source.after.click()
    assert query(stage).source == v.Source(index=1) and plan.source.field.text() == ""


def test_that_the_engine_s_sentence_on_a_bad_source_stands_at_the_field(plan, stage, qtbot):
    send(stage, qtbot, "film", payloads.text_view(films=(), trouble="Nothing was typed."))
    assert plan.source.words.text() == "Nothing was typed." and plan.source.words.property("role") == "bad"
    assert plan.plan.message == "Nothing was typed."
    unknown = np.array([False, True, False, False, False])
    send(stage, qtbot, "film", payloads.text_view(unknown=unknown))
    assert "Underlined: hundred" in plan.source.words.text()
    assert plan.plan.is_underlined(1) and not plan.plan.is_underlined(0)
    send(stage, qtbot, "film", payloads.text_view(step=0))
    assert "Not trained yet" in plan.source.words.text()


def test_that_looking_into_the_baseline_leaves_no_switch_to_turn(plan, stage, qtbot):
    plan.source.target.button(2).click()
    assert query(stage).target == "baseline" and plan.plan.film.model == "baseline"
    click(qtbot, plan.ribbon, plan.ribbon.box(4).center())
    assert query(stage).switches == () and not plan.hands.policy.isEnabled()


def test_that_a_model_that_is_not_trained_is_named(plan, stage, qtbot):
    send(stage, qtbot, "film", payloads.text_view(films=(payloads.film("pag"),)))
    assert "rPAG has no part in this run" in plan.alignment_panels["rpag"]._message.text()


# --- graphs -----------------------------------------------------------------------------------------------------


def test_that_a_graph_is_drawn_by_mouse_and_asked_for_at_once(graphs, stage, qtbot):
    graphs.clear.click()
    assert query(stage).source.is_drawn and query(stage).source.edges == ()
    canvas = graphs.canvas
    middle = QPointF(canvas.width() / 2, canvas.height() / 2)
    spots = [middle + QPointF(x, y) for x, y in ((-60, -50), (60, -50), (0, 60))]
    for spot in spots:
        click(qtbot, canvas, spot)
    assert sorted(canvas.sketch.places) == [0, 1, 2]
    for a, b in ((0, 1), (1, 2), (2, 0)):
        drag(qtbot, canvas, canvas.place(a), canvas.place(b))
    assert query(stage).source.edges == ((0, 1), (1, 2), (2, 0))
    graphs.mode.button(3).click()
    drag(qtbot, canvas, canvas.place(2), canvas.place(1))
    assert query(stage).source.query == (2, 1)
    graphs.mode.button(1).click()
    drag(qtbot, canvas, canvas.place(0), canvas.place(0) + QPointF(20, 0))
    assert query(stage).source.edges == ((0, 1), (1, 2), (2, 0))
    graphs.mode.button(2).click()
    click(qtbot, canvas, (canvas.place(1) + canvas.place(2)) / 2)
    assert query(stage).source.edges == ((0, 1), (2, 0)) and query(stage).source.query == (-1, -1)


def test_that_the_walk_is_drawn_edge_by_edge_and_a_dead_end_strands_the_rest(graphs, qtbot):
    graphs.target.button(1).click()
    graphs.timeline.set_position(1)
    assert graphs.canvas.walked() == 1
    graphs.timeline.set_position(4)
    assert graphs.canvas.walked() == 2 and graphs.canvas.film.walk.dead_end == 2
    assert not graphs.canvas.grab().isNull()
    assert "stops at 2" in graphs.walks.text()


def test_that_the_attention_of_both_directions_lies_on_the_edge(graphs):
    graphs.timeline.set_position(2)
    film = graphs.canvas.film
    weights = graphs.canvas.weights(0)
    assert weights.shape == (7,)
    assert weights[2] == pytest.approx(film.alpha[2, 4] + film.alpha[2, 5])
    assert graphs.canvas.row_is_untrained(1)


def test_that_exact_set_match_and_validity_stand_apart(graphs):
    lines = graphs.walks.text().splitlines()
    assert lines[0].split("\t")[2:] == ["exact", "set", "valid"]
    assert lines[2].startswith("baseline\tA B C D A\t✓") and "✗" in lines[4]
    assert "reference code" in lines[-1]


def test_that_a_graph_without_a_circuit_is_explained_and_can_be_tried(graphs, stage, qtbot):
    broken = payloads.graph(why_not="Node 0 has an odd degree.", offending=(0,))
    send(stage, qtbot, "film", payloads.graph_view(graph=broken))
    assert graphs.words.text() == "Node 0 has an odd degree." and graphs.words.property("role") == "bad"
    assert graphs.canvas.film is None and graphs.attempt.isVisible()
    graphs.attempt.click()
    assert graphs.canvas.film is not None and "PAG" in graphs.walks.text()


def test_that_typed_edges_are_read_and_nonsense_is_said_at_the_field(graphs, stage, qtbot):
    graphs.field.setText("A-B b-c 2-0")
    graphs.on_typed()
    assert query(stage).source.edges == ((0, 1), (1, 2), (2, 0))
    graphs.field.setText("A-B hello")
    graphs.on_typed()
    assert "“hello” is not an edge" in graphs.words.text()
    assert query(stage).source.edges == ((0, 1), (1, 2), (2, 0))


def test_that_a_random_graph_is_drawn_by_the_engine(graphs, stage, qtbot):
    graphs.circuit.setValue(5)
    graphs.distractor.setValue(2)
    graphs.any.click()
    assert stage.session.asked[-1] == ("draw_graph", v.DrawArguments(circuit=5, distractor=3, seed=1))
    stage.answer(1, v.Drawing(((3, 4), (4, 5), (5, 3)), (4, 5)))
    qtbot.waitUntil(lambda: query(stage).source.edges == ((3, 4), (4, 5), (5, 3)))
    assert query(stage).source.query == (4, 5)


def test_that_graphs_of_growing_size_fill_three_scores(graphs, stage, qtbot):
    graphs.growth.button.click()
    assert stage.session.asked[-1] == ("grow", v.GrowArguments(distractor=0))
    assert graphs.growth.button.is_busy
    stage.answer(1, payloads.growth())
    qtbot.waitUntil(lambda: graphs.growth.button.text() == "Measure")
    assert graphs.growth.plot.data()["PAG"][-1] == pytest.approx(60.0)
    graphs.growth.score.button(1).click()
    assert graphs.growth.plot.data()["PAG"][-1] == pytest.approx(70.0)


# --- learning, findings, figure ---------------------------------------------------------------------------------


def test_that_the_race_can_be_seen_over_updates_and_over_seconds(stage, tab, qtbot):
    begin(stage, qtbot, "numbers-de")
    tab.show_scene(2)
    scene = tab.scenes[2]
    send(stage, qtbot, "race", payloads.race(stopped=True))
    exact = scene.race.plots["exact"]
    assert exact.data()["PAG x"][-1] == 300.0
    scene.axis.button(1).click()
    assert exact.data()["PAG x"][-1] == pytest.approx(24.0)
    assert "baseline" not in scene.race.plots["replan_rate"].data()
    assert "209,000" in scene.counts.text() and "21.5" in scene.counts.text()
    assert "rPAG: the loss is not finite" in scene.words.text()
    scene.repair.click()
    assert stage.session.asked[-1] == ("repair", v.Nothing())


def test_that_the_held_out_scores_come_by_length_with_bleu(stage, tab, qtbot):
    begin(stage, qtbot, "numbers-de")
    tab.show_scene(2)
    card = tab.scenes[2].evaluation
    card.beam.setValue(3)
    card.button.click()
    assert stage.session.asked[-1] == ("evaluate", v.EvaluateArguments(examples=200, beam=3))
    stage.answer(1, payloads.evaluation())
    qtbot.waitUntil(lambda: "98.5" in card.table.text())
    assert "valid circuit" not in card.table.text() and "nein, not neun" in card.table.text()
    assert card.plot.data()["rPAG"][-1] == pytest.approx(90.0)


def test_that_the_learned_switch_is_a_star_among_fixed_schedules(stage, tab, qtbot):
    begin(stage, qtbot, "numbers-de")
    tab.show_scene(3)
    card = tab.scenes[3].sweep
    card.button.click()
    stage.answer(1, payloads.sweep(), done=False)
    qtbot.waitUntil(lambda: card.result is not None)
    assert card.plot.stars[0][:2] == pytest.approx((4.1, 100.0))
    assert "best fixed m = 5" in card.words.text()
    card.button.click()
    assert stage.session.cancelled == [1] and card.button.text() == "Sweep m"


def test_that_boundaries_are_judged_against_chance_or_said_to_be_unknown(stage, tab, qtbot):
    begin(stage, qtbot, "euler")
    tab.show_scene(3)
    scene = tab.scenes[3]
    send(stage, qtbot, "switching", payloads.switching())
    bars = scene.switching.at_boundaries.data()
    assert bars["value"][0] == pytest.approx(27.0) and bars["paper"][0] == pytest.approx(21.0)
    send(stage, qtbot, "switching", payloads.switching(known=False))
    assert "not known on this task" in scene.switch_panels[1]._message.text()
    send(stage, qtbot, "look_ahead", replace(payloads.look_ahead(), has_gold=False))
    assert "plans pay where the future is predictable" in scene.look_ahead.words.text()


def test_that_the_temperature_asks_for_other_draws(stage, tab, qtbot):
    begin(stage, qtbot, "numbers-de")
    tab.show_scene(3)
    tab.scenes[3].temperature.tau.on_moved(100)
    assert stage.session.watched["temperature"].tau_inv == pytest.approx(10.0)


def test_that_a_field_of_the_figure_opens_its_example(stage, tab, qtbot):
    begin(stage, qtbot, "numbers-de")
    tab.show_scene(4)
    scene = tab.scenes[4]
    send(stage, qtbot, "gallery", payloads.gallery())
    scene.sheet.maps[1][1].step_chosen.emit(3)
    assert tab.planning.query.source.index == 1
    scene.count.setValue(2)
    assert stage.session.watched["gallery"] == v.GalleryQuery(first=0, count=2)


def test_that_another_task_forgets_what_was_typed_for_the_last_one(plan, stage, tab, qtbot):
    qtbot.keyClicks(plan.source.field, "seven")
    qtbot.waitUntil(lambda: query(stage).source.text == "seven")
    stage.run.choose_preset("euler")
    assert tab.planning.query == v.FilmQuery() and plan.source.field.text() == ""


# --- with the real engine ---------------------------------------------------------------------------------------

ANSWER_IN_MS = 30_000
SMALL = {"circuit_to": 4, "distractor": 0, "width": 32, "embedding": 32, "batch": 16, "lr": 5e-3}


@pytest.fixture
def real(tmp_path, qapp, atelier_home, qtbot):
    """The bench of a real engine with small circuits, held, and the tab on it in the scene Graphs."""
    pool = EnginePool(warm=False)
    run = PaperRun(load_paper("pag"), lambda on_report: Session(pool, on_report), NoRecords())
    bench = Bench(run, Settings(tmp_path / "window.ini"))
    run.choose_preset("euler")
    bench.change(**SMALL)
    tab = build(bench)
    qtbot.addWidget(tab)
    tab.resize(840, 640)
    tab.show()
    qtbot.waitExposed(tab)
    tab.show_scene(1)
    run.start(paused=True)
    yield bench, tab
    run.stop(save=False)
    qtbot.waitUntil(lambda: not run.is_live, timeout=ANSWER_IN_MS)
    pool.close()


def test_that_a_person_can_train_draw_a_graph_forbid_a_replan_and_export(real, tmp_path, qtbot):
    bench, tab = real
    graphs = tab.scenes[1]
    qtbot.waitUntil(lambda: graphs.view is not None and graphs.view.graph is not None, timeout=ANSWER_IN_MS)
    assert graphs.view.step == 0 and "Not trained yet" in graphs.words.text()
    names = graphs.view.graph
    assert all(node_name(int(n)) == name for n, name in zip(names.nodes, names.names, strict=True))

    bench.run.set_pace(float("inf"))
    bench.resume()
    loss = lambda: bench.run.history.curve("test_nll_pag")[1]  # noqa: E731
    qtbot.waitUntil(lambda: len(loss()) > 1 and loss()[-1] < 0.7 * loss()[0], timeout=ANSWER_IN_MS)
    bench.change(lr=1e-3)
    qtbot.waitUntil(lambda: bench.params.lr == 1e-3, timeout=ANSWER_IN_MS)
    bench.pause()
    qtbot.waitUntil(lambda: bench.run_state == "paused", timeout=ANSWER_IN_MS)

    graphs.field.setText("A-B B-C C-A")
    graphs.on_typed()
    qtbot.waitUntil(lambda: graphs.canvas.is_current and len(graphs.view.graph.edges) == 3, timeout=ANSWER_IN_MS)
    assert len(graphs.view.graph.answer) == 4 and graphs.canvas.film is not None
    canvas = graphs.canvas
    drag(qtbot, canvas, canvas.place(2), canvas.place(0))
    qtbot.waitUntil(lambda: graphs.view.graph.why_not != "", timeout=ANSWER_IN_MS)
    assert graphs.words.property("role") == "bad" and len(graphs.view.graph.offending) > 0

    tab.planning.show_example(0)
    tab.show_scene(0)
    plan = tab.scenes[0]
    qtbot.waitUntil(lambda: plan.film is not None and plan.view.index == 0, timeout=ANSWER_IN_MS)
    plan.timeline.pause()
    qtbot.waitUntil(lambda: len(plan.film.shown) > 2, timeout=ANSWER_IN_MS)
    before = bool(plan.film.replanned[1])
    click(qtbot, plan.ribbon, plan.ribbon.box(1).center())
    qtbot.waitUntil(lambda: bool(plan.film.replanned[1]) != before, timeout=ANSWER_IN_MS)
    assert plan.film.reason[1] == v.BY_HAND
    np.testing.assert_array_equal(plan.plan.matrix, plan.film.intended[1].T)

    target = tmp_path / "plan.npz"
    with qtbot.waitSignal(plan.plan_panel.exported, timeout=ANSWER_IN_MS):
        plan.plan_panel.export_to(target)
    with np.load(target) as kept:
        assert kept["intended"].shape == plan.film.intended.shape
