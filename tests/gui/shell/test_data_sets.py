"""A run without its data: the notice offers download and folder. ``main.py data`` is a script that the test writes."""

import json
import sys

import pytest
from PySide6.QtWidgets import QFileDialog, QProgressBar

from engine.runtime import messages as m
from engine.runtime.paths import datasets_folder
from gui.shell.data_offer import needed_set
from gui.shell.data_sets import DataSets
from gui.shell.settings_sheet import SettingsSheet

SCRIPT = """
import json, pathlib, signal, sys
here = pathlib.Path(__file__).parent
with (here / "asked").open("a") as asked:
    asked.write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[2] == "list":
    print((here / "list.json").read_text())
    sys.exit(0)
fetch = json.loads((here / "fetch.json").read_text())
if fetch["then"]:
    signal.signal(signal.SIGTERM, lambda *_: None)
for event in fetch["events"]:
    print(json.dumps(event), flush=True)
if fetch["waits"]:
    signal.pause()
for event in fetch["then"]:
    print(json.dumps(event), flush=True)
sys.exit(fetch["code"])
"""
ADVICE = "MNIST was not found in /data: download it."


class Program:
    """What `main.py data` will answer; `asked` are the commands it was started with."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        (folder / "main.py").write_text(SCRIPT)
        self.list()
        self.fetch([])

    def list(self, mnist="missing", text=""):
        rows = [("mnist", "MNIST", 11_594_722, mnist), ("fashion-mnist", "Fashion-MNIST", 30_878_645, "verified")]
        entries = [
            {"name": n, "title": t, "nbytes": b, "state": s, "folder": "/x", "text": text} for n, t, b, s in rows
        ]
        (self.folder / "list.json").write_text(json.dumps(entries))

    def fetch(self, events, waits=False, code=0, then=()):
        """waits: until it is terminated; with `then`, it was just about to say that."""
        wish = {"events": events, "waits": waits or bool(then), "code": code, "then": then}
        (self.folder / "fetch.json").write_text(json.dumps(wish))

    @property
    def words(self):
        return (sys.executable, str(self.folder / "main.py"))

    @property
    def asked(self):
        path = self.folder / "asked"
        return path.read_text().splitlines() if path.exists() else []


DONE = [{"event": "progress", "done": 11, "total": 11}, {"event": "done", "text": "MNIST is in /x.", "folder": "/x"}]
HALF = {"event": "progress", "done": 5_797_361, "total": 11_594_722}


@pytest.fixture
def program(tmp_path):
    return Program(tmp_path / "program")


@pytest.fixture
def failed(window, page, program, sessions, qtbot):
    """Fails the run of a preset for want of its data; what it gives fails it again."""
    window.data_sets.program = program.words
    page.choose_preset("mnist")

    def fail(kind="bad_data"):
        if not sessions.made or not sessions.last.is_alive:
            page.run.start()
        sessions.last.is_alive = False
        sessions.last.report(m.Failed, step=0, kind=kind, advice=ADVICE)
        qtbot.waitUntil(lambda: page.run.run_state == "failed")

    fail()
    return fail


def labels(page):
    return [button.text() for button in page.notices.buttons()]


def press(page, beginning):
    next(b for b in page.notices.buttons() if b.text().startswith(beginning)).click()


def test_that_a_run_without_its_data_offers_download_and_folder_and_downloads_nothing_by_itself(
    page, failed, program, qtbot
):
    assert labels(page) == ["Start again"]
    qtbot.waitUntil(lambda: labels(page) == ["Download MNIST (11.6 MB)", "Choose a folder…", "Start again"])
    assert page.notices.texts()[0] == ADVICE and program.asked == ["data list --json"]


def test_that_a_downloaded_set_starts_the_run_again(page, failed, program, sessions, qtbot):
    program.fetch(DONE)
    qtbot.waitUntil(lambda: len(labels(page)) == 3)
    count = len(sessions.made)
    press(page, "Download")
    assert labels(page) == ["Cancel"]
    qtbot.waitUntil(lambda: len(sessions.made) == count + 1)
    assert program.asked[-1] == "data fetch mnist --json"
    assert page.run.run_state == "starting" and labels(page) == [] and "MNIST is in /x." in page.notices.texts()


def test_that_progress_is_shown_and_cancelling_offers_the_same_ways_again(page, failed, program, sessions, qtbot):
    program.fetch([HALF], waits=True)
    qtbot.waitUntil(lambda: len(labels(page)) == 3)
    count = len(sessions.made)
    press(page, "Download")
    qtbot.waitUntil(lambda: "Downloading MNIST: 5.8 of 11.6 MB" in page.notices.texts())
    assert page.notices.findChild(QProgressBar).value() == 500
    press(page, "Cancel")
    qtbot.waitUntil(lambda: "Choose a folder…" in labels(page))
    assert "cancelled" in page.notices.texts()[0] and labels(page)[0] == "Download MNIST (11.6 MB)"
    assert len(sessions.made) == count


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([HALF, {"event": "fault", "text": "No connection.", "folder": ""}], "No connection."),
        ([HALF], "It ended with code 1 and said nothing."),
    ],
)
def test_that_a_download_that_fails_says_why_and_offers_the_ways_again(page, failed, program, events, said, qtbot):
    program.fetch(events, code=1)
    qtbot.waitUntil(lambda: len(labels(page)) == 3)
    press(page, "Download")
    qtbot.waitUntil(lambda: page.notices.texts()[:1] == [said])
    assert labels(page) == ["Download MNIST (11.6 MB)", "Choose a folder…", "Start again"]


def test_that_what_was_started_meanwhile_is_left_alone(page, failed, program, sessions, window, qtbot):
    program.fetch([HALF], then=DONE)
    qtbot.waitUntil(lambda: len(labels(page)) == 3)
    press(page, "Download")
    qtbot.waitUntil(lambda: "Downloading MNIST: 5.8 of 11.6 MB" in page.notices.texts())
    page.choose_preset("digits-one")
    page.run.start()
    count = len(sessions.made)
    with qtbot.waitSignal(window.data_sets.ended) as ended:
        window.data_sets.cancel("mnist")  # too late
    assert ended.args[1] == "done" and "MNIST is in /x." in page.notices.texts()
    assert len(sessions.made) == count and labels(page) == []


def test_that_a_failure_for_another_reason_offers_no_data(page, failed, program, window, qtbot):
    qtbot.waitUntil(lambda: len(labels(page)) == 3)
    failed("crash")
    assert labels(page) == ["Start again"] and program.asked == ["data list --json"]
    program.list("verified")
    with qtbot.waitSignal(window.data_sets.listed):
        failed()  # a damaged checkpoint, say
    assert labels(page) == ["Start again"]


def test_that_a_chosen_folder_is_remembered_and_the_run_starts_in_it(page, failed, sessions, window, tmp_path, qtbot):
    qtbot.waitUntil(lambda: len(labels(page)) == 3)
    press(page, "Choose")
    page.findChild(QFileDialog).reject()
    assert labels(page)[1] == "Choose a folder…"
    press(page, "Choose")
    dialog = next(d for d in page.findChildren(QFileDialog) if d.isVisible())
    dialog.fileSelected.emit(str(tmp_path))
    assert sessions.last.spec.data_folder == str(tmp_path) and page.run.run_state == "starting"
    assert window.settings.text("run/data_folder") == str(tmp_path)
    dialog.close()


def test_that_a_download_comes_before_a_copy_that_cannot_be_used(page, failed, program, sessions, window, qtbot):
    qtbot.waitUntil(lambda: len(labels(page)) == 3)
    program.list("faulty", "cut short")
    program.fetch(DONE)
    window.settings.set("run/data_folder", "/broken")
    with qtbot.waitSignal(window.data_sets.listed):
        failed()
    assert program.asked[-1] == "data list --folder /broken --json"
    press(page, "Download")
    qtbot.waitUntil(lambda: page.run.run_state == "starting")
    assert sessions.last.spec.data_folder == str(datasets_folder())


def test_that_the_task_on_screen_decides_which_set_is_needed(page):
    page.choose_preset("digits-one")
    assert needed_set(page.run) == ""
    assert page.try_edit({"task": "fashion"}) == "" and needed_set(page.run) == "fashion-mnist"
    page.choose_preset("mnist-frozen-second")
    assert needed_set(page.run) == "mnist"


def test_that_the_settings_show_the_sets_and_download_one(window, program, qtbot):
    window.data_sets.program = program.words
    sheet = SettingsSheet(window.settings, window.data_sets, window)
    sheet.show()
    rows = sheet.data_rows
    qtbot.waitUntil(lambda: rows.states.keys() == {"mnist", "fashion-mnist"})
    assert rows.states["fashion-mnist"].full_text == "/x" and rows.buttons["fashion-mnist"].isHidden()
    assert rows.states["mnist"].full_text == "not found" and rows.buttons["mnist"].text() == "Download (11.6 MB)"
    program.fetch(DONE)
    program.list("verified")
    rows.buttons["mnist"].click()
    assert rows.buttons["mnist"].text() == "Cancel"
    qtbot.waitUntil(lambda: rows.states["mnist"].full_text == "/x" and rows.buttons["mnist"].isHidden())
    sheet.close()


def test_that_closing_ends_a_download(program, qtbot):
    sets = DataSets(None, program.words)
    program.fetch([HALF], waits=True)
    heard = []
    sets.ended.connect(lambda *words: heard.append(words))
    with qtbot.waitSignal(sets.progressed):
        sets.fetch("mnist")
    sets.close()  # tests/conftest.py fails a test that leaves a process
    assert not sets.is_fetching("mnist") and heard == []


def test_that_a_program_that_cannot_be_started_is_said(qtbot):
    sets = DataSets(None, ("/no/such/python",))
    with qtbot.waitSignal(sets.look_failed) as said:
        sets.look("")
    assert "could not be started" in said.args[0]
    with qtbot.waitSignal(sets.ended) as ended:
        sets.fetch("mnist")
    assert ended.args[:2] == ["mnist", "fault"] and "could not be started" in ended.args[2]


def test_that_the_real_command_is_understood(qtbot, monkeypatch):
    monkeypatch.delenv("ATELIER_DATA", raising=False)
    sets = DataSets()
    with qtbot.waitSignal(sets.listed, timeout=30_000) as listed:
        sets.look("")
    assert [(one.name, one.size, one.is_usable) for one in listed.args[0]][:2] == [
        ("mnist", "11.6 MB", False),
        ("fashion-mnist", "30.9 MB", False),
    ]
