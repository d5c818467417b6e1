"""That a role has nobody to tell is asked of no chronology."""

from __future__ import annotations

from baton.rules import nobody_to_tell
from baton.rules.chronology import Chronology
from tests.rules.told import NOON, POLICY


def test_nothing_is_asked_of_a_chronology() -> None:
    """It is found where the steps of alerts are followed."""
    told = Chronology("agency", "police", (), {})

    assert [] == list(nobody_to_tell.judge(told, NOON, POLICY))
