"""`main.py doctor`: what works on this machine, what is missing, and the remedy.

Torch and Qt are asked in processes of their own, both at once: a broken library cannot take the doctor with it.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from engine.cli import exits
from engine.cli.options import Doctor
from engine.runtime import paths
from engine.runtime.device import describe_host

Level = Literal["ok", "note", "problem"]
PROBE_LIMIT_S = 60
DISK_NOTE, DISK_PROBLEM = 2 * 2**30, 200 * 2**20
OLDEST_SQLITE = (3, 35, 0)
PROJECT = Path(__file__).resolve().parents[2]

_TORCH = """
import json, torch
cuda = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
print(json.dumps({"version": torch.__version__, "built_for": torch.version.cuda or "", "cuda": cuda,
                  "mps": torch.backends.mps.is_available(), "threads": torch.get_num_threads()}))
"""
_QT = """
import json, os, sys
from gui.shell import startup_checks as checks
found = {"platform": checks.platform_fault(), "libraries": checks.platform_fault({"DISPLAY": ":0"})}
os.environ["QT_QPA_PLATFORM"] = "offscreen"
try:
    import PySide6
    from PySide6 import QtWidgets
    found |= {"version": PySide6.__version__, "binding": checks.binding_fault()}
    application = QtWidgets.QApplication(["doctor"])
    found["sound"] = checks.sound_fault()
except ImportError as error:
    found["missing"] = str(error)
    found["package"] = next((p for l, p in checks.XCB_LIBRARIES.items() if l in str(error)), "")
