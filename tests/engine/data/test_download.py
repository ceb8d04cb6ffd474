"""Downloading, against a server on this machine: progress, wrong checksums, broken connections, mirrors, cancelling."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from engine.data import sources
from engine.data.download import download
from engine.data.images import DataError
from engine.data.mnist import load
from engine.data.sources import MNIST, PARTS, SourceFile
from tests.engine.data.idx_files import idx_bytes

SHAPES = {"train-images-idx3-ubyte": (300, 28, 28), "train-labels-idx1-ubyte": (300,)}
SHAPES |= {"t10k-images-idx3-ubyte": (50, 28, 28), "t10k-labels-idx1-ubyte": (50,)}


class Server:
    """Serves `files` under /good/, the same with a changed byte under /wrong/, and half of them under /half/."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        contents = {n: idx_bytes(rng.integers(0, 10, shape)) for n, shape in SHAPES.items()}
        self.files = {f"{n}.gz": gzip.compress(c, mtime=0) for n, c in contents.items()}
        self.facts = {
            n: SourceFile(_md5(self.files[f"{n}.gz"]), _md5(c), len(self.files[f"{n}.gz"])) for n, c in contents.items()
        }
        self.asked: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                way, name = self.path.strip("/").split("/")
                content = server.files[name]
                if way == "gone":
                    self.send_error(404)
                    return
                if way == "wrong":
                    content = content[:-1] + bytes([content[-1] ^ 1])
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) // 2] if way == "half" else content)

            def log_message(self, format: str, *args: object) -> None:
                """Silent."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def _md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    running = Server()
    small = replace(MNIST, files=running.facts, counts={"train": 300, "test": 50}, mirrors=(f"{running.base}/good/",))
    monkeypatch.setitem(sources.SOURCES, "mnist", small)
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    yield running
    running.close()


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
