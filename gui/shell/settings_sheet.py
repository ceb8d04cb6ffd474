"""Settings: theme, device, threads, autosave, the user's data. Each is remembered as it is changed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.runtime.paths import home
from gui.shell.data_offer import FOLDER, choose_data_folder
from gui.shell.data_rows import DataRows
from gui.shell.data_sets import DataSets
from gui.shell.engines import CLUSTER
from gui.shell.page_factory import DEVICES
from gui.shell.rows import label, push_button
from gui.shell.settings import Settings
from gui.shell.startup_checks import sound_fault
from gui.shell.theme import theme

_MODES = ("system", "dark", "light")
_MODE_WORDS = ("Follow the system", "Dark", "Light")
_DEVICE_WORDS = ("Best there is (GPU, else CPU)", "CPU", "GPU (CUDA)", "GPU (Apple)")


class SettingsSheet(QDialog):
    """No OK and no Cancel: what is chosen holds at once, for runs that start from now on."""

    def __init__(self, settings: Settings, data_sets: DataSets, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Settings")
        self._settings = settings
        outer = QVBoxLayout(self)
        outer.setContentsMargins(20, 16, 20, 14)
        form = QFormLayout()
        form.setHorizontalSpacing(18)
        form.setVerticalSpacing(9)
        form.addRow("Theme", self._build_theme())
        form.addRow(
            "Size", label("Follows the desktop; to force it, start with QT_SCALE_FACTOR=1.25.", "muted", wrap=True)
        )
        form.addRow("Device", self._build_device())
        form.addRow("Ray cluster", self._build_cluster())
        form.addRow("Threads a run", self._build_number("run/threads", 0, 256, 0, "as the preset says", ""))
        form.addRow("Autosave every", self._build_number("run/autosave_s", 1, 3600, 10, "", " s"))
        form.addRow("Your data sets", self._build_folder())
        self.data_rows = DataRows(data_sets, self.folder.text())
        form.addRow("Public data", self.data_rows)
        form.addRow("Runs are kept in", label(str(home()), "muted", wrap=True, selectable=True))
        form.addRow("Sound", self._build_sound())
        outer.addLayout(form)
        outer.addStretch(1)
        outer.addWidget(
            label("What is chosen here about runs holds for those that start from now on.", "muted", wrap=True)
        )
        outer.addWidget(push_button("Close", self.close), 0, Qt.AlignmentFlag.AlignRight)
        self.resize(600, 480)

    def _build_theme(self) -> QComboBox:
        self.theme_box = QComboBox()
        self.theme_box.addItems(_MODE_WORDS)
        self.theme_box.setCurrentIndex(_MODES.index(theme().mode))
        self.theme_box.activated.connect(self.on_theme_chosen)
        return self.theme_box

    def on_theme_chosen(self, index: int) -> None:
        """At once, and remembered."""
        theme().set_mode(_MODES[index])  # type: ignore[arg-type]
        self._settings.set("window/theme", _MODES[index])

    def _build_device(self) -> QComboBox:
        self.device_box = QComboBox()
        self.device_box.addItems(_DEVICE_WORDS)
        self.device_box.setCurrentIndex(DEVICES.index(self._settings.one_of("run/device", DEVICES, "auto")))
        self.device_box.activated.connect(lambda i: self._settings.set("run/device", DEVICES[i]))
        return self.device_box

    def _build_number(self, key: str, lo: int, hi: int, default: int, special: str, suffix: str) -> QSpinBox:
        box = QSpinBox()
        box.setRange(lo, hi)
        box.setSpecialValueText(special)
        box.setSuffix(suffix)
        box.setValue(int(self._settings.number(key, default, lo, hi)))
        box.valueChanged.connect(lambda value: self._settings.set(key, value))
        return box

    def _build_cluster(self) -> QLineEdit:
        self.cluster = QLineEdit(self._settings.text(CLUSTER))
        self.cluster.setPlaceholderText("none: runs are this computer's (ray://HOST:10001)")
        self.cluster.setAccessibleName("address of a Ray cluster for new runs")
        self.cluster.setToolTip("New runs train there, and their node keeps the records. Needs the extra [cluster].")
        self.cluster.editingFinished.connect(lambda: self._settings.set(CLUSTER, self.cluster.text().strip()))
        return self.cluster

    def _build_folder(self) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        self.folder = QLineEdit(self._settings.text(FOLDER))
        self.folder.setPlaceholderText("search the usual places, or ATELIER_DATA")
        self.folder.setAccessibleName("folder with your data sets")
        self.folder.editingFinished.connect(self.on_folder_edited)
        row.addWidget(self.folder, 1)
        row.addWidget(push_button("Choose…", self.on_choose_folder))
        return holder

    def _build_sound(self) -> QWidget:
        """Asked for at a click: looking for an audio output loads half of QtMultimedia."""
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        self.sound = label("", "muted", wrap=True)
        row.addWidget(push_button("Check", self.on_check_sound))
        row.addWidget(self.sound, 1)
        return holder

    def on_check_sound(self) -> None:
        """Whether there is an audio output."""
        self.sound.setText(sound_fault() or "An audio output is there.")

    def on_choose_folder(self) -> None:
        """A folder from the dialog; it is remembered there."""
        choose_data_folder(self._settings, self, self.on_folder_chosen)

    def on_folder_chosen(self, folder: str) -> None:
        """Say what is in it."""
        self.folder.setText(folder)
        self.data_rows.refresh(folder)

    def on_folder_edited(self) -> None:
        """Written by hand."""
        folder = self.folder.text().strip()
        if folder != self._settings.text(FOLDER):
            self._settings.set(FOLDER, folder)
            self.data_rows.refresh(folder)
