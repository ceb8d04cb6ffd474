"""The GibbsNet tab over a scripted engine: gestures ask for the right thing, scenes draw what arrives."""

import re
from dataclasses import replace

import gibbsnet_payloads as payloads
import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from scripted_bench import begin, send

from engine.papers import gibbsnet_views as v
from engine.papers.gibbsnet import AIDS, GibbsNetParams
from gui.shell.theme import theme
from gui.tabs.gibbsnet import SCENES, SYMBOLS
from gui.tabs.gibbsnet.aids_card import REASONS
from gui.widgets.explain import ASSETS
from gui.widgets.explain_text import parse

PAPER_NAME = "gibbsnet"
SMALLEST = (710, 640)
PRESET = "digits-scratch"
CHAIN, PAINT, CLAMP, LATENT, TRAINING, RIVALS = range(6)
VIEWS = (
    {"chain", "health", "along", "quality"},
    {"paint"},
    {"clamp"},
    {"latent", "chain"},
    {"flow", "logits", "phases"},
    {"samples", "mixing"},
)
DRAWN = (("health", "along", "quality"), (), (), ("latent",), ("flow", "logits", "phases"), ("samples", "mixing"))


def know(stage, qtbot, **changes):
    """A run that trains and has said what it is."""
    begin(stage, qtbot, PRESET)
    send(stage, qtbot, "facts", payloads.facts(**changes))


def asked(stage, action: str) -> list:
    return [arguments for name, arguments in stage.session.asked if name == action]


def ticket(stage, action: str) -> int:
    """The number of the newest gesture of this name."""
    return max(i for i, (name, _) in enumerate(stage.session.asked, 1) if name == action)


# --- scenes -----------------------------------------------------------------------------------------------------


def test_that_an_idle_tab_says_what_brings_it_to_life(stage, tab):
    assert stage.sessions == []
    panels = ((CHAIN, "wall_panel"), (PAINT, "filled_panel"), (CLAMP, "wall_panel"), (TRAINING, "flow_panel"),
              (RIVALS, "samples_panel"))  # fmt: skip
    for scene, panel in panels:
        tab.show_scene(scene)
        assert "Press Train" in getattr(tab.scenes[scene], panel)._message.text()
    tab.show_scene(LATENT)
    assert "Press Train" in tab.scenes[LATENT].maps["gibbsnet"].message


def test_that_only_the_pictures_of_the_scene_in_front_are_asked_for(stage, tab, qtbot):
    know(stage, qtbot)
    for scene in (*range(len(SCENES)), CHAIN):
        tab.show_scene(scene)
        assert set(stage.session.watched) == VIEWS[scene] | {"facts"}


def test_that_every_scene_draws_its_payloads_in_both_themes(stage, tab, qtbot):
    know(stage, qtbot)
    for scene, views in enumerate(DRAWN):
        tab.show_scene(scene)
        for view in views:
            send(stage, qtbot, view, getattr(payloads, view)())
        for mode in ("light", "dark"):
            theme().set_mode(mode)
            assert not tab.grab().isNull()
    chain, _, _, latent, training, rivals = (tab.scenes[i] for i in range(6))
    assert len(chain.health.meter.gauges) == 5 and chain.classes.data()["value"].sum() == pytest.approx(1.0)
    assert latent.maps["gibbsnet"].data()["clamped z"].shape == (400, 2)
    assert training.figure.data()["arrow"][0] == "x->zhat" and "data" in training.histogram.data()
    assert rivals.grid_of_samples.data()["images"].shape[0] == 6 * 10


def test_that_a_task_without_classes_or_pictures_says_so_in_every_panel_it_empties(stage, tab, qtbot):
    know(stage, qtbot, reads="none", classes=(), judged=(), is_toy=True, shape=(1, 2, 1), z_dim=2, has_2d_latent=True)
    for scene in range(len(SCENES)):
        tab.show_scene(scene)
        for view in set(stage.session.watched) - {"facts", "chain", "latent"}:
            send(stage, qtbot, view, None)
    assert "plane" in tab.scenes[PAINT].filled_panel._message.text()
    assert "plane" in tab.scenes[CLAMP].wall_panel._message.text()
    assert "no classes" in tab.scenes[CHAIN].classes_panel._message.text()
    assert "no classes" in tab.scenes[RIVALS].mixing.stay_panel._message.text()
    assert "no film" in tab.scenes[CHAIN].film_panel._message.text()


