"""What the two processes are compared on: pictures, strength and kind of the nudge, asymmetry, neurons, time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from engine.papers.equilibrium import EquilibriumParams
from engine.papers.equilibrium_views import MomentsQuery, Nudging, Rho, SlopeQuery
from gui.shell.rows import push_button
from gui.tabs.equilibrium.names import side_of
from gui.widgets.elided_choice import ElidedChoice
from gui.widgets.probe_buttons import ProbeButtons
from gui.widgets.probing import Probing
from gui.widgets.segments import Segments
from gui.widgets.slider_row import SliderRow

if TYPE_CHECKING:
    from gui.shell.bench import Bench

NUDGINGS: tuple[Nudging, ...] = ("one_sided", "centred", "exact")
_NUDGING_WORDS = ("one-sided", "centred", "exact")
RHOS: tuple[Rho, ...] = ("smooth", "network", "clipped", "tanh")
_RHO_WORDS = ("smooth neurons", "neurons of the run", "clipped neurons", "tanh neurons")


class Comparing(QObject):
    """`query` is that of the view `moments`; changed when it is another one."""

    changed = Signal()

    def __init__(self, probing: Probing, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._probing = probing
        self.query = MomentsQuery(probe=probing.probe, epsilon=0.1, rho=RHOS[0])
        probing.probe_changed.connect(lambda: self.set_query(probe=probing.probe))

    def set_query(self, **values: object) -> None:
        """Change parts of the query and tell once."""
        query = replace(self.query, **values)  # type: ignore[arg-type]
        if "probe" in values or query != self.query:
            self.query = query
            self.changed.emit()

    def slope_query(self) -> SlopeQuery:
        """The same pictures and neurons, for the view `slope`."""
        return SlopeQuery(
            probe=self.query.probe, images=min(4, self.query.images), rho=self.query.rho, epsilon=self.query.epsilon
        )


class ComparingControls(QWidget):
    """Sliders and switches that write to `Comparing`; training is not touched by any of them."""

    def __init__(self, bench: Bench, comparing: Comparing, probing: Probing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench, self._comparing = bench, comparing
        query = comparing.query
        self.probe = ProbeButtons(probing, lambda: side_of(bench.params), asks="nudge towards")
        self.images = QSpinBox()
        self.images.setRange(1, 64)
        self.images.setValue(query.images)
        self.images.setSuffix(" pictures")
        self.images.setToolTip("How many test pictures, from the chosen one on; a drawn picture stands alone")
        self.images.valueChanged.connect(lambda n: comparing.set_query(images=n))
        self.rho = ElidedChoice()
        self.rho.addItems(_RHO_WORDS)
        self.rho.setToolTip(
            "The present weights with the neurons of the theorem, or those of the run: clipped ones obey it while none "
            "enters or leaves saturation, and a trained network of them has nothing left to correct"
        )
        self.rho.currentIndexChanged.connect(lambda i: comparing.set_query(rho=RHOS[i]))
        self.nudging = Segments(_NUDGING_WORDS, "kind of nudge")
        self.nudging.choose(NUDGINGS.index(query.nudging))
        self.nudging.chosen.connect(self.on_nudging)
        self.nudging.setToolTip("One-sided: +β against rest. Centred: +β against −β. Exact: the derivative at β = 0")
        self.trained = push_button(
            "As in training", self.on_as_trained, "β, signs and asymmetry of the knobs at the right"
        )
        self.beta = SliderRow(
            "β", "Strength of the nudge in this comparison", low=1e-6, high=1.0, value=query.beta, log=True, width=84
        )
        self.asymmetry = SliderRow(
            "asymmetry", "Noise on the top-down weights, in units of their spread: 0 is one matrix both ways", width=84
        )
        self.epsilon = SliderRow(
            "time step ε", "Length of a step of the comparison", low=0.01, high=0.5, value=query.epsilon, width=84
        )
        self.steps = SliderRow(
            "moments", "How many steps are compared", low=10, high=400, value=query.steps, log=True, width=84
        )
        self.beta.value_changed.connect(lambda v: comparing.set_query(beta=v))
        self.asymmetry.value_changed.connect(lambda v: comparing.set_query(asymmetry=v))
        self.epsilon.value_changed.connect(lambda v: comparing.set_query(epsilon=v))
        self.steps.value_changed.connect(lambda v: comparing.set_query(steps=round(v)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.probe)
        which = QHBoxLayout()
        which.addWidget(self.images)
        which.addWidget(self.rho, 1)
        layout.addLayout(which)
        layout.addWidget(self.nudging)
        for slider in (self.beta, self.asymmetry, self.epsilon, self.steps):
            layout.addWidget(slider)
        layout.addWidget(self.trained)
        self._show_nudging()

    def on_nudging(self, index: int) -> None:
        """One-sided, centred, or the exact derivative."""
        self._comparing.set_query(nudging=NUDGINGS[index])
        self._show_nudging()

    def _show_nudging(self) -> None:
        self.beta.setEnabled(self._comparing.query.nudging != "exact")

    def on_as_trained(self) -> None:
        """Compare with the nudge that the network is taught with."""
        params = self._bench.params
        if not isinstance(params, EquilibriumParams):
            return
        nudging: Nudging = "centred" if params.nudging == "centred" else "one_sided"
        self.nudging.choose(NUDGINGS.index(nudging))
        self.beta.set_value(params.beta)
        self.asymmetry.set_value(params.asymmetry)
        self._comparing.set_query(beta=params.beta, asymmetry=params.asymmetry, nudging=nudging)
        self._show_nudging()
