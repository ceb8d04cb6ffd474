"""One cell in continuous time: six traces, and the switches of the simulation that belongs to this picture alone."""

from __future__ import annotations

from engine.papers.dendritic_views import SCOPE_TRACES, ScopeView
from gui.tabs.dendritic.looking import Looking
from gui.widgets.flow import FlowRow
from gui.widgets.scope import Scope, Trace
from gui.widgets.segments import icon_button, switch
from gui.widgets.slider_row import SliderRow
from gui.widgets.stacked import Stacked

MEANINGS = ("basal", "series2", "inhibition", "apical", "soma", "interneuron")
"""Colours of SCOPE_TRACES, in its order."""


class ScopeCard:
    """`body` goes into a panel; the switches write to `Looking`."""

    def __init__(self, looking: Looking) -> None:
        self._looking = looking
        self.scope = Scope("potential", capacity=256)
        self.scope.set_traces([Trace(n, m) for n, m in zip(SCOPE_TRACES, MEANINGS, strict=True)])
        self.play = switch("Run", "Let the simulation run on; up: it holds still")
        self.input = switch("Input", "The input is there; up: it fades with τ = 3 ms")
        self.speed = SliderRow(
            "", "Simulated milliseconds between two frames: from one Euler step to 50 ms",
            low=0.1, high=50.0, value=looking.ms_per_frame, log=True, unit="ms/frame", width=0,
        )  # fmt: skip
        self.play.setChecked(looking.playing)
        self.input.setChecked(looking.input_on)
        self.play.toggled.connect(lambda on: looking.set_switches(playing=on))
        self.input.toggled.connect(lambda on: looking.set_switches(input_on=on))
        self.speed.value_changed.connect(lambda ms: looking.set_switches(ms_per_frame=ms))
        again = icon_button("rewind", "Start again from rest", looking.restart_scope)
        bar = FlowRow((self.play, self.input, again, self.speed))
        self.body = Stacked(self.scope, above=bar)

    def show_view(self, view: ScopeView) -> None:
        """Draw the newest samples."""
        self.scope.set_samples(view.time_ms, view.traces.T)
