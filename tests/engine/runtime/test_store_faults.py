"""The store under a locked, damaged, foreign, newer, read-only or full file: one sentence, nothing lost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from engine.runtime.schema import SCHEMA_VERSION
from engine.runtime.store import Store, StoreError


def test_that_a_locked_file_is_named_after_the_busy_time(tmp_path: Path) -> None:
    with Store(tmp_path, busy_timeout_s=0.05) as store:
        run = store.create_run("dendritic", {}).id
        other = sqlite3.connect(store.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"atelier\.sqlite3 is locked by another program: close it"):
            store.append_scalars(run, [1], {"a": [1.0]}, 0.0)
        assert store.get_run(run).state == "running", "reading goes on"
        other.execute("ROLLBACK")
        other.close()
        store.append_scalars(run, [1], {"a": [1.0]}, 0.0)


def test_that_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "atelier.sqlite3").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match=r"is damaged \(file is not a database\): move it away.*checkpoints"):
        Store(tmp_path)
    assert (tmp_path / "atelier.sqlite3").read_bytes().startswith(b"not a database")


def test_that_damage_inside_the_file_is_named(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        run = store.create_run("dendritic", {}).id
        for start in range(0, 40_000, 1000):
            steps = np.arange(start, start + 1000)
            store.append_scalars(run, steps, {"a": np.random.default_rng(start).random(1000)}, 0.0)
        path = store.path
    raw = bytearray(path.read_bytes())
    raw[3 * 4096 :] = os.urandom(len(raw) - 3 * 4096)
    path.write_bytes(raw)
    with pytest.raises(StoreError, match="is damaged"), Store(tmp_path) as store:
        store.list_runs()
        store.read_scalars(run)


def test_that_a_chunk_that_cannot_be_decoded_is_damage(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        run = store.create_run("dendritic", {}).id
        store.append_scalars(run, [1], {"a": [1.0]}, 0.0)
        for data in (b"", b"short", b"x" * 100):
            store._connection().execute("UPDATE chunks SET data = ?", (data,))
            with pytest.raises(StoreError, match=r"is damaged \(a chunk of .* bytes cannot be decoded"):
                store.read_scalars(run)


def test_that_the_library_of_a_newer_version_is_refused_and_untouched(tmp_path: Path) -> None:
    Store(tmp_path).close()
    path = tmp_path / "atelier.sqlite3"
    other = sqlite3.connect(path)
    other.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=f"has format {SCHEMA_VERSION + 1}, this Atelier reads up to {SCHEMA_VERSION}"):
        Store(tmp_path)
    assert path.read_bytes() == before


def test_that_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "atelier.sqlite3")
    other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    with pytest.raises(StoreError, match="is a database of another program"):
        Store(tmp_path)


def test_that_a_home_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"file.* cannot be used \(.*\): check the permissions"):
        Store(tmp_path / "file" / "lab")


AS_A_GUEST = """
import os, sys
from engine.runtime.store import Store, StoreError
store = None
if os.geteuid() == 0:
    os.setgid(65534); os.setuid(65534)
try:
    Store(sys.argv[1]).create_run("dendritic", {})
except StoreError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_that_a_read_only_folder_is_named() -> None:
    # Not tmp_path: pytest's own folder is closed to the unprivileged user that root becomes here.
    with tempfile.TemporaryDirectory() as folder:
        Store(folder).close()
        for path in Path(folder).iterdir():
            path.chmod(0o444)
        Path(folder).chmod(0o555)
        done = subprocess.run([sys.executable, "-c", AS_A_GUEST, folder], capture_output=True, text=True)
        Path(folder).chmod(0o755)
    assert "cannot be written" in done.stdout and "check the permissions" in done.stdout, done.stderr


FULL = """
import resource, sys
import numpy as np
from engine.runtime.store import Store, StoreError
store = Store(sys.argv[1])
run = store.create_run("dendritic", {}).id
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
written = 0
try:
    while True:
        steps = np.arange(written, written + 1000)
        store.append_scalars(run, steps, {"a": np.random.default_rng(written).random(1000)}, 0.0)
        written += 1000
except StoreError as error:
    print(error)
found = store.read_scalars(run, max_points=None)["a"]
assert found.steps.tolist() == list(range(written)), (len(found), written)
print(written)
"""


@pytest.mark.skipif(os.name != "posix", reason="POSIX file limits")
def test_that_a_disk_that_takes_no_more_keeps_all_earlier_batches(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    sentence, written = done.stdout.splitlines()
    assert sentence.startswith(("The run library", "The disk with the run library")), sentence
    with Store(tmp_path) as store:
        run = store.list_runs()[0].id
        assert store.read_scalars(run, max_points=None)["a"].steps.tolist() == list(range(int(written)))
        store.append_scalars(run, [10**6], {"a": [0.5]}, 0.0)


def test_that_closing_twice_and_using_it_again_is_allowed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.close()
    store.close()
    assert store.list_runs() == []
    store.close()
