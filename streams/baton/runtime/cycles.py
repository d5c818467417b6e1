"""How seldom Python looks for cycles in a process that keeps much, for long, and makes hardly any cycle.

A worker keeps every fact of years. Python looks for objects that only refer to each other after every 700 new ones,
and goes through all that there is each time that a quarter has come to it: while a million deadlines are loaded, a
fifth of the time; later, a pause of seconds in which nothing is judged. Objects without a cycle are freed at once in
any case; those of asyncio and Faust have some, when something is cancelled or fails, so it is still looked for them,
among what is newer than the last `keep`, and among all at the next.
"""

from __future__ import annotations

import gc

SELDOM = (20_000, 5, 20)
"""After how many new objects the young are gone through, and after how many times of that the older: a few megabytes
of cycles may lie about for a while, and the longest pause is that of a hundred thousand objects."""


def look_seldom() -> None:
    """Look for cycles as seldom as suits a process that keeps much."""
    gc.set_threshold(*SELDOM)


def keep() -> None:
    """Take all that there is by now, cycles apart, out of what is gone through: most of it stays for long.

    What was kept before is gone through once more: a partition that went and came back has left its old state there.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