def test_that_every_symbol_leads_to_something_visible(stage, tab):
    for scene in range(len(SCENES)):
        tab.show_scene(scene)
        for symbol in SYMBOLS:
            assert stage.bench.symbols[symbol].isVisible(), f"{symbol} in scene {SCENES[scene]}"


def test_that_the_explanation_names_only_knobs_and_pictures_there_are():
    text = (ASSETS / "gibbsnet" / "explain.md").read_text(encoding="utf-8")
    pictures = set(re.findall(r"\(view:(\w+)\)", text))
    assert pictures and pictures <= set(SYMBOLS)
    knobs = set(re.findall(r"knob:(\w+)", text))
    assert knobs and knobs <= set(GibbsNetParams.model_fields)
    told = {name for block in parse(text) for name in block.told}
    assert told <= {"fd short", "fd long", "gap", "forgets"}


# --- the chain --------------------------------------------------------------------------------------------------


@pytest.fixture
def chain(stage, tab, qtbot):
    """A recorded tape of 5,000 steps, the first of them on the wall."""
    know(stage, qtbot)
    stage.answer(ticket(stage, "record"), payloads.info())
    scene = tab.scenes[CHAIN]
    qtbot.waitUntil(lambda: scene.controls.timeline.length == 5000)
    scene.controls.follow.setChecked(False)
    scene.controls.timeline.set_position(0)
    send(stage, qtbot, "chain", payloads.chain((1,)))
    return scene


def wanted(stage) -> v.ChainQuery:
    return stage.session.watched["chain"]


def test_that_the_first_tape_is_recorded_for_every_model_of_the_run(stage, tab, qtbot):
    know(stage, qtbot)
    arguments = asked(stage, "record")
    assert len(arguments) == 1 and arguments[0].models == ("gibbsnet", "ali", "gan")
    assert (arguments[0].chains, arguments[0].steps, arguments[0].start) == (16, 5000, "prior")
    stage.answer(1, payloads.info(64), done=False)
    timeline = tab.scenes[CHAIN].controls.timeline
    qtbot.waitUntil(lambda: timeline.length == 64)
    assert timeline.position == 63, "while it is recorded, the newest step is shown"


def test_that_the_timeline_asks_for_the_real_step_and_the_wall_shows_it(chain, stage, qtbot):
    chain.controls.timeline.set_position(3332)
    assert wanted(stage).steps == (3333,)
    view = payloads.chain((3333,))
    send(stage, qtbot, "chain", view)
    assert np.array_equal(chain.wall.data()["ALI"], view.images[1, 0, ..., 0])
    assert chain.along.plot._cursor == 3333.0
    assert "step 3,333" in chain.wall_panel._legend.entries[0].text


def test_that_a_late_picture_of_another_step_does_not_end_the_wait_for_this_one(chain, stage, qtbot):
    reader = chain.reader
    reader.go_to(700)
    send(stage, qtbot, "chain", payloads.chain((2,)))
    assert wanted(stage).steps == (700,) and "main" in reader._wanted
    send(stage, qtbot, "chain", payloads.chain((700,)))
    assert "main" not in reader._wanted


def test_that_a_chain_that_is_chosen_gets_its_film_and_the_view_goes_back_to_the_hand(chain, stage, qtbot):
    send(stage, qtbot, "chain", payloads.chain((1,)))
    chain.wall.chain_chosen.emit(3)
    film = wanted(stage)
    assert (
        film.chains == 4 and film.models == ("gibbsnet",) and film.steps[:4] == (1, 2, 3, 5) and film.steps[-1] == 5000
    )
    view = payloads.chain(film.steps, ("gibbsnet",), 4)
    send(stage, qtbot, "chain", view)
    assert np.array_equal(chain.film.data()["images"], view.images[0, :, 3, ..., 0])
    assert wanted(stage).steps == (1,)
    chain.film.selected.emit(5)
    assert chain.controls.timeline.position == film.steps[5] - 1
    assert stage.session.watched["along"] == v.AlongQuery(0, 3)


