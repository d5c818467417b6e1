import gc
import math
import weakref
from collections.abc import Iterator

import pytest

from baton.runtime.cycles import keep, look_seldom


class Node:
    """Something that refers to itself."""

    def __init__(self) -> None:
        """Make the cycle."""
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    usual = gc.get_threshold()
    yield
    gc.set_threshold(*usual)
    gc.unfreeze()


def test_cycles_are_looked_for_more_seldom_but_not_never() -> None:
    """A threshold of 0 would switch it off, and what asyncio leaves behind would grow for ever."""
    usual = gc.get_threshold()

    look_seldom()

    now = gc.get_threshold()
    assert all(0 < each < 10**6 for each in now)
    assert usual[0] < now[0]
    assert math.prod(usual) < math.prod(now)


def test_what_is_kept_is_not_gone_through_again() -> None:
    """Everything there is leaves the generations that are looked through."""
    kept = [Node() for _ in range(1_000)]

    keep()

    assert gc.get_freeze_count() > len(kept)
    assert not any(each is kept[0] for each in gc.get_objects())


def test_cycles_are_not_kept() -> None:
    """What nobody holds any more is freed first, or each rebalance would keep some of it for ever."""
    gone = weakref.ref(Node())

    keep()

    assert gone() is None


def test_a_cycle_that_was_kept_is_freed_when_nobody_holds_it_any_more() -> None:
    """By the next time: a partition that goes and comes back leaves all that it knew behind."""
    node = Node()
    keep()
    gone = weakref.ref(node)
    del node

    keep()

    assert gone() is None


def test_cycles_of_later_are_freed() -> None:
    """What was made after the last time is looked at as ever."""
    keep()
    gone = weakref.ref(Node())

    gc.collect()

    assert gone() is None
