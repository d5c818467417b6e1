"""Flag a role that has nobody to tell: one alert for the role, with the alerts that it should have heard of.

Raised when what tells people says of a step that the role has nobody, or that every attempt failed; the next roles
of that alert are then told at once. It stands until somebody of that role is told of anything, and is then answered.

It is found while the steps of other alerts are followed (`engine/life.py`), not in what agencies told. Not of the
reviews: what it guards is that a warning is heard at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.facts import AlertTold
from baton.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

SLUG = "nobody-to-tell"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask nothing: no chronology holds what was told to whom."""
    del told, now, policy
    yield from ()


RULE = Rule(
    slug=SLUG,
    version=1,
    catalogue="nobody-to-tell",
    reads="agency",
    triggers=frozenset({AlertTold}),
    judge=judge,
    sentence="A role that is to be told of alerts, and has nobody to tell.",
    missing="somebody of that role who can be told",
    settings={},
)
