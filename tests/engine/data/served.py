"""A small set with MNIST's file names, served on this machine whole, damaged or cut short."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from engine.data import sources
from engine.data.sources import MNIST, SourceFile
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
        self.on_asked: Callable[[str], None] = lambda _path: None
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                server.on_asked(self.path)
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


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """MNIST is this small set on this machine while it lasts."""
    running = Server()
    small = replace(MNIST, files=running.facts, counts={"train": 300, "test": 50}, mirrors=(f"{running.base}/good/",))
    monkeypatch.setitem(sources.SOURCES, "mnist", small)
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    try:
        yield running
    finally:
        running.close()
