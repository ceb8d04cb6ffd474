"""The timeline and the paint canvas answer mouse, keys and files."""

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage

from gui.widgets.paint_canvas import PaintCanvas
from gui.widgets.paint_pad import PaintPad
from gui.widgets.timeline import Timeline


def shown(qtbot, widget, size):
    qtbot.addWidget(widget)
    widget.resize(*size)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


# Timeline


@pytest.fixture
def timeline(qtbot):
    made = shown(qtbot, Timeline(), (500, 40))
    made.set_length(100)
    return made


def test_that_it_stays_at_the_newest_moment_until_moved(qtbot, timeline):
    assert timeline.position == 99
    timeline.set_length(150)
    assert timeline.position == 149
    timeline.set_position(40)
    timeline.set_length(200)
    assert timeline.position == 40
    timeline.set_length(10)
    assert timeline.position == 9
    timeline.set_length(0)
    assert timeline.position == 0
    with pytest.raises(ValueError, match="-1"):
        timeline.set_length(-1)


def test_that_keys_step_through_the_moments(qtbot, timeline):
    keys = Qt.Key
    moves = [(keys.Key_Home, 0), (keys.Key_Right, 1), (keys.Key_Left, 0), (keys.Key_Left, 0), (keys.Key_PageDown, 10)]
    for key, position in [*moves, (keys.Key_End, 99), (keys.Key_Right, 99)]:
        qtbot.keyClick(timeline, key)
        assert timeline.position == position


def test_that_dragging_scrubs_and_every_moment_can_be_reached(qtbot, timeline):
    track, seen = timeline._track, []
    timeline.position_changed.connect(seen.append)
    for position in (0, 37, 99):
        qtbot.mousePress(track, Qt.MouseButton.LeftButton, pos=QPoint(round(track._x(position)), 13))
        assert timeline.position == position
    assert seen == [0, 37, 99]
    timeline.add_mark(37, "reset")
    timeline.set_text(lambda i: f"step {i * 10}")
    assert track.hover_text(QPointF(track._x(37), 13)) == "step 370\nreset"


def test_that_playing_runs_to_the_end_and_stops_or_starts_again(qtbot, timeline):
    timeline.set_length(5)
    seen = []
    timeline.position_changed.connect(seen.append)
    timeline.set_rate(60)
    timeline.set_position(4)
    with qtbot.waitSignal(timeline.playing_changed):
        qtbot.keyClick(timeline, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not timeline.playing)
    assert seen == [0, 1, 2, 3, 4]
    timeline.set_loop(True)
    seen.clear()
    timeline.play()
    qtbot.waitUntil(lambda: len(seen) >= 8)
    timeline.pause()
    assert seen[:7] == [0, 1, 2, 3, 4, 0, 1]
    assert not timeline.playing
    with pytest.raises(ValueError, match="positive"):
        timeline.set_rate(0)


def test_that_a_hidden_timeline_does_not_play_on(qtbot, timeline):
    timeline.set_position(0)
    timeline.hide()
    timeline.play()
    timeline.on_tick()
    assert timeline.position == 0
    timeline.pause()


# Paint canvas


@pytest.fixture
def canvas(qtbot):
    return shown(qtbot, PaintCanvas(8, 8), (168, 168))


def pixel(canvas: PaintCanvas, row: int, column: int) -> QPoint:
    box, (height, width) = canvas._box(), canvas.image().shape
    return QPointF(
        box.left() + (column + 0.5) * box.width() / width, box.top() + (row + 0.5) * box.height() / height
    ).toPoint()


def paint(qtbot, canvas, *cells):
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=pixel(canvas, *cells[0]))
    for cell in cells[1:]:
        qtbot.mouseMove(canvas, pixel(canvas, *cell))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=pixel(canvas, *cells[-1]))


def test_that_the_brush_paints_where_it_touches(qtbot, canvas):
    with qtbot.waitSignal(canvas.image_changed, timeout=500) as done:
        paint(qtbot, canvas, (2, 5))
    image = done.args[0]
    assert image.dtype == np.float32 and image[2, 5] == 1.0 and image.argmax() == 2 * 8 + 5
    assert image[6, 1] == 0 and image is not canvas._image


def test_that_a_stroke_has_no_gaps_and_is_one_step_of_undo(qtbot, canvas):
    canvas._begin()
    canvas.stroke(QPointF(0.5, 0.5), QPointF(7.5, 7.5))
    canvas._finish()
    assert (np.diag(canvas.image()) > 0.9).all()
    assert canvas.undo_stack.count() == 1
    qtbot.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not canvas.image().any()
    qtbot.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert (np.diag(canvas.image()) > 0.9).all()