def test_that_a_branch_is_shown_beside_the_chain_it_left_and_can_be_dropped(chain, stage, qtbot):
    chain.reader.chain = 3
    chain.controls.timeline.set_position(199)
    send(stage, qtbot, "chain", payloads.chain((200,)))
    chain.controls.branch.click()
    arguments = asked(stage, "branch")[-1]
    assert (arguments.step, arguments.chain, arguments.tape) == (200, 3, 0)
    about = payloads.info(tape=1, first=200, chains=8, models=("gibbsnet",), parent=0, parent_chain=3)
    stage.answer(ticket(stage, "branch"), about)
    qtbot.waitUntil(lambda: wanted(stage).tape == 1)
    send(stage, qtbot, "chain", payloads.chain((200,), ("gibbsnet",), 8, info=about))
    assert [band.title for band in chain.wall.bands] == ["GibbsNet", "branch", "ALI", "GAN"]
    assert wanted(stage).tape == 0, "the view is left at the main tape"
    chain.controls.timeline.set_position(9)
    send(stage, qtbot, "chain", payloads.chain((10,)))
    send(stage, qtbot, "chain", payloads.chain((200,), ("gibbsnet",), 8, info=about))
    assert "begins at step 200" in chain.wall.bands[1].message
    chain.controls.drop.click()
    assert [band.title for band in chain.wall.bands] == ["GibbsNet", "ALI", "GAN"]


def test_that_following_the_training_records_no_further_than_one_looks(chain, stage, qtbot):
    chain.controls.follow.setChecked(True)
    stage.progress("training", 500)
    qtbot.waitUntil(lambda: stage.bench.step == 500)
    chain.controls.on_follow_due()
    assert asked(stage, "record")[-1].steps == 50 and asked(stage, "record")[-1].seed == asked(stage, "record")[0].seed
    stage.answer(ticket(stage, "record"), payloads.info(50, steps=50, version=500))
    qtbot.waitUntil(lambda: not chain.controls.is_recording)
    assert chain.controls.timeline.length == 5000
    chain.controls.timeline.set_position(4999)
    assert asked(stage, "record")[-1].steps == 5000, "what the short tape does not reach is recorded now"


def test_that_a_wall_recorded_anew_changes_when_the_recording_reaches_the_hand(chain, stage, qtbot):
    chain.controls.timeline.set_position(999)
    old, new = payloads.chain((1000,)), payloads.chain((1000,), images=payloads.uint8(3, 1, 16, 8, 8, 1, seed=77))
    send(stage, qtbot, "chain", old)
    chain.controls.again.click()
    stage.answer(ticket(stage, "record"), payloads.info(1200), done=False)
    qtbot.waitUntil(lambda: "main" in chain.reader._wanted)
    send(stage, qtbot, "chain", payloads.chain((64,), info=payloads.info(64)))
    assert np.array_equal(chain.wall.data()["GibbsNet"], old.images[0, 0, ..., 0])
    send(stage, qtbot, "chain", replace(new, info=payloads.info(1200)))
    assert np.array_equal(chain.wall.data()["GibbsNet"], new.images[0, 0, ..., 0])


def test_that_a_tape_of_the_latent_map_brings_its_own_length(chain, stage, qtbot):
    chain.controls.timeline.set_position(4000)
    about = payloads.info(1000, steps=1000, models=("gibbsnet",))
    send(stage, qtbot, "chain", payloads.chain((1000,), ("gibbsnet",), info=about))
    assert chain.controls.timeline.length == 1000 and chain.controls.timeline.position == 999
    assert chain.wall_panel._legend.entries[0].text.endswith("begun on the latent map")
    chain.controls.again.click()
    assert asked(stage, "record")[-1].start == "prior" and asked(stage, "record")[-1].steps == 5000


def test_that_a_frozen_version_is_left_alone_while_training_goes_on(chain, stage, qtbot):
    before = len(asked(stage, "record"))
    stage.progress("training", 900)
    qtbot.waitUntil(lambda: stage.bench.step == 900)
    chain.controls.on_follow_due()
    assert len(asked(stage, "record")) == before


