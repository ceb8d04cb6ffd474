"""Garbage is collected in the window's thread and in no other."""

import gc
import threading
import weakref

from gui.shell.garbage import WindowCollector


class Cycle:
    """Garbage that only the collector finds; tells in which thread it went."""

    def __init__(self, went: list[threading.Thread]) -> None:
        self.me = self
        weakref.finalize(self, lambda: went.append(threading.current_thread()))


def drop_many(went: list[threading.Thread]) -> None:
    for _ in range(5 * gc.get_threshold()[0]):
        Cycle(went)


def in_another_thread(work, *words) -> None:
    thread = threading.Thread(target=work, args=words)
    thread.start()
    thread.join()


def test_that_a_listener_never_collects_and_the_window_soon_does(qtbot):
    collector = WindowCollector()
    went: list[threading.Thread] = []
    in_another_thread(drop_many, went)
    assert went == [], "cycles dropped in a listener wait"
    qtbot.waitUntil(lambda: len(went) > 0, timeout=10_000)
    assert set(went) == {threading.main_thread()}
    collector.close()


def test_that_without_it_a_listener_does_collect():
    gc.enable()
    went: list[threading.Thread] = []
    in_another_thread(drop_many, went)
    gc.disable()
    assert threading.main_thread() not in went and went != []


def test_that_the_oldest_generation_that_is_due_is_searched(qtbot, monkeypatch):
    collector = WindowCollector()
    searched = []
    monkeypatch.setattr(gc, "collect", searched.append)
    monkeypatch.setattr(gc, "get_threshold", lambda: (700, 10, 10))
    for counts in ((5, 0, 0), (701, 3, 0), (701, 11, 0), (2, 3, 11)):
        monkeypatch.setattr(gc, "get_count", lambda counts=counts: counts)
        collector.collect()
    assert searched == [0, 1, 2]
    collector.close()


def test_that_closing_gives_the_collector_back_as_it_was(qtbot):
    gc.enable()
    collector = WindowCollector()
    assert not gc.isenabled()
    collector.keep_what_stands()
    assert gc.get_freeze_count() > 0
    collector.close()
    assert gc.isenabled() and gc.get_freeze_count() == 0
    gc.disable()
