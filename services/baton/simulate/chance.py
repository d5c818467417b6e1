"""Chance from a seed. Only `random()` is drawn from, whose sequence Python promises for ever."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

Item = TypeVar("Item")


class Chance:
    """Draws whole numbers, shares and choices."""

    def __init__(self, seed: str) -> None:
        """Take the seed as text."""
        self._random = random.Random(seed).random  # noqa: S311 (a history that repeats is wanted)

    def happens(self, share: float) -> bool:
        """Say yes in this share of the draws."""
        return self._random() < share

    def between(self, least: int, most: int) -> int:
        """Draw a whole number, both ends included."""
        return least + int(self._random() * (most - least + 1))

    def of(self, items: Sequence[Item]) -> Item:
        """Choose one."""
        return items[int(self._random() * len(items))]

    def count(self, mean: float) -> int:
        """Draw a count with this mean: from half of it to one and a half times."""
        drawn = mean * (0.5 + self._random())
        whole = int(drawn)
        return whole + (self._random() < drawn - whole)