def test_that_length_and_noise_and_start_record_another_tape(chain, stage):
    chain.controls.length.setCurrentIndex(4)
    chain.controls.length.activated.emit(4)
    assert asked(stage, "record")[-1].steps == 100_000
    chain.controls.noise.click()
    assert asked(stage, "record")[-1].seed == 1
    chain.controls.start.setCurrentIndex(1)
    chain.controls.start.activated.emit(1)
    assert asked(stage, "record")[-1].start == "data"


def test_that_playing_follows_the_chosen_speed(chain, qtbot):
    chain.controls.speed.on_moved(100)
    seen = []
    chain.controls.timeline.position_changed.connect(seen.append)
    chain.controls.timeline.play()
    qtbot.waitUntil(lambda: len(seen) >= 3)
    chain.controls.timeline.pause()
    assert np.diff(seen[:3]).tolist() == [4, 4], "240 steps a second are four in each of sixty frames"


def test_that_quality_curves_of_older_versions_fade_and_data_are_a_line(chain, stage, qtbot):
    chain.quality.measure.click()
    assert asked(stage, "measure")[-1].lengths[-1] == 1000
    stage.answer(ticket(stage, "measure"), payloads.quality())
    qtbot.waitUntil(lambda: chain.quality.view is not None)
    lines = chain.quality.plot._lines
    assert [line.label for line in lines] == ["", "", "GibbsNet", "ALI", "real data"]
    assert lines[-1].y.tolist() == [0.11, 0.11]
    chain.quality.choice.setCurrentIndex(1)
    chain.quality.choice.activated.emit(1)
    assert chain.quality.plot._lines[-1].y.tolist() == [9.4, 9.4]


def test_that_classes_are_those_on_the_wall_until_the_judge_has_counted_more(chain, stage, qtbot):
    labels = np.zeros((3, 1, 16), np.int16)
    labels[0, 0, 4:] = 7
    send(stage, qtbot, "chain", payloads.chain((1,), labels=labels))
    assert chain.classes.data()["value"][[0, 7]].tolist() == [0.25, 0.75]
    send(stage, qtbot, "quality", payloads.quality())
    assert chain.classes.data()["value"].tolist() == pytest.approx([0.1] * 10)


def test_that_collapse_is_said_in_words_and_can_be_repaired_undoably(chain, stage, qtbot):
    send(stage, qtbot, "health", payloads.health("bad", "All chains show one picture.", "R1 comes back."))
    assert chain.health.words.property("role") == "bad" and "one picture" in chain.health.words.text()
    chain.health.repair.click()
    stage.answer(ticket(stage, "repair"), v.Repaired("R1 is 0.5 again.", {"r1": 1.5}))
    qtbot.waitUntil(lambda: "R1 is 0.5 again." in stage.notes)
    assert stage.bench.params.r1 == 1.5
    stage.run.undo_stack.undo()
    assert stage.bench.params.r1 == 0.5


def test_that_a_run_that_was_not_judged_yet_is_not_called_healthy(chain, stage, qtbot):
    send(stage, qtbot, "health", replace(payloads.health(), gauges=()))
    assert "before the first updates" in chain.health.words.text()


def test_that_another_run_forgets_chains_and_film(chain, stage, qtbot):
    stage.start(PRESET)
    qtbot.waitUntil(lambda: stage.bench.run_state == "training")
    assert chain.controls.timeline.length == 0 and chain.reader.recorded == 0
    assert "recorded" in chain.film_panel._message.text()


# --- painting ---------------------------------------------------------------------------------------------------


@pytest.fixture
def paint(stage, tab, qtbot):
    know(stage, qtbot)
    tab.show_scene(PAINT)
    scene = tab.scenes[PAINT]
    stage.answer(ticket(stage, "pictures"), payloads.test_pictures())
    qtbot.waitUntil(lambda: tab.observed.index == 40)
    return scene


def held(stage, view="paint") -> v.Clamps:
    return stage.session.watched[view].clamps


def test_that_the_first_test_picture_is_held_and_a_half_mask_hides_half_of_it(paint, stage, qtbot):
    assert held(stage).index == 40 and held(stage).image is None
    paint.tools.shapes["left half"].click()
    qtbot.waitUntil(lambda: held(stage).mask.mean() == 0.5)
    assert not held(stage).mask[:, :4].any()
    send(stage, qtbot, "paint", payloads.play(seam=2.5, diversity=0.02))
    assert paint.seam.meaning == paint.diversity.meaning == "bad"
    assert len(paint.completions.data()["images"]) == 12


