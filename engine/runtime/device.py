"""Where to compute: choice of device in words, threads, memory, and one captured step for GPUs.

Torch is imported inside the functions, so that the window and the command line can import this file. The host is
described without torch by `describe_host`.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import psutil

from engine.papers.contract import ParameterError

if TYPE_CHECKING:
    import torch

T = TypeVar("T")


class DeviceError(ParameterError):
    """The device asked for is not on this machine; the text says what is."""


class Choice(NamedTuple):
    """A device, what to call it on screen, and sentences a person should know about it."""

    device: torch.device
    words: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Host:
    """The machine without asking torch. memory_total, memory_free in bytes; cores: physical, threads: logical."""

    system: str
    python: str
    processor: str
    cores: int
    threads: int
    memory_total: int
    memory_free: int

    def words(self) -> str:
        """One line for the foot of the rail: ``Linux · 2 cores · 7.7 GiB``."""
        return f"{self.system.split()[0]} · {self.threads} cores · {self.memory_total / 2**30:.1f} GiB"


def describe_host() -> Host:
    """What computer this is, in a millisecond and without torch."""
    memory = psutil.virtual_memory()
    return Host(
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        processor=_processor_name(),
        cores=psutil.cpu_count(logical=False) or usable_cores(),
        threads=usable_cores(),
        memory_total=int(memory.total),
        memory_free=int(memory.available),
    )


def usable_cores() -> int:
    """Logical cores this process may use: the affinity mask where the system has one, all cores elsewhere."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def choose(wish: str = "auto") -> Choice:
    """The device for `wish`: auto (CUDA, else MPS, else CPU), cpu, cuda, cuda:1, mps. Raises `DeviceError`."""
    import torch

    if wish == "auto":
        wish = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if wish == "cpu":
        return Choice(torch.device("cpu"), f"CPU ({_processor_name()})", ())
    if wish == "mps":
        if not torch.backends.mps.is_available():
            raise DeviceError(f"There is no Apple GPU (mps) here. Devices: {', '.join(available())}.")
        return Choice(torch.device("mps"), "Apple GPU", ("The Apple GPU has no float64: such presets need the CPU.",))
    if wish == "cuda" or (wish.startswith("cuda:") and wish[5:].isdigit()):
        return _choose_cuda(wish)
    raise DeviceError(f"There is no device {wish!r}. Devices: auto, {', '.join(available())}.")


def available() -> tuple[str, ...]:
    """Names of the devices torch can use here, the CPU first."""
    import torch

    names = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    return (*names, "mps") if torch.backends.mps.is_available() else tuple(names)


def set_threads(count: int) -> int:
    """Sets torch's threads for one operation and returns them; 0 or less means every usable core.

    Never more than the usable cores: on the small products of these models, threads that wait for one another cost
    hundreds of times what they bring.
    """
    import torch

    cores = usable_cores()
    torch.set_num_threads(min(count, cores) if count > 0 else cores)
    return torch.get_num_threads()


def memory_used(device: torch.device) -> int:
    """Bytes in use: torch's own allocation on a GPU, this process's resident memory on the CPU."""
    import torch

    if device.type == "cuda":
        return int(torch.cuda.memory_allocated(device))
    if device.type == "mps":
        return int(torch.mps.current_allocated_memory())
    return int(psutil.Process().memory_info().rss)


def captured(
    step: Callable[[], T],
    device: torch.device,
    state: Sequence[torch.Tensor] = (),
    generators: Sequence[torch.Generator] = (),
    warmup: int = 3,
) -> Callable[[], T]:
    """`step` recorded once as a CUDA graph and replayed at each call; on any other device `step` itself.

    What the step must keep to, so that both ways give the same numbers:
    - it takes no argument: inputs are copied into tensors that stay where they are (``x.copy_(batch)``);
    - it writes in place into tensors that stay where they are, all of them named in `state`;
    - no shape, branch or number depends on a value on the GPU (no ``.item()``, ``.cpu()``, ``print``);
    - random numbers come from the device's default stream or from `generators`.
    The result is the same object at every call, with new contents: copy what must last.

    Recording needs `warmup` real calls; `state` and `generators` are put back afterwards, so the first call of the
    returned function is the first update.
    """
    if device.type != "cuda":
        return step
    import torch

    kept = [tensor.clone() for tensor in state]
    kept_streams = [generator.get_state() for generator in generators]
    default_stream = torch.cuda.get_rng_state(device)
    side = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.device(device), torch.cuda.stream(side):
        for _ in range(warmup):
            step()
    torch.cuda.current_stream(device).wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    for generator in generators:
        graph.register_generator_state(generator)
    with torch.cuda.device(device), torch.cuda.graph(graph):
        result = step()
    with torch.no_grad():
        for tensor, value in zip(state, kept, strict=True):
            tensor.copy_(value)
    for generator, stream in zip(generators, kept_streams, strict=True):
        generator.set_state(stream)
    torch.cuda.set_rng_state(default_stream, device)

    def replay() -> T:
        graph.replay()
        return result

    return replay


def _choose_cuda(wish: str) -> Choice:
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    index = int(wish[5:]) if ":" in wish else 0
    if index >= count:
        reason = "this torch was built without CUDA" if torch.version.cuda is None else "no CUDA driver or GPU answers"
        there = f"There are {count} CUDA devices here" if count else f"There is no CUDA device here: {reason}"
        raise DeviceError(f"{wish} was asked for. {there}. Devices: {', '.join(available())}.")
    properties = torch.cuda.get_device_properties(index)
    words = f"{properties.name} ({properties.total_memory / 2**30:.0f} GiB)"
    return Choice(torch.device("cuda", index), words, ())


def _processor_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 - a kernel file, not a path of ours
            name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    except OSError:
        name = ""
    return name or platform.processor() or platform.machine()