def test_that_the_eraser_erases_and_clearing_can_be_undone(qtbot, canvas):
    canvas.set_image(np.full((8, 8), 255, np.uint8))
    qtbot.keyClick(canvas, Qt.Key.Key_E)
    paint(qtbot, canvas, (4, 4))
    assert canvas.image()[4, 4] == 0 and canvas.image()[0, 0] == 1
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert not canvas.image().any()
    canvas.undo_stack.undo()
    assert canvas.image()[0, 0] == 1


def test_that_intensity_and_size_are_those_of_the_brush(qtbot, canvas):
    canvas.set_intensity(0.5)
    canvas.set_brush_size(1)
    paint(qtbot, canvas, (3, 3))
    assert canvas.image().max() == 0.5 and (canvas.image() > 0.4).sum() == 1
    canvas.set_brush_size(5)
    paint(qtbot, canvas, (3, 3))
    assert (canvas.image() > 0.4).sum() > 12
    canvas.set_brush_size(99)
    assert canvas.brush_size == 8
    canvas.set_intensity(-3)
    assert canvas.intensity == 0


def test_that_one_can_paint_with_the_keyboard_alone(qtbot, canvas):
    canvas.setFocus()
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Return):
        qtbot.keyClick(canvas, key)
    assert canvas.image()[2, 3] == 1.0 and canvas.undo_stack.count() == 1


def test_that_changes_are_told_at_most_once_a_frame_and_the_last_always(qtbot, canvas):
    heard = []
    canvas.image_changed.connect(heard.append)
    for i in range(200):
        canvas.stroke(QPointF(i % 8, 0), QPointF(i % 8, 7))
    assert heard == []
    qtbot.waitUntil(lambda: len(heard) == 1)
    np.testing.assert_array_equal(heard[-1], canvas.image())


def test_that_a_picture_file_is_made_grey_and_fitted(qtbot, canvas, tmp_path):
    picture = QImage(64, 32, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.white)
    picture.save(str(tmp_path / "wide.png"))
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "wide.png"))])
    drop = QDropEvent(
        QPointF(9, 9), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    with qtbot.waitSignal(canvas.image_changed, timeout=5000):
        canvas.dropEvent(drop)
    image = canvas.image()
    assert (image[2:6] == 1).all() and not image[:2].any() and not image[6:].any()
    assert canvas.undo_stack.undoText() == "load wide.png"


def test_that_a_bad_file_is_refused_with_a_sentence_and_changes_nothing(qtbot, canvas, tmp_path):
    paint(qtbot, canvas, (1, 1))
    before = canvas.image()
    whole = tmp_path / "cut.png"
    QImage(64, 64, QImage.Format.Format_RGB32).save(str(whole))
    whole.write_bytes(whole.read_bytes()[:40])
    (tmp_path / "notes.txt").write_text("hello")
    for name in ("notes.txt", "cut.png", "missing.png"):
        with qtbot.waitSignal(canvas.refused, timeout=5000) as refused:
            canvas.load_file(tmp_path / name)
        assert refused.args[0].startswith(f"{name}: ") and len(refused.args[0]) > len(name) + 10
    np.testing.assert_array_equal(canvas.image(), before)


def test_that_pictures_that_do_not_fit_are_refused(canvas):
    with pytest.raises(ValueError, match="shape"):
        canvas.set_image(np.zeros((3, 3)))
    with pytest.raises(ValueError, match="missing"):
        canvas.set_image(np.full((8, 8), np.nan))
    canvas.set_image(np.full((8, 8), 7.0))
    assert canvas.image().max() == 1.0
    canvas.resize_image(28, 28)
    assert canvas.image().shape == (28, 28) and not canvas.undo_stack.canUndo()
    with pytest.raises(ValueError, match="pixel"):
        PaintCanvas(0, 3)


def test_that_the_pad_and_the_canvas_agree_on_the_tool(qtbot):
    pad = shown(qtbot, PaintPad(28, 28), (200, 260))
    qtbot.mouseClick(pad._eraser, Qt.MouseButton.LeftButton)
    assert pad.canvas.erasing
    qtbot.keyClick(pad.canvas, Qt.Key.Key_B)
    assert pad._brush.isChecked() and not pad._eraser.isChecked()
    pad._size.setValue(9)
    assert pad.canvas.brush_size == 4.5
    qtbot.keyClick(pad.canvas, Qt.Key.Key_BracketRight)
    assert pad._size.value() == 10
    assert not pad._undo.isEnabled()
    paint(qtbot, pad.canvas, (5, 5))
    assert pad._undo.isEnabled()
    qtbot.mouseClick(pad._undo, Qt.MouseButton.LeftButton)
    assert not pad.canvas.image().any() and pad._redo.isEnabled()