def test_that_the_picture_stays_while_K_grows_and_is_replaced_with_the_data(paint, stage, tab, qtbot):
    before = len(asked(stage, "pictures"))
    send(stage, qtbot, "facts", payloads.facts(K_now=4))
    assert len(asked(stage, "pictures")) == before and tab.observed.index == 40
    send(stage, qtbot, "facts", payloads.facts(tests=90, classes=("0", "1", "9"), judged=("0", "1", "9")))
    assert len(asked(stage, "pictures")) == before + 1 and tab.observed.index == -1


def test_that_a_stroke_on_the_mask_goes_to_the_running_chains(paint, stage, qtbot):
    paint.canvas.stroke(QPointF(2, 2), QPointF(5, 2))
    qtbot.waitUntil(lambda: held(stage).mask.mean() < 1.0)
    assert stage.session.watched["paint"].restart == 0, "they go on from where they are"


def test_that_a_drawing_takes_the_place_of_the_test_picture(paint, stage, tab, qtbot):
    paint.pad.on_clear()
    paint.pad.canvas.stroke(QPointF(2, 2), QPointF(6, 6))
    qtbot.waitUntil(lambda: held(stage).index == -1 and held(stage).image is not None and held(stage).image.any())
    assert np.array_equal(paint.canvas.picture > 0, held(stage).image > 0)


def test_that_a_file_is_opened_by_the_engine_and_a_bad_one_is_refused_in_words(paint, stage, tab, qtbot):
    tab.observed.open_file("holiday.txt")
    stage.answer(ticket(stage, "open_image"), None, error="holiday.txt is not a picture that can be read.")
    qtbot.waitUntil(lambda: "not a picture" in paint.pad.words.text())
    assert paint.pad.words.property("role") == "warning" and held(stage).index == 40
    tab.observed.open_file("cat.png")
    image = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8, 1)
    stage.answer(ticket(stage, "open_image"), v.OpenImageResult(image, "cat.png: cropped to a square."))
    qtbot.waitUntil(lambda: "cropped" in paint.pad.words.text())
    assert np.array_equal(held(stage).image, image[..., 0])


def test_that_a_mask_over_everything_or_nothing_is_explained(paint):
    for shape, words in (("everything", "generates freely"), ("nothing", "reconstructs")):
        paint.canvas.set_shape(shape)
        paint.canvas.on_announce()
        assert words in paint.tools.words.text()


def test_that_half_pictures_are_judged_by_more_than_pixel_error(paint, stage, qtbot):
    paint.inpaint.ask.click()
    assert asked(stage, "inpaint")[-1].half == "left"
    stage.answer(ticket(stage, "inpaint"), payloads.inpaint())
    qtbot.waitUntil(lambda: paint.inpaint.result is not None)
    table = paint.inpaint.table
    assert {row.name: table.best(row) for row in table.rows} == {
        "score": 1, "seam": 0, "diversity": 1, "pixel error": -1, "class found": -1,
    }  # fmt: skip


def test_that_colour_pictures_are_painted_over_as_well(stage, tab, qtbot):
    know(stage, qtbot, shape=(16, 16, 3), reads="attributes", classes=("round", "red"), judged=("round", "red"))
    tab.show_scene(PAINT)
    scene = tab.scenes[PAINT]
    stage.answer(ticket(stage, "pictures"), payloads.test_pictures((16, 16, 3)))
    qtbot.waitUntil(lambda: tab.observed.index == 40)
    assert scene.canvas.picture.shape == (16, 16, 3) and scene.canvas.image().shape == (16, 16)
    send(stage, qtbot, "paint", payloads.play(shape=(16, 16, 3), classes=2))
    assert not tab.grab().isNull()


# --- clamping ---------------------------------------------------------------------------------------------------


@pytest.fixture
def clamp(stage, tab, qtbot):
    know(stage, qtbot)
    tab.show_scene(CLAMP)
    send(stage, qtbot, "clamp", payloads.play(n=36))
    return tab.scenes[CLAMP]


