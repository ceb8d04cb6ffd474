"""From the words of the command line to the command, and from its faults to one sentence and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from engine.cli import exits

_TALE = "Atelier: ten research papers that run. Without a command the lab opens in a window. " + exits.EXPLAINED


def run(arguments: Sequence[str]) -> int:
    """Does what the words say and returns the exit code. Raises `SystemExit` for --help and unknown options."""
    if list(arguments) == ["--version"]:
        from engine.runtime.version import app_version

        print(f"atelier {app_version()}")
        return exits.DONE
    return _carry_out(parse(arguments))


def parse(arguments: Sequence[str]) -> Any:
    """The options of the command named first, as its dataclass. Raises `SystemExit` (2) for wrong ones."""
    import tyro

    from engine.cli.options import COMMANDS

    return tyro.extras.subcommand_cli_from_dict(
        dict(COMMANDS),
        prog="main.py",
        description=_TALE,
        args=list(arguments),
        config=(tyro.conf.FlagCreatePairsOff,),
    )


def _carry_out(options: Any) -> int:
    from engine.papers.contract import ParameterError
    from engine.runtime.records import StoreError

    command = import_module(f"engine.cli.{type(options).__name__.lower()}")
    try:
        return int(command.run(options))
    except ParameterError as error:
        print(f"error: {error}", file=sys.stderr)
        return exits.USAGE
    except StoreError as error:
        print(f"error: {error}", file=sys.stderr)
        return exits.FAULT
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return exits.INTERRUPTED
    except BrokenPipeError:  # the reader of our output has left (a pager, head): nobody to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.FAULT
