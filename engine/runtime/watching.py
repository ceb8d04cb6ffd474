"""Which pictures are asked for, and when each may be made.

A frame is made only when somebody watches, the last one was seen, something changed, and its time has come. While
training runs at full speed, or slower than it was asked to, all views together may take `SHARE` of the time: what a
cheap view does not need of its part goes to the others. A gesture (a new query) goes first and is not held back.
"""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.papers.contract import ViewSpec
from engine.runtime.messages import Frame, Notice, Report, Watch
from engine.runtime.ring import FULL, RingWriter

SHARE = 0.018  # with what looking and being told costs, training loses less than 3 %
MAX_RATE = 30.0
ALONG_S = 150e-6  # what a frame costs besides being made: the word that it was seen, and a cold cache


@dataclass(slots=True)
class _Watched:
    """One view. made: when its last frame was made; cost: seconds it takes; share: of the time, while busy."""

    spec: ViewSpec
    make: Callable[[Any], Any]
    query: Any
    interval: float
    made: float = -math.inf
    cost: float = 0.0
    share: float = SHARE
    is_in_flight: bool = False
    is_urgent: bool = True
    drawn: Hashable = None

    def due(self, is_busy: bool) -> float:
        """When the next frame may be made."""
        if self.is_urgent:
            return self.made + 1.0 / MAX_RATE
        return self.made + (max(self.interval, self.cost / self.share) if is_busy else self.interval)

    def is_wanted(self, moment: Hashable) -> bool:
        """Whether the last frame was seen and the next would show something new."""
        return not self.is_in_flight and (self.is_urgent or self.spec.animated or self.drawn != moment)


class Watching:
    """The watched views of one run. Times are seconds of `time.perf_counter`."""

    def __init__(
        self,
        run: int,
        specs: Mapping[str, ViewSpec],
        views: Mapping[str, Callable[[Any], Any]],
        send: Callable[[Report], None],
        ring: RingWriter | None,
    ) -> None:
        self._run = run
        self._specs = specs
        self._views = views
        self._send = send
        self._ring = ring
        self._watched: dict[str, _Watched] = {}

    def watch(self, verb: Watch, step: int, revision: int) -> None:
        """Begins to watch, or replaces query and rate. An unknown view is reported, not raised."""
        spec, make = self._specs.get(verb.view), self._views.get(verb.view)
        if spec is None:
            known = ", ".join(sorted(self._specs))
            self._complain(step, verb.view, f"There is no view {verb.view!r}. Views: {known}")
            return
        if make is None:  # this experiment of the paper has no such picture
            self._send(Frame(self._run, revision, step, verb.view, None))
            return
        interval = 1.0 / max(0.1, min(verb.rate, spec.rate, MAX_RATE))
        present = self._watched.get(verb.view)
        if present is None:
            self._watched[verb.view] = _Watched(spec, make, verb.query, interval)
            return
        present.query, present.interval, present.is_urgent = verb.query, interval, True

    def unwatch(self, view: str) -> None:
        """Nobody looks at this view any more."""
        self._watched.pop(view, None)

    def free_slot(self, slot: int) -> None:
        """The window has copied a frame out of the ring."""
        if self._ring is not None:
            self._ring.free(slot)

    def seen(self, view: str) -> None:
        """The window has drawn: the next frame of this view may come."""
        if view in self._watched:
            self._watched[view].is_in_flight = False

    def next_due(self, moment: Hashable) -> float | None:
        """When the next frame may be made, None when nothing is wanted. `moment` identifies the engine's state."""
        return min((w.due(is_busy=False) for w in self._watched.values() if w.is_wanted(moment)), default=None)

    def send_one(self, now: float, moment: Hashable, step: int, revision: int, *, is_busy: bool) -> bool:
        """Makes and sends the most overdue frame, if any. is_busy: training waits for this."""
        due = [(not w.is_urgent, w.due(is_busy), n) for n, w in self._watched.items() if w.is_wanted(moment)]
        name = next((name for _, at, name in sorted(due) if at <= now), None)
        if name is None:
            return False
        watched = self._watched[name]
        try:
            payload = watched.make(watched.query)
            packed = self._ring.pack(payload) if self._ring is not None else payload
        except Exception as error:  # noqa: BLE001 - a faulty picture must not end the training; it is reported
            self._watched.pop(name)
            self._complain(step, name, f"The picture {name!r} could not be made: {error}", traceback.format_exc())
            return True
        watched.made = now
        if packed is FULL:
            return True
        self._send(Frame(self._run, revision, step, name, packed, getattr(packed, "slot", -1)))
        spent = time.perf_counter() - now + ALONG_S
        watched.cost = spent if watched.cost == 0.0 else 0.8 * watched.cost + 0.2 * spent
        watched.drawn, watched.is_in_flight, watched.is_urgent = moment, True, False
        self._divide()
        return True

    def _divide(self) -> None:
        """Gives every view what it needs, but the dear ones no more than an equal part of what is left."""
        left = SHARE
        wishes = sorted(self._watched.values(), key=lambda w: w.cost / w.interval)
        for place, watched in enumerate(wishes):
            watched.share = min(max(watched.cost / watched.interval, 1e-9), left / (len(wishes) - place))
            left -= watched.share

    def _complain(self, step: int, view: str, text: str, trace: str = "") -> None:
        self._send(Notice(self._run, step, "error", f"view-{view}", f"{text}\n{trace}".strip()))