def test_that_a_label_is_held_and_let_go(clamp, stage):
    clamp.controls.group.button(8).click()
    assert held(stage, "clamp").label == 7
    clamp.controls.strength.on_moved(40)
    assert held(stage, "clamp").strength == pytest.approx(0.4)
    clamp.controls.free.click()
    assert held(stage, "clamp").label == -1 and clamp.controls.group.button(0).isChecked()


def test_that_a_held_picture_is_read_and_compared_with_the_truth(clamp, stage, tab, qtbot):
    stage.answer(ticket(stage, "pictures"), payloads.test_pictures())
    qtbot.waitUntil(lambda: tab.observed.index == 40)
    assert held(stage, "clamp").index == -1, "nothing is held before the switch is down"
    clamp.hold_picture.hold.setChecked(True)
    assert held(stage, "clamp").index == 40 and held(stage, "clamp").mask is None
    p = np.full(10, 0.01, np.float32)
    p[3] = 0.91
    send(stage, qtbot, "clamp", payloads.play(n=36, p_y=p))
    assert clamp.verdict.text() == "Read as 3 (0.91); it is a 0."
    clamp.hold_picture.hold.setChecked(False)
    assert held(stage, "clamp").index == -1


def test_that_attributes_are_held_with_three_state_switches(stage, tab, qtbot):
    know(stage, qtbot, reads="attributes", classes=("round", "red", "large"), judged=("round", "red", "large"))
    tab.show_scene(CLAMP)
    scene = tab.scenes[CLAMP]
    switches = scene.controls.attributes
    box = switches.switch_box(1)
    qtbot.mouseClick(switches, Qt.MouseButton.LeftButton, pos=QPointF(box.right() - 5, box.center().y()).toPoint())
    assert held(stage, "clamp").attributes == (-1, 1, -1)
    p = np.array([0.2, 1.0, 0.7], np.float32)
    send(stage, qtbot, "clamp", payloads.play(n=36, p_y=p, p_now=p, spread_y=p / 9, labels=np.full(36, -1, np.int16)))
    assert switches.probabilities.tolist() == pytest.approx(p.tolist())
    assert scene.words.text() == "Held: red."


def test_that_pictures_alone_have_nothing_to_read_and_say_so(stage, tab, qtbot):
    know(stage, qtbot, reads="none", classes=())
    tab.show_scene(CLAMP)
    assert "pictures alone" in tab.scenes[CLAMP].beliefs_panel._message.text()


def test_that_the_three_tasks_are_measured_for_both_models(clamp, stage, qtbot):
    clamp.ask.click()
    stage.answer(ticket(stage, "tasks"), payloads.tasks())
    qtbot.waitUntil(lambda: len(clamp.table.rows) == 3)
    assert clamp.table.data()["GibbsNet"].tolist() == pytest.approx([95, 66, 80])
    assert [clamp.table.best(row) for row in clamp.table.rows] == [0, 1, 0]


# --- latent map -------------------------------------------------------------------------------------------------


@pytest.fixture
def latent(stage, tab, qtbot):
    know(stage, qtbot)
    tab.show_scene(LATENT)
    send(stage, qtbot, "latent", payloads.latent())
    return tab.scenes[LATENT]


def test_that_both_maps_take_turns_and_rest_when_nothing_changes(latent, stage, qtbot):
    latent.on_turn()
    assert stage.session.watched["latent"].model == "ali"
    send(stage, qtbot, "latent", payloads.latent("ali", gap=0.03))
    assert latent.gaps["ali"].value == 0.03 and latent.gaps["gibbsnet"].value == 0.41
    latent.on_turn()
    assert stage.session.watched["latent"].model == "ali", "both show the present weights"
    latent.on_steps(100)
    latent.on_turn()
    assert stage.session.watched["latent"] == v.LatentQuery(model="ali", steps=100)


