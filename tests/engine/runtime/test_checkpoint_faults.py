"""Checkpoints under a full disk and under SIGKILL at any moment, with real processes and a real file system."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from engine.runtime.checkpoint import CheckpointError, Header, State, read_checkpoint, write_checkpoint

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX signals and file limits")

BYTES = 200_000


def save(folder: Path, step: int) -> None:
    tensors = {"w": torch.full((BYTES // 4,), float(step))}
    write_checkpoint(folder, State(tensors, {"step": step}), Header("dendritic", {}, 0, step))


def assert_whole(folder: Path, step: int) -> None:
    loaded = read_checkpoint(folder)
    assert loaded.skipped == () and loaded.header.step == step
    assert torch.equal(loaded.state.tensor("w"), torch.full((BYTES // 4,), float(step)))


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 700 kB: three saves fit, a fourth does not."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("mounting a tiny tmpfs needs root")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if made.returncode != 0:
        pytest.skip(f"a tiny tmpfs cannot be mounted here: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_that_a_full_disk_leaves_earlier_saves_whole_and_says_how_much_was_needed_where(tiny_disk: Path) -> None:
    for step in (1, 2, 3):
        save(tiny_disk, step)
    with pytest.raises(CheckpointError) as caught:
        save(tiny_disk, 4)
    sentence = str(caught.value)
    assert "step 4 was not saved: it needs 0.2 MB in" in sentence and str(tiny_disk) in sentence
    assert "No space left on device; 0.1 MB are free there" in sentence
    assert_whole(tiny_disk, 3)
    assert len(list(tiny_disk.iterdir())) == 6, "no temporary is left to fill the disk further"
    (tiny_disk / "step-000000001.safetensors").unlink()
    (tiny_disk / "step-000000001.json").unlink()
    save(tiny_disk, 5)
    assert_whole(tiny_disk, 5)


def test_that_a_write_cut_off_by_a_file_size_limit_leaves_earlier_saves_whole(tmp_path: Path) -> None:
    save(tmp_path, 1)
    program = (
        "import resource, sys; from pathlib import Path; sys.path.insert(0, sys.argv[2]);"
        "import test_checkpoint_faults as t;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000));"
        "t.save(Path(sys.argv[1]), 2)"
    )
    here = str(Path(__file__).parent)
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path), here], capture_output=True, text=True)
    assert "CheckpointError: The checkpoint at step 2 was not saved: it needs 0.2 MB in" in done.stderr
    assert "File too large" in done.stderr
    assert_whole(tmp_path, 1)
    assert len(list(tmp_path.iterdir())) == 2


KILLER = """
import os, random, signal, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import test_checkpoint_faults as t
from engine.runtime.checkpoint_files import stale_files

folder, step, cut = Path(sys.argv[1]), 0, 0
moments = random.Random(0)
for turn in range(40):
    tell, told = os.pipe()
    writer = os.fork()
    if writer == 0:
        for s in range(step + 1, step + 10_000):
            t.save(folder, s)
            os.write(told, b"%d\\n" % s)
        os._exit(0)
    os.close(told)
    committed = os.read(tell, 64)
    time.sleep(moments.uniform(0, 0.03))
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
    while more := os.read(tell, 65536):
        committed += more
    os.close(tell)
    last = int(committed.split()[-1])
    cut += bool(stale_files(folder))
    loaded = t.read_checkpoint(folder)
    step = loaded.header.step
    assert step in (last, last + 1), (step, last)
    t.assert_whole(folder, step)
print("cut in the middle of a write:", cut)
assert cut >= 5, cut
"""


def test_that_a_writer_killed_at_forty_moments_always_leaves_its_last_save(tmp_path: Path) -> None:
    # One interpreter that has imported torch forks the writers: forty imports would take minutes.
    here = str(Path(__file__).parent)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", KILLER, str(tmp_path / "run"), here],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
