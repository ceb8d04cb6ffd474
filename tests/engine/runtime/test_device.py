"""The choice of device, in words, and the captured step."""

from __future__ import annotations

import pytest
import torch

from engine.runtime.device import (
    DeviceError,
    available,
    captured,
    choose,
    describe_host,
    memory_used,
    set_threads,
    usable_cores,
)


def test_that_the_cpu_is_always_there_and_has_a_name():
    choice = choose("cpu")
    assert choice.device == torch.device("cpu")
    assert choice.words.startswith("CPU (")
    assert "cpu" in available()


def test_that_auto_takes_a_device_that_is_there():
    assert str(choose("auto").device) in available()


def test_that_a_device_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(DeviceError, match=r"cuda:99 was asked for\..*Devices: cpu"):
        choose("cuda:99")
    with pytest.raises(DeviceError, match=r"no device 'abacus'\. Devices: auto, cpu"):
        choose("abacus")


def test_that_threads_never_exceed_the_usable_cores():
    before = torch.get_num_threads()
    try:
        assert set_threads(1) == 1
        assert set_threads(10_000) == usable_cores()
        assert set_threads(0) == usable_cores()
    finally:
        torch.set_num_threads(before)


def test_that_the_host_is_described_with_its_memory_and_cores():
    host = describe_host()
    assert 0 < host.memory_free <= host.memory_total
    assert host.threads >= 1
    assert f"{host.threads} cores" in host.words()
    assert memory_used(torch.device("cpu")) > 1_000_000


def test_that_on_the_cpu_the_captured_step_is_the_plain_function():
    def step() -> int:
        return 1

    assert captured(step, torch.device("cpu")) is step


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_that_a_captured_step_gives_the_numbers_of_the_plain_step():
    device = torch.device("cuda")

    def train(capture: bool) -> torch.Tensor:
        weights = torch.ones(8, 8, device=device)
        stream = torch.Generator(device).manual_seed(3)

        def step() -> torch.Tensor:
            noise = torch.randn(8, 8, device=device, generator=stream)
            weights.mul_(0.9).add_(noise, alpha=0.1)
            return weights.sum()

        one = captured(step, device, state=[weights], generators=[stream]) if capture else step
        return torch.stack([one().clone() for _ in range(20)])

    assert torch.equal(train(True), train(False))
