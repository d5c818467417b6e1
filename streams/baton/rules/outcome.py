"""What a rule says: a finding for every question it asked, also for those that raise nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from baton.rules.facts import Fact

AboutKind = Literal["person", "case", "team", "agency"]

Reason = Literal[
    "waiting",  # not due yet
    "due-soon",  # not due yet, but as near to it as the policy warns at
    "answered",  # the answer came in time
    "overdue",  # due, and nothing answered
    "answered-late",  # due, nothing had answered, and then something did
    "found",  # nothing was awaited: the facts contradict each other, or are too many, as they stand
    "cannot-tell",  # due, but the feed that would have told us is silent
    "not-asked",  # the question fell away: a correction, or an end that is nobody's business
    "transfer-withdrawn",  # the question fell away because the transfer was taken back
]
"""Why a question stands as it does, from a closed list."""

RAISING: frozenset[Reason] = frozenset({"due-soon", "overdue", "answered-late", "found"})
"""The reasons with which a question is an alert."""
BREACHING: frozenset[Reason] = RAISING - {"due-soon"}
"""Those with which something was due: all but a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One of several things that one alert is about, such as a case of a block transfer.

    `states` are coded words for what has happened to it.
    """

    key: str
    states: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The answer to one question about one person, case, team or agency.

    `alert_id` is derived from facts, so that saying it twice says it once. `due_at` is when an answer is due
    by policy; `wake_at` is the next moment at which time alone may change this finding. `trigger` are the facts
    that asked the question, `evidence` all facts the finding rests on, `missing` what should have come.
    `waits_for` names the feed whose silence makes the question unanswerable; `raised_by` what made it more serious
    than the rule alone says (`severity.MODIFIERS`); `awaits` the ids, of those of
    `Rule.also_named`, whose facts may change it.
    """

    rule: str
    alert_id: str
    about_kind: AboutKind
    about: str
    reason: Reason
    authority: str
    severity: int
    tell: tuple[str, ...]
    responsible: tuple[str, str]
    due_at: datetime | None = None
    wake_at: datetime | None = None
    answered_at: datetime | None = None
    trigger: tuple[Fact, ...] = ()
    evidence: tuple[Fact, ...] = ()
    missing: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()
    waits_for: str = ""
    team: str | None = None
    raised_by: tuple[str, ...] = ()
    awaits: tuple[str, ...] = ()


def reasons(findings: Iterable[Finding]) -> dict[str, Reason]:
    """Return the reason of each finding by its alert id."""
    return {finding.alert_id: finding.reason for finding in findings}
