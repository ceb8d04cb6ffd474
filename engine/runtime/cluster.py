"""The way into a Ray cluster (extra `[cluster]`). Ray is imported when somebody connects, never by the window.

Ray does not ask who you are unless token authentication is on: set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN (or the
token file, ``ray get-auth-token --generate``) on every node and here before the cluster is started.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import engine
from engine.papers.contract import ParameterError

NAMESPACE = "atelier"
REACH_S = 5.0


def connect(address: str) -> Any:
    """The module `ray`, connected. Our code travels along; the nodes need the same Python and the dependencies.

    address: ``auto`` (the cluster this machine belongs to), ``HOST:6379``, ``ray://HOST:10001`` from outside.
    Raises `ParameterError` when Ray is not installed or the cluster does not answer.
    """
    try:
        import ray
    except ImportError:
        raise ParameterError(
            "A cluster needs Ray, which is not installed: python -m pip install 'ray>=2.52' "
            "(or .venv/bin/pip install -c constraints.txt -e '.[cluster]')"
        ) from None
    _reach(address)
    try:
        ray.init(
            address=address,
            namespace=NAMESPACE,
            ignore_reinit_error=True,
            log_to_driver=False,
            logging_level="ERROR",
            runtime_env={
                "py_modules": [str(Path(engine.__file__).parent)],
                "env_vars": {"OMP_NUM_THREADS": "1"},
            },
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        hint = "If it asks for a token, RAY_AUTH_MODE=token and RAY_AUTH_TOKEN must be set here as they are there."
        raise ParameterError(f"the cluster {address} does not let us in: {error} {hint}") from None
    return ray


def _reach(address: str) -> None:
    """Raises `ParameterError` within five seconds when nobody listens; Ray itself tries for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), REACH_S).close()
    except OSError as error:
        raise ParameterError(f"the cluster {address} does not answer: {error.strerror or error}") from None
