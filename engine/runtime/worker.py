"""The engine process: import torch, wait for a run, run it, leave.

Started by `engine.runtime.process` with the spawn method; one process per run. It leaves by itself when its pipe
ends, so there are no orphans.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from multiprocessing.connection import Connection
from typing import IO, Any, Literal, cast

from engine.runtime import messages as m
from engine.runtime.port import Port

STORE_PATIENCE_S = 1.0  # a locked library may not hold up training for longer than this at a time
EXIT_ALONE = 3  # the window is gone and a step hangs


def main(connection: Connection, crash: Connection) -> None:
    """Entry of the process. Never raises: what goes wrong is reported as `Failed`; `crash` takes the last stacks.

    It ends without taking the interpreter and torch apart, which would take another second: all that was kept is on
    the disk, and all that was said is in the pipe.
    """
    code = 1
    try:
        _serve(connection, crash)
        code = 0
    except BaseException:  # noqa: BLE001 - the outermost frame of the process: the exit code and stderr tell
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(code)


def _serve(connection: Connection, crash: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C goes to the parent, which stops us in order
    if sys.platform == "win32":
        faulthandler.enable()
    else:
        faulthandler.enable(file=crash.fileno())
    begun = time.perf_counter()
    port = Port(connection)
    import torch

    torch.set_num_threads(1)  # until the run says otherwise; the spare must not wake a pool of threads
    port.send(m.Warm(os.getpid(), time.perf_counter() - begun))
    ahead = _imports_ahead()
    while not port.is_gone:
        verb = port.take()
        if verb is None:
            if next(ahead, None) is None:
                port.wait(None)
        elif isinstance(verb, m.Start):
            _run(verb, port)
            return
        elif isinstance(verb, m.Stop):
            port.send(m.Stopped(verb.run, 0))
            return


def _imports_ahead() -> Iterator[str]:
    """Imports, one at each `next`, what a run will need: nothing is left to load when somebody presses Train."""
    from engine.papers import NAMES, load_paper

    for module in ("engine.runtime.loop", "engine.runtime.store", "engine.runtime.checkpoint", "engine.runtime.device"):
        import_module(module)
        yield module
    for name in NAMES:
        if load_paper(name).built:
            module = f"engine.experiments.{name}"
            with contextlib.suppress(ImportError):  # said in a sentence when this paper is started
                import_module(module)
            yield module


def _run(start: m.Start, port: Port) -> None:
    from engine.runtime.loop import Loop, describe_fault
    from engine.runtime.store import Store

    for name, level in (("stdout", "info"), ("stderr", "warning")):
        setattr(sys, name, _Printed(start.run, cast(Any, level), getattr(sys, name), port.send))
    store: Store | None = None
    loop: Loop | None = None
    try:
        store = Store(start.spec.home, STORE_PATIENCE_S) if start.spec.record else None
        loop = Loop(_prepare(start, port, store), port)
        loop.run()
    except BaseException as error:  # noqa: BLE001 - the outermost loop of the process; everything is reported
        kind, advice = describe_fault(error)
        step = loop.step if loop is not None else 0
        if store is not None:
            _try_to_record(partial(store.set_state, start.spec.record, "failed", advice))
        port.send(m.Failed(start.run, step, kind if loop is not None else _kind_at_start(kind), advice, _trace(error)))
    finally:
        if store is not None:
            store.close()


def _prepare(start: m.Start, port: Port, store: Any) -> Any:
    """Device, threads, experiment, records: everything before the first step. Reports `Ready`."""
    from engine.experiments.contract import Context
    from engine.papers import load_paper
    from engine.papers.contract import ParameterError, validate
    from engine.runtime.checkpoint import read_checkpoint
    from engine.runtime.checkpoint_files import CheckpointError, newest_first
    from engine.runtime.device import choose, set_threads
    from engine.runtime.loop import Setup
    from engine.runtime.ring import RingWriter

    spec = start.spec
    paper = load_paper(spec.paper)
    preset = paper.preset(spec.preset)
    choice = choose(spec.device)
    threads = set_threads(spec.threads or preset.threads)
    folder = store.get_run(spec.record).checkpoints if store is not None else None
    to_resume = folder if spec.resume else None
    loaded = None
    if to_resume is not None and any(newest_first(to_resume)):
        loaded = read_checkpoint(to_resume, spec.paper)
    if paper.params is None:
        raise ParameterError(f"{paper.name} is not built yet: there is nothing to run.")
    params = validate(paper.params, spec.params if loaded is None else loaded.header.params)
    teller = _Teller(start.run, port)
    context = Context(choice.device, teller.notify, teller.clear, spec.data_folder)
    experiment = import_module(f"engine.experiments.{spec.paper}").create(params, context)
    wall = 0.0
    notes = [*choice.notes, *getattr(experiment, "notes", ())]
    if loaded is not None:
        try:
            experiment.restore(loaded.state)
        except ValueError as error:
            raise CheckpointError(f"The checkpoint at update {loaded.header.step:,} does not fit: {error}") from error
        notes += [f"{skipped.reason} Update {loaded.header.step:,} is used." for skipped in loaded.skipped]
    elif to_resume is not None:
        notes.append("Nothing had been saved yet: the run starts again from its beginning, with the same seed.")
    if store is not None:
        if to_resume is not None:
            wall = store.get_run(spec.record).wall
            store.truncate_after(spec.record, experiment.steps_done)
        store.claim_run(spec.record)
        store.set_device(spec.record, choice.words, threads)
    port.send(m.Ready(start.run, experiment.steps_done, choice.words, threads, tuple(notes)))
    if to_resume is not None:
        port.send(m.Settings(start.run, 0, experiment.steps_done, params.model_dump(mode="json"), "resumed"))
    ring = RingWriter(start.ring, start.ring_slot_bytes) if start.ring else None
    return Setup(start.run, spec, paper, preset.pace, spec.until or preset.steps, experiment, ring, store, folder, wall)


class _Teller:
    """Says each thing once: the same sentence under the same code is not repeated until it was cleared."""

    def __init__(self, run: int, port: Port) -> None:
        self._run = run
        self._port = port
        self._told: dict[str, str] = {}

    def notify(
        self,
        level: Literal["info", "warning", "error"],
        code: str,
        text: str,
        remedies: tuple[m.Remedy, ...] = (),
        step: int = 0,
    ) -> None:
        """Shows a sentence with its remedies."""
        if self._told.get(code) != text:
            self._told[code] = text
            self._port.send(m.Notice(self._run, step, level, code, text, remedies))

    def clear(self, code: str) -> None:
        """Takes a sentence back, if it stands there."""
        if self._told.pop(code, None) is not None:
            self._port.send(m.Notice(self._run, 0, "info", code, "", cleared=True))


def _kind_at_start(kind: str) -> Any:
    return "start" if kind == "crash" else kind


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def _try_to_record(write: Callable[[], None]) -> None:
    """The run has already failed; a store that fails too is only worth a line in the log."""
    from engine.runtime.records import StoreError

    try:
        write()
    except StoreError as error:
        print(error, file=sys.stderr)


class _Printed:
    """Standard output or error of the engine: every line becomes a `Log` and is still printed."""

    def __init__(self, run: int, level: Literal["info", "warning", "error"], stream: IO[str], send: Any) -> None:
        self._run = run
        self._level = level
        self._stream = stream
        self._send = send

    def write(self, text: str) -> int:
        """Passes text on; blank pieces (the newline of print) are not sent."""
        if text.strip():
            self._send(m.Log(self._run, self._level, text.rstrip()))
        return self._stream.write(text) if self._stream is not None else len(text)

    def flush(self) -> None:
        """Flushes the real stream."""
        if self._stream is not None:
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