print(json.dumps(found))
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. remedy: what to do, "" when nothing is to be done."""

    what: str
    level: Level
    text: str
    remedy: str = ""


def run(options: Doctor) -> int:
    """Prints every finding; 1 when one of them is a problem."""
    findings = examine()
    if options.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            print(f"{finding.level:8} {finding.what:10} {finding.text}")
            if finding.remedy:
                print(f"{'':19} {finding.remedy}")
    return exits.FAULT if any(finding.level == "problem" for finding in findings) else exits.DONE


def examine() -> list[Finding]:
    """Everything that is worth knowing, in the order of the report."""
    probes = {name: _probe(code) for name, code in (("torch", _TORCH), ("qt", _QT))}
    here = [*_machine(), *_home(paths.home()), _sqlite(), *_data()]
    answers = {name: _answer(process) for name, process in probes.items()}
    return [*here[:2], *torch_findings(*answers["torch"]), *qt_findings(*answers["qt"]), *here[2:]]


def _machine() -> list[Finding]:
    host = describe_host()
    words = f"{host.system}, {host.processor}, {host.cores} cores, {host.threads} usable threads"
    memory = f", {host.memory_free / 2**30:.1f} of {host.memory_total / 2**30:.1f} GiB memory free"
    old = sys.version_info < (3, 11)
    python = Finding(
        "Python",
        "problem" if old else "ok",
        f"{host.python} in {sys.prefix}",
        "Atelier needs Python 3.11 or newer." if old else "",
    )
    return [python, Finding("computer", "ok", words + memory)]


def torch_findings(found: Mapping[str, Any], fault: str) -> list[Finding]:
    """What torch said about itself, or why it said nothing."""
    if fault:
        remedy = "Install it again: python -m pip install --force-reinstall -c constraints.txt torch"
        return [Finding("torch", "problem", f"cannot be imported: {fault}", remedy)]
    findings = [Finding("torch", "ok", f"{found['version']}, {found['threads']} threads")]
    devices = [f"cuda:{i} {name}" for i, name in enumerate(found["cuda"])] + (["mps"] if found["mps"] else [])
    if devices:
        return [*findings, Finding("devices", "ok", ", ".join(["cpu", *devices]))]
    if shutil.which("nvidia-smi") and not found["built_for"]:
        remedy = "For the GPU, install torch's CUDA build: see https://pytorch.org/get-started"
        return [*findings, Finding("devices", "note", "cpu only: this torch was built without CUDA", remedy)]
    return [*findings, Finding("devices", "ok", "cpu")]


def qt_findings(found: Mapping[str, Any], fault: str) -> list[Finding]:
    """What Qt said about itself, or why it said nothing."""
    if fault:
        remedy = "Install it again: python -m pip install --force-reinstall -c constraints.txt -e ."
        return [Finding("PySide6", "problem", f"cannot be tried: {fault}", remedy)]
    findings = []
    if found.get("missing"):
        package = found.get("package")
        remedy = f"sudo apt install {package}" if package else "Install what the message names."
        findings.append(Finding("PySide6", "problem", found["missing"], remedy))
    elif found["binding"]:
        findings.append(Finding("PySide6", "problem", found["binding"]))
    else:
        findings.append(Finding("PySide6", "ok", f"{found['version']}, counts its references right"))
    if found["platform"] and found["platform"] == found["libraries"]:
        findings.append(Finding("window", "problem", found["platform"]))
    elif found["platform"]:
        findings.append(Finding("window", "note", found["platform"]))
        if found["libraries"]:
            findings.append(Finding("window", "note", found["libraries"]))
    else:
        findings.append(Finding("window", "ok", "a window can open here"))
    if "sound" in found:
        findings.append(
            Finding("sound", "note" if found["sound"] else "ok", found["sound"] or "an audio output is there")
        )
    return findings


def _home(home: Path) -> list[Finding]:
    there = home
    while not there.exists():
        there = there.parent
    try:
        with tempfile.NamedTemporaryFile(dir=there):
            writable = Finding("home", "ok", f"{home} can be written")
    except OSError as error:
        remedy = "Set ATELIER_HOME to a folder of your own."
        writable = Finding("home", "problem", f"{home} cannot be written: {error.strerror}", remedy)
    free = shutil.disk_usage(there).free
    level: Level = "problem" if free < DISK_PROBLEM else "note" if free < DISK_NOTE else "ok"
    remedy = "Free some space, or set ATELIER_HOME to another disk." if level != "ok" else ""
    return [writable, Finding("disk", level, f"{free / 2**30:.1f} GiB free at {there}", remedy)]


def _sqlite() -> Finding:
    if sqlite3.sqlite_version_info >= OLDEST_SQLITE:
        return Finding("SQLite", "ok", sqlite3.sqlite_version)
    wanted = ".".join(map(str, OLDEST_SQLITE))
    return Finding("SQLite", "problem", f"{sqlite3.sqlite_version}", f"The library of runs needs {wanted} or newer.")


def _data() -> list[Finding]:
    """The public data sets that presets ask for, where they lie and whether they are whole."""
    from engine.data.images import DataError
    from engine.data.listing import find
    from engine.data.sources import SOURCES

    named = os.environ.get("ATELIER_DATA", "")
    if named and not Path(named).expanduser().is_dir():
        return [Finding("data", "problem", f"ATELIER_DATA is {named}, which is no folder", "Correct or unset it.")]
    findings = []
    for name, source in SOURCES.items():
        try:
            found = find(name)
        except DataError as error:
            findings.append(Finding("data", "problem", str(error)))
            continue
        if found is None:
            remedy = f"python main.py data fetch {name}; or name the folder of your own copy in ATELIER_DATA."
            findings.append(Finding("data", "note", f"{source.title} is not here", remedy))
        else:
            lacking = [part for part in source.files if part not in found.files]
            level: Level = "note" if lacking else "ok"
            words = f", without {', '.join(lacking)}" if lacking else ""
            findings.append(Finding("data", level, f"{source.title} in {found.folder}{words}"))
    return findings


def _probe(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _answer(process: subprocess.Popen[str]) -> tuple[dict[str, Any], str]:
    """What the probe printed, or its fault in one sentence."""
    try:
        out, err = process.communicate(timeout=PROBE_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return {}, f"no answer within {PROBE_LIMIT_S} s"
    lines = out.strip().splitlines()
    if process.returncode == 0 and lines:
        return dict(json.loads(lines[-1])), ""
    words = err.strip().splitlines()
    return {}, words[-1] if words else f"its process ended with {process.returncode}"
