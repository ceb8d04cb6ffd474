"""What a tab gets from the window: the run of its paper, pictures on demand, gestures, curves, panels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.papers.contract import Paper, ParameterError, Params, Preset
from engine.runtime.version import app_version
from gui.shell.paper_run import PaperRun
from gui.shell.settings import Settings
from gui.shell.tickets import OnPartial, Ticket, Tickets
from gui.shell.watchers import Views, Watcher

if TYPE_CHECKING:
    from gui.widgets.curves import Curves
    from gui.widgets.panel import Panel


class Bench(QObject):
    """The work bench of one tab. Everything a person does in the tab goes through here to the run of its paper.

    run_state: idle, starting, training, paused, failed, stopped. `frame_drawn(view)` follows each picture.
    """

    params_changed = Signal(object)
    preset_changed = Signal(object)
    run_state_changed = Signal(str)
    run_started = Signal()
    run_rewound = Signal(int)
    frame_drawn = Signal(str)
    noted = Signal(str, str)
    value_told = Signal(str, str)

    def __init__(self, run: PaperRun, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.run = run
        self.views = Views(run, self)
        self.symbols: dict[str, QWidget] = {}
        self.told: dict[str, str] = {}
        self.panels: list[Panel] = []
        self._settings = settings
        self._expected_exports = 0
        self._tickets = Tickets(run, self)
        run.params_changed.connect(self.params_changed)
        run.preset_changed.connect(self.preset_changed)
        run.run_state_changed.connect(self.run_state_changed)
        run.run_started.connect(self.run_started)
        run.run_rewound.connect(self.run_rewound)
        run.frame_arrived.connect(self._on_frame)

    def _on_frame(self, frame: Any) -> None:
        self.frame_drawn.emit(frame.view)

    # --- what is on screen --------------------------------------------------------------------------------------

    @property
    def paper(self) -> Paper:
        """The paper."""
        return self.run.paper

    @property
    def params(self) -> Params:
        """The parameters in force (live changes applied; those waiting for a new run not)."""
        return self.run.params

    @property
    def preset(self) -> Preset:
        """The preset they came from."""
        return self.run.preset

    @property
    def run_state(self) -> str:
        """idle, starting, training, paused, failed, stopped."""
        return self.run.run_state

    @property
    def step(self) -> int:
        """Updates done."""
        return self.run.step

    # --- pictures and curves ------------------------------------------------------------------------------------

    def watch(self, view: str, owner: QWidget, draw: Callable[[Any], None], query: object = None) -> Watcher:
        """Frames of a view while `owner` can be seen. Raises KeyError naming the views there are."""
        return self.views.add(view, owner, draw, query)

    def curves(self, widget: Curves, *names: str) -> None:
        """Feed a plot with these curves (none named: all), from the start of the run and as they arrive."""
        from gui.shell.curve_feed import CurveFeed

        CurveFeed(self.run, widget, names)

    def panel(self, title: str, body: QWidget, legend: Sequence[tuple[str, str]] = ()) -> Panel:
        """A card for one picture; its exports carry preset, seed and version. legend: (text, colour meaning)."""
        from gui.widgets.legend import LegendEntry
        from gui.widgets.panel import Panel

        panel = Panel(title, body, legend=[LegendEntry(text, meaning) for text, meaning in legend])
        panel.provenance = self.provenance
        panel.exported.connect(self.on_exported)
        panel.export_failed.connect(self.on_export_failed)
        self.panels.append(panel)
        panel.destroyed.connect(lambda: self.panels.remove(panel) if panel in self.panels else None)
        return panel

    def expect_exports(self, count: int) -> None:
        """So many files are on their way together: they need no line each."""
        self._expected_exports += count

    def on_exported(self, path: object) -> None:
        """A panel has written a file."""
        if self._expected_exports > 0:
            self._expected_exports -= 1
        else:
            self.note(f"Written: {path}")

    def on_export_failed(self, reason: str) -> None:
        """A file could not be written."""
        self._expected_exports = max(0, self._expected_exports - 1)
        self.note(reason, "error")

    def provenance(self) -> dict[str, Any]:
        """What restores this run: paper, preset, parameters, seed, version, step, record."""
        return {
            "paper": self.paper.name,
            "preset": self.preset.id,
            "params": self.params.model_dump(mode="json"),
            "seed": self.params.seed,
            "step": self.step,
            "run": self.run.record,
            "version": app_version(),
        }

    # --- gestures -----------------------------------------------------------------------------------------------

    def ask(
        self,
        action: str,
        arguments: Any,
        on_result: Callable[[Any], None],
        on_partial: OnPartial | None = None,
        on_error: Callable[[str], None] | None = None,
    ) -> Ticket:
        """Ask the engine something; a held run is started when there is none. on_partial(result, fraction 0..1)."""
        return self._tickets.ask(action, arguments, on_result, on_partial, on_error or self._on_ask_failed)

    def _on_ask_failed(self, reason: str) -> None:
        self.note(reason, "warning")

    def change(self, **values: Any) -> None:
        """Change parameters, undoably, as the parameter panel does; a refusal is said in the window."""
        try:
            self.run.edit(values)
        except ParameterError as error:
            self.note(str(error), "error")

    def load_preset(self, preset_id: str) -> None:
        """Another starting point, as the preset box does. Raises `ParameterError` naming the presets there are."""
        self.run.choose_preset(preset_id)

    def start(self) -> None:
        """A new run with the parameters on screen."""
        self.run.start()

    def pause(self) -> None:
        """Hold."""
        self.run.pause()

    def resume(self) -> None:
        """Go on, or start when there is no run."""
        if self.run.run_state != "training":
            self.run.train_or_pause()

    def step_once(self) -> None:
        """One update."""
        self.run.step_once()

    def step_phase(self) -> None:
        """One phase of an update."""
        self.run.step_phase()

    def rewind(self, step: int = 0) -> None:
        """Back to the newest kept snapshot at or before `step`."""
        self.run.rewind(step)

    def pace(self, rate: float | None) -> None:
        """Updates a second (None: the preset's own pace)."""
        self.run.set_pace(rate)

    # --- words and memory ---------------------------------------------------------------------------------------

    def note(self, text: str, level: str = "info") -> None:
        """One line in the window. level: info, warning, error."""
        self.noted.emit(text, level)

    def explain(self, symbol: str, value_text: str) -> None:
        """The present value beside a symbol in the Explain drawer."""
        self.told[symbol] = value_text
        self.value_told.emit(symbol, value_text)

    def register_symbol(self, symbol: str, widget: QWidget) -> None:
        """The widget that flashes when this symbol is clicked in the Explain drawer."""
        self.symbols[symbol] = widget

    def remember(self, key: str, value: str | bool | int | float | bytes) -> None:
        """Keep a small value of this tab across restarts."""
        self._settings.set(f"tab-{self.paper.name}/{key}", value)

    def recall(self, key: str, default: Any) -> Any:
        """What was kept, as the type of `default` (str, bool, int, float, bytes); `default` when it is damaged."""
        full = f"tab-{self.paper.name}/{key}"
        if isinstance(default, bool):
            return self._settings.flag(full, default)
        if isinstance(default, bytes):
            return self._settings.blob(full) or default
        if isinstance(default, int | float):
            return type(default)(self._settings.number(full, default, float("-inf"), float("inf")))
        return self._settings.text(full, default)
