"""An engine killed with SIGKILL at random moments: named at once, nothing unreadable, little lost, nothing left.

The moments are drawn from a seed. Half of them are aimed into the writing of a checkpoint: that run saves every 0.25 s
and is killed the moment the temporary file of a save appears on the disk. The others save every second, so that what a
kill costs is measured against a full interval (the window's is 10 s).
"""

from __future__ import annotations

import math
import os
import queue
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.harness import Row
from engine.papers import load_paper
from engine.runtime import messages as m
from engine.runtime.checkpoint_files import newest_whole
from engine.runtime.session import EnginePool, Session
from engine.runtime.store import Store

PRESET = "digits-deep"
SAVING_EVERY_S = 0.25
ANY_EVERY_S = 1.0
PATIENCE_S = 60.0
SHARED_MEMORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Death:
    """One kill. named_s: until `Failed` came; words: ends that were reported; lost_s: training since the checkpoint.

    torn: whether files of an interrupted save lay there; whole: whether a checkpoint can be read, or none was due yet.
    """

    during_save: bool
    autosave_s: float
    alive_s: float
    named_s: float
    words: int
    kind: str
    step: int
    kept_step: int
    lost_s: float
    torn: bool
    whole: bool
    is_gone: bool
    ring_left: bool


def deaths(count: int, seed: int = 0, latest_s: float = 2.5, pool: EnginePool | None = None) -> list[Death]:
    """Kills `count` engines one after another, within `latest_s` of training; every other one while it saves.

    pool: where the engines come from (closed afterwards); without one they are spawned as the window spawns them.
    """
    draw = random.Random(seed)
    pool = pool or EnginePool(limit=2)
    try:
        with tempfile.TemporaryDirectory(prefix="atelier-kill-") as folder:
            return [_one(pool, Path(folder), draw, latest_s, during_save=bool(number % 2)) for number in range(count)]
    finally:
        pool.close()


def _one(pool: EnginePool, home: Path, draw: random.Random, latest_s: float, *, during_save: bool) -> Death:
    paper = load_paper("dendritic")
    values = paper.make_params(PRESET, {"seed": draw.randrange(1000)}).model_dump(mode="json")
    autosave = SAVING_EVERY_S if during_save else ANY_EVERY_S
    with Store(home) as store:
        record = store.create_run("dendritic", values, preset=PRESET)
    reports: queue.SimpleQueue[tuple[float, m.Report]] = queue.SimpleQueue()
    session = Session(pool, lambda report: reports.put((time.perf_counter(), report)))
    spec = m.RunSpec("dendritic", PRESET, values, record=record.id, home=str(home), autosave_s=autosave, pace=math.inf)
    session.start(spec)
    pool.warm_up()  # the next one, at once
    pid, ring = session.pid, session.ring
    assert pid is not None
    heard = _until_training(reports)
    began = time.perf_counter()
    time.sleep(draw.uniform(0.05, latest_s))
    if during_save:
        _wait_for_save(record.checkpoints)
    killed_at = time.perf_counter()
    os.kill(pid, signal.SIGKILL)
    while not any(isinstance(r, m.Failed | m.Stopped) for _, r in heard):
        heard.append(reports.get(timeout=PATIENCE_S))
    session.wait(PATIENCE_S)
    time.sleep(0.02)
    while not reports.empty():
        heard.append(reports.get())
    ends = [(at, r) for at, r in heard if isinstance(r, m.Failed | m.Stopped)]
    torn = any(p.suffix == ".tmp" or not p.with_suffix(".json").exists() for p in record.checkpoints.iterdir())
    manifest, skipped = newest_whole(record.checkpoints, "dendritic")
    saves = [r.step for _, r in heard if isinstance(r, m.Saved)]
    last = ends[0][1]
    kept_step = manifest.header.step if manifest is not None else 0
    return Death(
        during_save=during_save,
        autosave_s=autosave,
        alive_s=killed_at - began,
        named_s=ends[0][0] - killed_at,
        words=len(ends),
        kind=last.kind if isinstance(last, m.Failed) else "stopped",
        step=last.step,
        kept_step=kept_step,
        lost_s=killed_at - _when(heard, kept_step, began),
        torn=torn,
        whole=not skipped and kept_step >= max(saves, default=0),
        is_gone=not psutil.pid_exists(pid),
        ring_left=(SHARED_MEMORY / ring).exists(),
    )


def _until_training(reports: queue.SimpleQueue[tuple[float, m.Report]]) -> list[tuple[float, m.Report]]:
    heard = [reports.get(timeout=PATIENCE_S)]
    while not (isinstance(heard[-1][1], m.Progress) and heard[-1][1].step > 0):
        if isinstance(heard[-1][1], m.Failed):
            raise RuntimeError(heard[-1][1].advice)
        heard.append(reports.get(timeout=PATIENCE_S))
    return heard


def _wait_for_save(folder: Path) -> None:
    """Returns while a save is being written, as seen by its temporary file (at most 2 s later)."""
    end = time.perf_counter() + 2.0
    while time.perf_counter() < end:
        if any(path.suffix == ".tmp" for path in folder.iterdir()):
            return


def _when(heard: list[tuple[float, m.Report]], step: int, began: float) -> float:
    """When training had come to this update, as far as was reported."""
    return max([began, *(at for at, r in heard if isinstance(r, m.Progress) and r.step <= step)])


def table(found: Iterable[Death]) -> str:
    """One line a kill."""
    lines = ["   # moment    alive s  named ms  words  kind    update  kept  lost s  torn  whole  left"]
    for number, d in enumerate(found, 1):
        moment = "saving" if d.during_save else "any"
        left = " and ".join(["process"] * (not d.is_gone) + ["ring"] * d.ring_left) or "nothing"
        lines.append(
            f"{number:4} {moment:8} {d.alive_s:8.2f} {1e3 * d.named_s:9.1f} {d.words:6} {d.kind:7} {d.step:7}"
            f" {d.kept_step:5} {d.lost_s:7.2f} {d.torn!s:5} {d.whole!s:5}  {left}"
        )
    return "\n".join(lines)


def measure(quick: bool) -> Iterable[Row]:
    """Rows of the table; every kill is printed to standard error."""
    found = deaths(10 if quick else 50)
    print(table(found), file=sys.stderr)
    saving = [d for d in found if d.during_save]
    latest = max(d.named_s for d in found)
    lost = max(d.lost_s - d.autosave_s for d in found)
    detail = f"{len(found)} kills, {len(saving)} aimed into a save, {sum(d.torn for d in found)} left a torn save"
    yield Row("killed, named within", latest * 1e3, "ms", "at most 1000 ms", latest <= 1.0, detail)
    median = statistics.median(d.named_s for d in found)
    yield Row("killed, named within (median)", median * 1e3, "ms")
    wrong = sum(d.words != 1 or d.kind != "killed" for d in found)
    yield Row("deaths not named once and rightly", wrong, "", "0", wrong == 0)
    broken = sum(not d.whole for d in found)
    yield Row("runs without their newest whole checkpoint", broken, "", "0", broken == 0)
    lost_in_saves = max(d.lost_s for d in saving)
    yield Row("training lost beyond the autosave interval", max(0.0, lost), "s", "0 s", lost <= 1.0, "1 s and 0.25 s")
    yield Row("training lost, autosave every 0.25 s", lost_in_saves, "s")
    left = sum((not d.is_gone) + d.ring_left for d in found)
    yield Row("processes and shared memory left", left, "", "0", left == 0)
