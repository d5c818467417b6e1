"""Making a failing plan smaller, until nothing can be left out of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, TypeVar

from tests.simulation.check import BrokenLawError
from tests.simulation.worker import REAL
from tests.simulation.world import play

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.simulation.plan import Plan
    from tests.simulation.worker import Parts

T = TypeVar("T")

ORDERS = 8
"""So many orders of steps are tried with a smaller plan: leaving something out moves all that comes after it."""


def failure(plan: Plan, parts: Parts = REAL) -> str:
    """Play a plan; say what it breaks, or nothing."""
    try:
        play(plan, parts)
    except BrokenLawError as error:
        return str(error)
    return ""


def shrink(plan: Plan, parts: Parts = REAL) -> Plan:
    """Leave out messages and faults, as many as possible, of a plan that fails; it still fails."""

    def still(smaller: Plan) -> Plan | None:
        orders = (replace(smaller, order=order) for order in (plan.order, *range(1, ORDERS)))
        return next((each for each in orders if failure(each, parts)), None)

    before: Plan | None = None
    while before != plan:
        before = plan
        plan = _fewer(plan, plan.faults, lambda p, kept: replace(p, faults=kept), still)
        plan = _fewer(plan, plan.messages, lambda p, kept: replace(p, messages=kept), still)
        for workers, batch_max in product(range(1, plan.workers + 1), (1, plan.batch_max)):
            simpler = replace(plan, workers=workers, batch_max=batch_max)
            if simpler == plan:
                break
            found = still(simpler)
            if found is not None:
                plan = found
                break
    return plan


def _fewer(
    plan: Plan,
    items: Sequence[T],
    keep: Callable[[Plan, tuple[T, ...]], Plan],
    still: Callable[[Plan], Plan | None],
) -> Plan:
    """Leave out halves, then quarters, and at last single items."""
    size = len(items)
    while size:
        start = 0
        while start < len(items):
            kept = (*items[:start], *items[start + size :])
            found = still(keep(plan, kept))
            if found is None:
                start += size
            else:
                plan, items = found, kept
        size //= 2
    return plan
