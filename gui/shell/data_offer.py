"""What a page offers when a run failed for want of its data: download it, or choose the folder that has it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.runtime.paths import datasets_folder
from gui.shell.data_sets import DataSet, DataSets, megabytes
from gui.shell.notice_bar import NoticeBar, Remedies
from gui.shell.paper_run import PaperRun
from gui.shell.settings import Settings

FOLDER = "run/data_folder"
_CODE, _PROGRESS = "failed", "data"


def needed_set(run: PaperRun) -> str:
    """Name of the public set that the parameters on screen need ("" : none).

    It is that of the preset, unless another task was chosen since: then that of the presets with this task.
    """
    task = getattr(run.edited, "task", None)
    presets = [run.preset, *run.paper.presets]
    needs = (p.needs for p in presets if getattr(run.paper.make_params(p.id), "task", None) == task)
    return next(needs, "")


def choose_data_folder(
    settings: Settings, parent: QWidget, chosen: Callable[[str], object], dismissed: Callable[[], object] | None = None
) -> None:
    """Ask for the folder with the user's own copies; it is remembered for every run from now on."""

    def on_selected(folder: str) -> None:
        settings.set(FOLDER, folder)
        chosen(folder)

    dialog = QFileDialog(parent, "Folder with your data sets", settings.text(FOLDER))
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(on_selected)
    if dismissed is not None:
        dialog.rejected.connect(dismissed)
    dialog.open()


class DataOffer(QObject):
    """One per page. `offer` when a run failed; the rest follows from the buttons of its notices."""

    def __init__(self, run: PaperRun, notices: NoticeBar, settings: Settings, sets: DataSets, parent: QWidget) -> None:
        super().__init__(parent)
        self._page = parent
        self._run, self._notices, self._settings, self._sets = run, notices, settings, sets
        self._name = ""
        self._text = ""
        self._others: Remedies = ()
        self._found: DataSet | None = None
        self._is_asking = False
        self._is_following = False
        sets.listed.connect(self.on_listed)
        sets.look_failed.connect(self.on_look_failed)
        sets.progressed.connect(self.on_progressed)
        sets.ended.connect(self.on_ended)

    def offer(self, name: str, text: str, others: Remedies) -> None:
        """The notice of the failure, which is on screen, gets the ways to the data. others: the first goes on."""
        self._name, self._text, self._others = name, text, others
        if self._sets.is_fetching(name):
            self._follow()
            return
        self._is_asking = True
        self._sets.look(self._settings.text(FOLDER))

    # --- what a person does -------------------------------------------------------------------------------------

    def download(self) -> None:
        """Fetch it; progress and Cancel take the place of the notice."""
        self._sets.fetch(self._name)
        self._follow()

    def choose_folder(self) -> None:
        """The folder of an own copy, then on; when none is chosen, the offer stands again."""
        choose_data_folder(self._settings, self._page, lambda _folder: self._go_on(), self.on_none_chosen)

    def on_none_chosen(self) -> None:
        """The offer still stands."""
        if self._is_wanted():
            self._show()

    # --- what the process reports -------------------------------------------------------------------------------

    def on_listed(self, found: tuple[DataSet, ...]) -> None:
        """Where the sets are. A usable one was not the reason of the failure: then there is nothing to offer."""
        if not self._is_asking:
            return
        self._is_asking = False
        self._found = next((one for one in found if one.name == self._name), None)
        if self._found is not None and not self._found.is_usable and self._text in self._notices.texts():
            self._show()

    def on_look_failed(self, fault: str) -> None:
        """No size and no title are known; the failure of the run remains what matters."""
        if self._is_asking:
            self._is_asking = False
            self._notices.show_notice(f"Where the data sets are could not be found out: {fault}", "warning")

    def on_progressed(self, name: str, done: int, total: int) -> None:
        """More bytes."""
        if self._is_following and name == self._name:
            title = self._sets.titles.get(name, name)
            fraction = done / total if total else 0.0
            self._notices.show_progress(
                f"Downloading {title}: {megabytes(done, total)}", fraction, _PROGRESS, [("Cancel", self._cancel)]
            )

    def on_ended(self, name: str, outcome: str, text: str) -> None:
        """Here, or not: go on, or say why and offer again."""
        if not self._is_following or name != self._name:
            return
        self._is_following = False
        self._notices.clear(_PROGRESS)
        if outcome == "done":
            if self._found is not None and self._found.state == "faulty":
                self._prefer_own_folder()
            self._notices.show_notice(text)
            self._go_on()
        elif self._is_wanted():
            self._text = text
            self._show("warning" if outcome == "stopped" else "error")
        else:
            self._notices.show_notice(text, "warning")

    # --- parts --------------------------------------------------------------------------------------------------

    def _show(self, level: str = "error") -> None:
        found = self._found
        words = f"Download {found.title} ({found.size})" if found is not None else "Download it"
        ways = [(words, self.download), ("Choose a folder…", self.choose_folder), *self._others]
        self._notices.show_notice(self._text, level, _CODE, ways)

    def _follow(self) -> None:
        self._is_following = True
        self._notices.clear(_CODE)
        self.on_progressed(self._name, 0, self._found.nbytes if self._found is not None else 0)

    def _cancel(self) -> None:
        self._sets.cancel(self._name)

    def _prefer_own_folder(self) -> None:
        """A copy that cannot be used would still be found first."""
        folder = str(datasets_folder())
        self._settings.set(FOLDER, folder)
        self._notices.show_notice(f"{folder} is now searched first for data sets (Settings).", "info", "data folder")

    def _is_wanted(self) -> bool:
        return self._run.run_state == "failed" and needed_set(self._run) == self._name

    def _go_on(self) -> None:
        """Only when the failed run is still what is on screen."""
        if self._is_wanted() and self._others:
            _words, work = self._others[0]
            work()
