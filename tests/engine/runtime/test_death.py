"""How an engine ends: killed, crashed, hanging, alone. Each is one word to the window, and nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from engine.runtime import messages as m
from engine.runtime.process import EnginePool, EngineProcess, explain_exit
from engine.runtime.store import Store
from tests.engine.runtime.sessions_for_tests import Run

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
Start = Callable[..., Run]
ROOT = Path(__file__).resolve().parents[3]


def is_there(ring: str) -> bool:
    """Whether this frame ring lies in shared memory (other programs may have theirs)."""
    return (Path("/dev/shm") / ring).exists()


def is_gone(pid: int, seconds: float) -> bool:
    """Whether the process ends within this time (a zombie has ended)."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    ("name", "kind", "sentence"),
    [
        ("SIGKILL", "killed", "The engine was killed (SIGKILL): by the system when memory runs out, or by a person."),
        ("SIGTERM", "killed", "The engine was ended from outside (SIGTERM)."),
        ("SIGSEGV", "crash", "The engine crashed (SIGSEGV). The log shows where."),
    ],
)
def test_that_a_death_is_named_within_a_second_in_exactly_one_word(
    start: Start, name: str, kind: str, sentence: str
) -> None:
    run = start()
    run.at_step(5)
    ring = run.session.ring
    assert run.session.pid is not None and (is_there(ring) or sys.platform != "linux")
    killed_at = time.perf_counter()
    os.kill(run.session.pid, signal.Signals[name])
    failed = run.failed()
    assert run.heard.times[run.heard.place(m.Failed)] - killed_at < 1.0
    assert (failed.kind, failed.advice) == (kind, sentence) and failed.step >= 5
    assert run.ends == [failed] and not run.session.is_alive and not is_there(ring)
    if name == "SIGSEGV":
        assert "Segmentation fault" in failed.traceback and "loop.py" in failed.traceback, "the stacks reach the log"
    run.session.pause()  # verbs to the dead are dropped
    assert run.session.wait(1.0)


def test_that_a_spare_that_dies_is_not_handed_out(pool: EnginePool) -> None:
    spare = EngineProcess()
    pool._spare = spare
    spare.process.kill()
    assert spare.wait(10)
    assert not pool.has_warm_spare
    engine = pool.take()
    assert engine is not spare and engine.is_alive
    engine.end(graceful=False)
    assert engine.wait(10)


def test_that_a_hanging_engine_is_asked_terminated_and_killed_and_no_verb_to_it_blocks(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.runtime.process.STOP_GRACE_S", 0.5)
    run = start()
    run.at_step(5)
    assert run.session.pid is not None
    os.kill(run.session.pid, signal.SIGSTOP)
    begun = time.perf_counter()
    for _ in range(5_000):  # far more than a pipe holds
        run.session.change({"h1": 0.2})
    assert time.perf_counter() - begun < 2.0
    begun = time.perf_counter()
    run.session.stop()
    assert time.perf_counter() - begun < 0.1, "stop returns at once"
    failed = run.failed()
    assert 0.9 < time.perf_counter() - begun < 3.0, "asked, grace, terminated, grace, killed"
    assert failed.kind == "killed"
    assert failed.advice == "The engine did not answer when asked to stop and was ended (SIGKILL); earlier saves stay."
    assert run.ends == [failed]


def test_that_an_engine_leaves_and_saves_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from tests.engine.runtime.sessions_for_tests import begin, new_record, spec_of\n"
        "from engine.runtime import messages as m\n"
        "from engine.runtime.session import EnginePool\n"
        "if __name__ == '__main__':\n"
        "    home = Path(sys.argv[1])\n"
        "    run = begin(EnginePool(warm=False), spec_of(), home, new_record(home, spec_of()).id)\n"
        "    run.at_step(20)\n"
        "    print(run.session.pid, run.session.ring, flush=True)\n"
        "    time.sleep(60)\n"
    )
    script = tmp_path / "window.py"
    script.write_text(program)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "home")],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment, cwd=ROOT,
    )  # fmt: skip
    try:
        assert parent.stdout is not None
        pid, ring = parent.stdout.readline().split()
        engine = int(pid)
        assert psutil.pid_exists(engine) and (is_there(ring) or sys.platform != "linux")
    finally:
        parent.kill()
        parent.communicate()
    assert is_gone(engine, 3.0)
    end = time.perf_counter() + 3.0  # the resource tracker of the dead parent removes the ring once the engine left
    while is_there(ring) and time.perf_counter() < end:
        time.sleep(0.02)
    assert not is_there(ring)
    saved = list((tmp_path / "home").rglob("step-*.json"))
    assert len(saved) == 1, "what was learnt since the last autosave is not lost with the window"
    with Store(tmp_path / "home") as store:
        assert store.list_runs()[0].state == "interrupted"


def test_that_every_exit_has_a_sentence() -> None:
    assert explain_exit(0) == ("crash", "The engine left without saying why.")
    assert explain_exit(3)[1] == "The engine lost its connection to the window and left."
    assert explain_exit(1) == ("crash", "The engine ended with exit code 1. The log shows why.")
    assert explain_exit(-signal.SIGBUS)[0] == "crash"
    assert "SIGKILL" in explain_exit(-9, was_asked_to_end=True)[1]
