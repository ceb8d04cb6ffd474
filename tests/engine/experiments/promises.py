"""What every experiment promises, whatever its paper: looking changes nothing, resuming is exact, phases add up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.engine.experiments.runs import assert_same_state, copied, train

Make = Callable[[], Any]


def looking_changes_nothing(make: Make, look: Callable[[Any], None], *, times: int, updates: int) -> None:
    """A run looked at so many times, each after so many updates, equals one that nobody saw."""
    watched, unwatched = make(), make()
    for _ in range(times):
        assert train(watched, updates) == train(unwatched, updates)
        look(watched)
    assert train(watched, updates) == train(unwatched, updates)
    assert_same_state(watched.state(), unwatched.state())


def resuming_is_exact(make: Make, *, before: int, beyond: int, after: int) -> None:
    """Saved after `before` updates, trained `beyond` them, restored elsewhere: the next `after` are the same."""
    whole, first, second = make(), make(), make()
    train(whole, before)
    train(first, before)
    kept = copied(first.state())
    train(first, beyond)  # a state is a copy: training on must not reach into it
    second.restore(kept)
    assert second.steps_done == before
    assert train(second, after) == train(whole, after)
    assert_same_state(second.state(), whole.state())


def phases_equal_whole_steps(make: Make, phases: int, *, updates: int) -> None:
    """Updates made phase by phase are those made at once."""
    whole, by_phase = make(), make()
    for _ in range(updates):
        values = whole.step()
        parts = [by_phase.step_phase() for _ in range(phases)]
        assert parts[:-1] == [{}] * (phases - 1) and parts[-1] == values
        assert by_phase.phase == 0 and by_phase.steps_done == whole.steps_done
    assert_same_state(by_phase.state(), whole.state())


def saving_between_phases_is_exact(make: Make, done: int, *, before: int, after: int) -> None:
    """A run saved with `done` phases of an update made resumes at that update; going on completes it."""
    whole, stopped, second = make(), make(), make()
    train(whole, before)
    train(stopped, before)
    for _ in range(done):
        stopped.step_phase()
    second.restore(copied(stopped.state()))
    assert second.steps_done == before and second.phase == 0
    assert train(second, after) == train(whole, after)
    stopped.step()  # a whole step completes the update that was begun
    assert stopped.phase == 0 and stopped.steps_done == before + 1
    train(stopped, after - 1)
    assert_same_state(second.state(), whole.state())
    assert_same_state(stopped.state(), whole.state())


def going_back_repeats(make: Make, *, before: int, after: int) -> None:
    """A run set back to an earlier moment does again what it did."""
    experiment = make()
    train(experiment, before)
    moment = copied(experiment.state())
    first = train(experiment, after)
    end = copied(experiment.state())
    experiment.restore(moment)
    assert train(experiment, after) == first
    assert_same_state(experiment.state(), end)