def test_that_a_click_decodes_the_place_and_starts_chains_there(latent, stage, qtbot):
    latent.maps["gibbsnet"].place_chosen.emit(1.0, -0.5)
    assert asked(stage, "decode")[-1] == v.DecodeArguments((1.0, -0.5), "gibbsnet")
    arguments = asked(stage, "record")[-1]
    assert (arguments.start, arguments.point, arguments.chains) == ("point", (1.0, -0.5), 16)
    picture = payloads.uint8(8, 8, 1)
    p = np.full(10, 0.1, np.float32)
    stage.answer(ticket(stage, "decode"), v.DecodeResult(picture, picture.reshape(-1) / 255, np.zeros(16), p))
    stage.answer(ticket(stage, "record"), payloads.info(1000, models=("gibbsnet",)))
    qtbot.waitUntil(lambda: len(wanted(stage).steps) == 64)
    assert np.array_equal(latent.decoded.data()["images"][0], picture[..., 0])
    view = payloads.chain(tuple(range(1, 65)), ("gibbsnet",))
    send(stage, qtbot, "chain", view)
    qtbot.waitUntil(lambda: latent.maps["gibbsnet"].own.shape[1] >= 2)
    assert np.array_equal(latent.maps["gibbsnet"].own[5, 0], view.plane[0, 0, 5])


def test_that_a_run_without_ali_says_why_its_map_is_empty(stage, tab, qtbot):
    know(stage, qtbot, models=("gibbsnet",))
    tab.show_scene(LATENT)
    assert "no ALI" in tab.scenes[LATENT].rival_panel._message.text()


# --- training ---------------------------------------------------------------------------------------------------


@pytest.fixture
def training(stage, tab, qtbot):
    know(stage, qtbot)
    tab.show_scene(TRAINING)
    return tab.scenes[TRAINING]


def test_that_an_arrow_is_cut_and_mended_through_its_knob(training, stage, qtbot):
    send(stage, qtbot, "flow", payloads.flow())
    training.figure.switch_clicked.emit("flow_encoder")
    assert stage.bench.params.flow_encoder is False
    training.figure.switch_clicked.emit("flow_encoder")
    assert stage.bench.params.flow_encoder is True
    training.through.button(2).click()
    assert stage.bench.params.grad_steps == 19


def test_that_every_aid_is_a_switch_with_a_reason_and_comes_back_as_it_was(training, stage):
    assert set(AIDS) == set(training.aids.switches) <= set(REASONS)
    assert all(REASONS[name].knob in GibbsNetParams.model_fields for name in AIDS)
    stage.bench.change(r1=2.0)
    button = training.aids.switches["R1"]
    button.click()
    assert stage.bench.params.r1 == 0.0 and not button.isChecked()
    button.click()
    assert stage.bench.params.r1 == 2.0 and button.isChecked()


def test_that_one_button_is_paper_mode(training, stage):
    training.aids.paper.click()
    assert stage.bench.params.paper_mode
    assert not any(b.isEnabled() or b.isChecked() for b in training.aids.switches.values())
    training.aids.paper.click()
    assert all(b.isEnabled() for b in training.aids.switches.values())


def test_that_histograms_of_every_discriminator_can_be_seen(training, stage, qtbot):
    send(stage, qtbot, "logits", payloads.logits())
    assert "72 % told apart" in training.told.text()
    training.judge.button(2).click()
    assert stage.session.watched["logits"].model == "gan"


def test_that_a_phase_is_stepped_alone_and_its_pictures_are_shown(training, stage, qtbot):
    training.step.click()
    assert stage.session.verbs[-1] == "step_phase"
    send(stage, qtbot, "phases", payloads.phases(1))
    assert "<b>unclamped chain</b>" in training.phase_line.text() and "has run" in training.phase_words.text()
    assert len(training.phase_pictures.data()["images"]) == 8 * 4


def test_that_raw_weights_can_be_shown_instead_of_averaged_ones(stage, tab, qtbot):
    know(stage, qtbot)
    tab.show_scene(RIVALS)
    tab.scenes[RIVALS].average.click()
    assert stage.session.watched["samples"].raw


def test_that_probes_are_shown_also_where_ali_does_better(stage, tab, qtbot):
    know(stage, qtbot)
    tab.show_scene(RIVALS)
    probe = tab.scenes[RIVALS].probe
    probe.ask.click()
    stage.answer(ticket(stage, "probe"), payloads.probe())
    qtbot.waitUntil(lambda: len(probe.table.rows) == 5)
    assert [probe.table.best(row) for row in probe.table.rows] == [1] * 5
    assert probe.words.text() == "ALI's latents are read better here."
