"""The speed governor with a clock of its own."""

from __future__ import annotations

import math

import pytest

from engine.papers.contract import Pace
from engine.runtime.pacing import Governor


def run(governor: Governor, seconds: float, *, step: int = 0, look_every: float = 0.003, limit: float = 1e9) -> int:
    """Does what is allowed, for so long; the update reached."""
    now = 0.0
    while now < seconds:
        for _ in range(int(min(limit, governor.allowed(step, now), 1000))):
            step += 1
            governor.spend()
        governor.measured(step, now)
        now += look_every
    return step


def test_that_a_preset_begins_slowly_and_is_released() -> None:
    pace = Pace(slow=50.0, until=100)
    assert run(Governor(pace, None), 1.0) == pytest.approx(50, abs=2)
    assert [pace.rate_at(s) for s in (0, 99, 100, 200)] == [50.0, 50.0, 50.0, math.inf]
    assert 50 < pace.rate_at(150) < pace.rate_at(199) < 1000
    governor = Governor(pace, None)
    assert governor.allowed(200, 0.0) == math.inf and not governor.is_holding
    assert governor.allowed(0, 0.0) < math.inf and governor.is_holding


def test_that_a_fixed_rate_is_kept_and_can_be_given_back_to_the_preset() -> None:
    governor = Governor(Pace(), 200.0)
    assert run(governor, 2.0) == pytest.approx(400, abs=4)
    assert governor.rate == pytest.approx(200, rel=0.05)
    governor.set_rate(None, 0, 0.0)
    assert governor.allowed(0, 0.0) == math.inf


def test_that_a_pause_saves_up_no_updates() -> None:
    governor = Governor(Pace(), 10.0)
    governor.allowed(0, 0.0)
    assert governor.allowed(0, 100.0) <= 10, "at most a second at once"
    governor.restart(0, 200.0)
    assert governor.allowed(0, 200.0) == 1


def test_that_slow_motion_waits_for_the_moment_of_the_next_update() -> None:
    governor = Governor(Pace(), 1.0)
    governor.restart(0, 0.0)
    assert governor.allowed(0, 0.0) == 1
    governor.spend()
    assert governor.allowed(1, 0.25) == 0
    assert governor.pause(1, 0.25) == pytest.approx(0.75)
    assert governor.allowed(1, 1.01) == 1


@pytest.mark.parametrize(("update", "rate"), [(0.001, 30.0), (0.01, 30.0), (0.01, 90.0)])
def test_that_pictures_that_take_long_do_not_slow_a_run_below_its_pace(update: float, rate: float) -> None:
    governor, now, step, pictures = Governor(Pace(), rate), 0.0, 0, 0
    governor.restart(0, 0.0)
    while now < 20.0:
        allowed, burst = governor.allowed(step, now), now + 0.004
        did_train = allowed > 0
        while allowed > 0 and now < burst:
            step, now, allowed = step + 1, now + update, allowed - 1
            governor.spend()
        if not (did_train and governor.is_behind):
            now += 0.3
            pictures += 1
    assert step == pytest.approx(20.0 * rate, rel=0.05)
    assert pictures > 5


def test_that_a_run_at_full_speed_is_always_behind_and_one_that_waits_never_is() -> None:
    fast, slow = Governor(Pace(), None), Governor(Pace(), 1.0)
    fast.allowed(0, 0.0)
    assert fast.is_behind
    slow.restart(0, 0.0)
    assert slow.allowed(0, 0.0) == 1 and slow.is_behind
    slow.spend()
    assert not slow.is_behind
