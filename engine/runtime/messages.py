"""The words that pass between a window (or command line) and the process that runs an experiment.

Verbs go to the engine, reports come back. All are frozen dataclasses; every report carries the run number, the
parameter revision and the step, so that a late frame of a stopped run is dropped and a picture that no longer
belongs to the settings on screen is marked. No torch, no Qt.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

_numbers = itertools.count(1)


ELSEWHERE = "elsewhere"
"""`RunSpec.record` of a run on a cluster: its node makes the record in its own library."""


def next_run_number() -> int:
    """A number no other run of this process has."""
    return next(_numbers)


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What to run: enough to repeat it anywhere.

    paper, preset: names. params: plain values of the paper's `Params` (validated again in the engine).
    device: auto, cpu, cuda, cuda:1, mps. threads: torch threads (0: the preset's). record: id of the run in the
    store ("" : nothing is recorded). resume: continue from the newest whole checkpoint of `record`.
    autosave_s: seconds between checkpoints. home: user data directory ("" : the default one).
    pace: updates per second (inf: as fast as it goes), None follows the preset's governor. data_folder: the user's
    own copies of public data ("" : search the usual places). until: hold still for good after exactly this many
    updates and count progress towards them (0: never, and towards the preset's).
    """

    paper: str
    preset: str
    params: Mapping[str, Any]
    device: str = "auto"
    threads: int = 0
    record: str = ""
    resume: bool = False
    autosave_s: float = 10.0
    home: str = ""
    pace: float | None = None
    paused: bool = False
    until: int = 0
    data_folder: str = ""


# --- verbs: window -> engine ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Start:
    """Build the experiment and train (or wait, when spec.paused)."""

    run: int
    spec: RunSpec
    ring: str = ""
    ring_slot_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """Hold still after the present update."""

    run: int


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on training."""

    run: int


@dataclass(frozen=True, slots=True)
class StepOnce:
    """One whole update while paused."""

    run: int


@dataclass(frozen=True, slots=True)
class StepPhase:
    """One phase of the paper's update while paused (free/nudged, forward/teacher/backward/plasticity...)."""

    run: int


@dataclass(frozen=True, slots=True)
class Rewind:
    """Back to an earlier state of this run: step 0 with the same seed, or the kept snapshot nearest below `step`."""

    run: int
    step: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """Live knobs. `revision` counts changes, so that frames can be matched to settings."""

    run: int
    revision: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SetPace:
    """Updates per second (None: the preset's governor; inf: as fast as it goes)."""

    run: int
    rate: float | None


@dataclass(frozen=True, slots=True)
class Watch:
    """Send frames of this view from now on, with this query; watching again replaces the query."""

    run: int
    view: str
    query: Any = None
    rate: float = 30.0


@dataclass(frozen=True, slots=True)
class Unwatch:
    """Nobody looks at this view any more."""

    run: int
    view: str


@dataclass(frozen=True, slots=True)
class Seen:
    """The window has drawn the frame of this view: the next may come."""

    run: int
    view: str


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """A frame has been copied out of this slot of the ring."""

    run: int
    slot: int


@dataclass(frozen=True, slots=True)
class Ask:
    """An action. The answers carry the same `ticket`."""

    run: int
    ticket: int
    action: str
    arguments: Any


@dataclass(frozen=True, slots=True)
class Cancel:
    """Give up a long action."""

    run: int
    ticket: int


@dataclass(frozen=True, slots=True)
class Save:
    """Write a checkpoint now."""

    run: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Write a last checkpoint (when recorded and `save`) and leave."""

    run: int
    save: bool = True


@dataclass(frozen=True, slots=True)
class Kill:
    """End a run on a cluster without asking. (A process of this machine is killed, not told.)"""

    run: int


Verb = (
    Start
    | Kill
    | Pause
    | Resume
    | StepOnce
    | StepPhase
    | Rewind
    | Change
    | SetPace
    | Watch
    | Unwatch
    | Seen
    | FreeSlot
    | Ask
    | Cancel
    | Save
    | Stop
)

# --- reports: engine -> window ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Warm:
    """The spare process has imported torch and waits for a run."""

    pid: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Ready:
    """The experiment stands. device: in words. step > 0 when resumed. notes: sentences about data and device."""

    run: int
    step: int
    device: str
    threads: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scalars:
    """A batch of curve points, none lost. steps int64 [T]; values: name -> float64 [T] (NaN: not measured then).

    wall: seconds of training time at the last point (pauses do not count).
    """

    run: int
    revision: int
    steps: np.ndarray
    values: Mapping[str, np.ndarray]
    wall: float


@dataclass(frozen=True, slots=True)
class Frame:
    """The newest picture of one view: payload is the view's dataclass, None where this preset has no such picture.

    slot: ring slot it came through (-1: the pipe).
    """

    run: int
    revision: int
    step: int
    view: str
    payload: Any
    slot: int = -1


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the run is. state: training, paused, busy. text: phase in words. rate: updates per second.

    kept: steps of the snapshots one can rewind to. memory: bytes of the process.
    """

    run: int
    revision: int
    step: int
    total: int
    state: Literal["training", "paused", "busy"]
    text: str
    rate: float
    phase: int
    kept: tuple[int, ...] = ()
    memory: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """Result of an action. done False: a partial result; fraction in 0..1 or -1 unknown. error: a sentence."""

    run: int
    revision: int
    step: int
    ticket: int
    action: str
    result: Any
    done: bool = True
    fraction: float = 1.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Remedy:
    """A button offered with a notice: a verb in words and the live knobs (or action) that carry it out."""

    label: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    action: str = ""
    rewind_to: int = -1


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know. code: stable name; text: one sentence; remedies: what can be done."""

    run: int
    step: int
    level: Literal["info", "warning", "error"]
    code: str
    text: str
    remedies: tuple[Remedy, ...] = ()
    cleared: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """The parameters the run has now, after a change, a refusal, a repair or a rewind: the truth for the panel."""

    run: int
    revision: int
    step: int
    values: Mapping[str, Any]
    reason: Literal["changed", "refused", "rewound", "repaired", "resumed"]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Rewound:
    """The run is back at `step`; later points of the curves are gone."""

    run: int
    revision: int
    step: int


@dataclass(frozen=True, slots=True)
class Log:
    """What the engine process printed, or a traceback of something that did not end the run."""

    run: int
    level: Literal["info", "warning", "error"]
    text: str


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint is on disk."""

    run: int
    step: int
    path: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The run ended by a fault. advice: one sentence the user can act on; traceback for the log."""

    run: int
    step: int
    kind: Literal["oom", "diverged", "bad_data", "bad_params", "disk", "crash", "killed", "start"]
    advice: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The run ended as asked."""

    run: int
    step: int


Report = (
    Warm | Ready | Scalars | Frame | Progress | Answer | Notice | Settings | Rewound | Log | Saved | Failed | Stopped
)
