"""What comes out, beside ALI and a GAN on the same batches; and why the chain is stable: it forgets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.papers.gibbsnet_views import SamplesQuery, SamplesView
from gui.shell.rows import label
from gui.tabs.gibbsnet.either import Either
from gui.tabs.gibbsnet.mixing_card import MixingCard
from gui.tabs.gibbsnet.names import Facts, model_words, pictures, waiting
from gui.tabs.gibbsnet.probe_card import ProbeCard
from gui.widgets.flow import FlowRow
from gui.widgets.image_grid import ImageGrid
from gui.widgets.painted import number
from gui.widgets.panel import Panel
from gui.widgets.panel_grid import PanelGrid, column, row
from gui.widgets.probing import when_there_is_one
from gui.widgets.scatter import Scatter
from gui.widgets.segments import switch
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

COLUMNS = 16


class RivalsScene(QWidget):
    """Samples and reconstructions above, forgetting and the matrix of transitions below."""

    least_height = 580

    def __init__(self, bench: Bench, facts: Facts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench, self._facts = bench, facts
        samples, self.mixing = self._samples(), MixingCard(bench, facts)
        self.probe = ProbeCard(bench)
        probe = bench.panel("Is z useful?", self.probe.body)
        self.symbols = {
            "samples": samples,
            "mixing": self.mixing.stay_panel,
            "probe": probe,
            "transition": self.mixing.transition_panel,
        }
        self.grid = PanelGrid()
        self.grid.arrange(column(samples, row(*self.mixing.panels(), probe, stretch=(4, 3, 3)), stretch=(5, 4)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)
        bench.run_started.connect(self.on_run_started)
        facts.changed.connect(self.on_facts_changed)
        self.on_run_started()
        self.on_facts_changed()

    def _samples(self) -> Panel:
        self.grid_of_samples = ImageGrid(
            COLUMNS, table="grey", low=0.0, high=255.0, name="data, reconstructions, samples"
        )
        self.plane = Scatter("x₁", "x₂", diagonal=False, name="data and samples in the plane")
        self.plane.set_extent(-0.02, 1.02)
        for name, meaning in (("data", "data"), ("GibbsNet", "model"), ("ALI", "baseline"), ("GAN", "series2")):
            self.plane.add_cloud(name, meaning)
        self.either = Either(self.grid_of_samples, self.plane)
        self.average = switch("averaged weights", "Down: as everywhere; up: the weights that are being trained")
        self.average.setChecked(True)
        self.average.toggled.connect(self.on_average)
        self.errors = label("", "muted")
        above = FlowRow((self.average, self.errors))
        self.samples_panel = self._bench.panel("Data → q → p, and samples", Stacked(self.either, above=above))
        self._samples_watch = self._bench.watch(
            "samples", self.samples_panel, when_there_is_one(self.draw_samples), SamplesQuery(count=COLUMNS)
        )
        return self.samples_panel

    def on_average(self, on: bool) -> None:
        """Averaged weights, or those being trained."""
        self._samples_watch.set_query(SamplesQuery(count=COLUMNS, raw=not on))

    def draw_samples(self, view: SamplesView) -> None:
        """One row of data, then a row of reconstructions and one of samples per model."""
        self.samples_panel.set_empty("")
        known = [m for m in range(len(view.models)) if math.isfinite(float(view.error[m]))]
        told = [f"{model_words(view.models[m])} {number(float(view.error[m]), 2)}" for m in known]
        self.errors.setText(f"reconstruction error (rms): {', '.join(told)}" if told else "")
        if not self._facts.has_pictures:
            self.plane.set_points("data", view.data_points[:, 0], view.data_points[:, 1])
            for m, model in enumerate(view.models):
                self.plane.set_points(model_words(model), view.points[m, :, 0], view.points[m, :, 1])
            return
        rows, words = [view.data[:COLUMNS]], ["data"]
        for m in known:
            rows.append(view.reconstructions[m][:COLUMNS])
            words.append(f"{model_words(view.models[m])}: again")
        for m, model in enumerate(view.models):
            rows.append(view.samples[m][:COLUMNS])
            words.append(f"{model_words(model)}: sample")
        self.grid_of_samples.set_columns(len(rows[0]))
        self.grid_of_samples.set_images(pictures(np.concatenate(rows)))
        self.grid_of_samples.set_row_labels(words)

    # --- the run ------------------------------------------------------------------------------------------------

    def on_facts_changed(self) -> None:
        """Pictures, or points of the plane."""
        self.either.show_choice(self.grid_of_samples if self._facts.has_pictures else self.plane)

    def on_run_started(self) -> None:
        """Say what is on its way."""
        self.samples_panel.set_empty(waiting(self._bench.run_state))
