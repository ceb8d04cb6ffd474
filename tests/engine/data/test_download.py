"""Downloading, against a server on this machine: progress, wrong checksums, broken connections, mirrors, cancelling."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.data.download import download
from engine.data.images import DataError
from engine.data.mnist import load
from engine.data.sources import PARTS
from tests.engine.data.served import Server, serving


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(monkeypatch) as running:
        yield running


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


def test_that_a_downloaded_set_is_found_verified_and_was_reported_byte_by_byte(server: Server, tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    folder = download("mnist", lambda done, total: heard.append((done, total)))
    assert folder == tmp_path / "home" / "datasets" / "mnist" and names(folder) == sorted(server.files)
    total = sum(len(c) for c in server.files.values())
    assert heard[0] == (0, total) and heard[-1] == (total, total)
    assert [d for d, _ in heard] == sorted(d for d, _ in heard) and len(heard) > 8
    images = load("mnist")
    assert images.provenance.endswith("(verified)") and images.notes == ()


def test_that_files_that_are_there_and_right_are_not_fetched_again(server: Server, tmp_path: Path) -> None:
    download("mnist", folder=tmp_path / "x")
    server.asked.clear()
    heard: list[int] = []
    (tmp_path / "x" / "t10k-labels-idx1-ubyte.gz").write_bytes(b"damaged")
    download("mnist", lambda done, total: heard.append(done), tmp_path / "x")
    assert server.asked == ["/good/t10k-labels-idx1-ubyte.gz"]
    assert heard[-1] == sum(len(c) for c in server.files.values())


def test_that_a_wrong_checksum_is_refused_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"train-images-idx3-ubyte\.gz of MNIST could not be downloaded \(.*/wrong/: the "
    ):
        download("mnist", folder=tmp_path / "x", mirrors=[f"{server.base}/wrong/"])
    assert names(tmp_path / "x") == []


def test_that_an_interrupted_download_leaves_nothing_half_and_the_next_mirror_is_tried(
    server: Server, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="half/: the connection broke off"):
        download("mnist", folder=tmp_path / "x", mirrors=[f"{server.base}/half/"])
    assert names(tmp_path / "x") == []
    mirrors = [f"{server.base}/{way}/" for way in ("gone", "half", "wrong", "good")]
    heard: list[int] = []
    download("mnist", lambda done, total: heard.append(done), tmp_path / "x", mirrors)
    assert names(tmp_path / "x") == sorted(server.files) and len(server.asked) == 1 + 4 * len(PARTS) * 2
    assert max(heard) == heard[-1] == sum(len(c) for c in server.files.values())


def test_that_every_mirror_that_failed_is_named_with_its_answer(server: Server, tmp_path: Path) -> None:
    dead = "http://127.0.0.1:9/"
    with pytest.raises(DataError) as caught:
        download("mnist", folder=tmp_path / "x", mirrors=[f"{server.base}/gone/", dead])
    assert f"{server.base}/gone/: answered 404; {dead}: no connection" in str(caught.value)
    assert "choose a folder that has the files" in str(caught.value)


class Cancelled(Exception):
    pass


def test_that_the_listener_can_cancel_and_what_was_complete_is_kept(server: Server, tmp_path: Path) -> None:
    first = len(server.files["train-images-idx3-ubyte.gz"])

    def cancel(done: int, total: int) -> None:
        if done > first:
            raise Cancelled

    with pytest.raises(Cancelled):
        download("mnist", cancel, tmp_path / "x")
    assert names(tmp_path / "x") == ["train-images-idx3-ubyte.gz"]
    download("mnist", folder=tmp_path / "x")
    assert server.asked.count("/good/train-images-idx3-ubyte.gz") == 1 and names(tmp_path / "x") == sorted(server.files)


def test_that_a_folder_that_cannot_be_written_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match=r"MNIST could not be stored in .*file.*MB are needed there"):
        download("mnist", folder=tmp_path / "file" / "mnist")


def test_that_nothing_is_downloaded_unless_asked(server: Server) -> None:
    with pytest.raises(DataError, match="was not found"):
        load("mnist")
    assert server.asked == []
