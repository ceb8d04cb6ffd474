"""What holds for every test: a home of its own, one thread, nothing left behind, no silent skip."""

from __future__ import annotations

import gc
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"
# Also before the first fixture runs, nothing may look into the home of whoever starts the tests.
_OUTER_HOME = tempfile.TemporaryDirectory(prefix="atelier-tests-")
os.environ["ATELIER_HOME"] = _OUTER_HOME.name

import psutil  # noqa: E402 - the environment comes first
import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

settings.register_profile("house", derandomize=True, database=None, deadline=None)
settings.load_profile("house")

LEAVE_S = 3.0

# Tests that may be skipped, each with what it needs. Any other skip makes the run fail.
ALLOWED_SKIPS = {
    "test_that_presets_of_the_pag_paper_start_on_real_text": "ATELIER_DATA with WMT'15 and SQuAD",
    "test_that_a_cluster_that_does_not_answer_is_named": "the extra [cluster]",
    "test_that_a_run_on_a_cluster_trains_is_left_is_found_again_and_stops": "the extra [cluster]",
    "test_that_the_real_multi30k_is_verified_and_becomes_a_task": "ATELIER_DATA with Multi30k",
    "test_that_real_wmt_text_becomes_a_task_with_its_test_sets": "ATELIER_DATA with WMT text",
    "test_that_the_real_squad_dev_file_is_read_whole_with_every_answer_at_its_place": "ATELIER_DATA with SQuAD",
    "test_that_espeak_speaks_with_timings": "the extra [voice]",
    "test_that_a_captured_step_gives_the_numbers_of_the_plain_step": "a CUDA GPU",
    "test_that_a_full_disk_leaves_earlier_saves_whole_and_says_how_much_was_needed_where": "root, to mount a tiny disk",
    "test_that_the_real_mnist_is_verified_and_has_its_known_counts_and_statistics": "ATELIER_DATA with MNIST",
    "test_that_the_real_fashion_mnist_is_verified_and_told_from_mnist": "ATELIER_DATA with Fashion-MNIST",
    "test_that_every_preset_of_the_dendritic_paper_starts": "ATELIER_DATA with MNIST and Fashion-MNIST",
    "test_that_the_real_cifar_has_its_known_counts_and_first_labels": "ATELIER_DATA with CIFAR-10",
    "test_that_the_real_svhn_sample_has_its_known_counts": "ATELIER_DATA with SVHN",
    "test_that_every_preset_of_the_gibbsnet_paper_starts": "ATELIER_DATA with MNIST, CIFAR-10 and SVHN",
    "test_that_a_real_copy_with_one_changed_pixel_is_said_to_be_modified": "ATELIER_DATA with MNIST",
}


@pytest.fixture(autouse=True)
def atelier_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty user data directory for this test alone."""
    home = tmp_path / "home"
    monkeypatch.setenv("ATELIER_HOME", str(home))
    return home


@pytest.fixture(scope="module", autouse=True)
def old_garbage() -> Iterator[None]:
    """What a file of tests leaves is searched once, at its end."""
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def young_garbage(old_garbage: None) -> Iterator[None]:
    """Collected after each test, in this thread: a listener of an engine would destroy widgets that Qt is painting."""
    yield
    gc.collect(1)


@pytest.fixture(autouse=True)
def nothing_left_behind(atelier_home: Path) -> Iterator[None]:
    """Fails a test that leaves a child process or a thread; what it left is ended, so that it fails alone."""
    processes_before = {p.pid for p in _children()}
    threads_before = set(threading.enumerate())
    yield
    left = _processes_left(processes_before) + _threads_left(threads_before)
    if left:
        pytest.fail("the test left behind: " + "; ".join(left), pytrace=False)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the window last: a fault of its libraries can not fall upon the others."""
    items.sort(key=lambda item: any(part in item.nodeid for part in ("tests/gui/", "tests/whole/")))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Remembers what was running before, for fixtures that live as long as the session."""
    gc.disable()  # as in the lab itself (gui/shell/garbage.py): see young_garbage
    session.config.stash[_BEFORE] = {p.pid for p in _children()}
    session.config.stash[_COMPLAINTS] = []


def pytest_testnodedown(node: Any) -> None:
    """With pytest-xdist: takes over what a worker found at its end."""
    node.config.stash[_COMPLAINTS].extend(getattr(node, "workeroutput", {}).get("complaints", ()))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fails the run when a long-lived fixture left a process, or a test was skipped that is not on the list."""
    config = session.config
    complaints = config.stash[_COMPLAINTS]
    leads_workers = bool(config.getoption("numprocesses", None)) and not hasattr(config, "workerinput")
    if not leads_workers:  # its children are the workers themselves, each of which looks at its own
        complaints += [f"left behind: {words}" for words in _processes_left(config.stash[_BEFORE])]
    if hasattr(config, "workeroutput"):
        config.workeroutput["complaints"] = complaints
    else:
        skipped = config.pluginmanager.get_plugin("terminalreporter").stats.get("skipped", [])
        complaints += [
            f"skipped, but not on the list in tests/conftest.py: {report.nodeid}"
            for report in skipped
            if _test_name(report.nodeid) not in ALLOWED_SKIPS
        ]
        if complaints and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    _OUTER_HOME.cleanup()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Names every skipped test with its reason, and what the run is failed for."""
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        terminalreporter.write_line(f"skipped: {report.nodeid}: {reason}", yellow=True)
    for complaint in config.stash.get(_COMPLAINTS, []):
        terminalreporter.write_line(complaint, red=True)


_BEFORE = pytest.StashKey[set[int]]()
_COMPLAINTS = pytest.StashKey[list[str]]()


def _test_name(nodeid: str) -> str:
    return nodeid.rsplit("::", 1)[-1].split("[", 1)[0]


def _children() -> list[psutil.Process]:
    """Living descendants, without the interpreter's own resource tracker, which leaves with it."""
    return [p for p in psutil.Process().children(recursive=True) if "resource_tracker" not in _command(p)]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _processes_left(before: set[int]) -> list[str]:
    new = [p for p in _children() if p.pid not in before]
    _gone, alive = psutil.wait_procs(new, timeout=LEAVE_S)
    words = [f"process {p.pid} ({_command(p)[:120] or 'ended, but never waited for'})" for p in alive]
    for process in alive:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    return words


def _threads_left(before: set[threading.Thread]) -> list[str]:
    words = []
    for thread in threading.enumerate():
        if thread in before or isinstance(thread, threading._DummyThread) or thread.name.startswith("pytest_timeout"):
            continue
        thread.join(LEAVE_S)
        if thread.is_alive():
            words.append(f"thread {thread.name!r}")
    return words
