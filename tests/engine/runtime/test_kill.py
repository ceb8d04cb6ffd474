"""Ten engines killed at random moments, half of them while they save (`benchmarks/kill.py` kills fifty)."""

from __future__ import annotations

import os

import pytest

from benchmarks.kill import deaths, table
from engine.runtime.process import EnginePool


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_that_ten_random_kills_are_named_at_once_and_leave_a_whole_checkpoint_and_nothing_else(
    pool: EnginePool,
) -> None:
    found = deaths(10, seed=1, latest_s=1.2, pool=pool)
    print(table(found))
    assert len(found) == 10 and sum(d.during_save for d in found) == 5
    for death in found:
        assert death.named_s < 1.0 and (death.words, death.kind) == (1, "killed"), death
        assert death.whole and death.is_gone and not death.ring_left, death
        assert death.lost_s < death.autosave_s + 1.0, death
    assert any(d.torn for d in found), "at least one kill hit the writing of a checkpoint"
