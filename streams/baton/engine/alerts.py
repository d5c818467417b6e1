"""An alert: from the findings of a rule, moment by moment, to what operators are told.

`settle` gives the alert as its rule has it. What operators and time then make of it is its `Life`, which
`baton.engine.life` adds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from baton.rules.outcome import RAISING, AboutKind, Finding, Member

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from baton.rules.facts import Fact

Status = Literal["raised", "acknowledged", "answered", "closed", "withdrawn"]

OPEN: Final[frozenset[Status]] = frozenset({"raised", "acknowledged"})
"""As what an alert stands while something is to be done about it."""

ATTEMPT_FAILED: Final = "attempt_failed"
"""The outcome of one attempt to tell a role that failed: another may follow."""

ANSWERED_IN_TIME = "answered-in-time"
ANSWERED_IN_TIME_TOLD_LATE = "answered-in-time-told-late"


@dataclass(frozen=True, slots=True)
class EventReference:
    """A pointer to a record in the agency's own system; never what it says."""

    event_id: str
    event: str
    agency: str
    occurred_at: datetime

    @classmethod
    def to(cls, fact: Fact) -> EventReference:
        """Point to a fact."""
        return cls(fact.event_id, type(fact).__name__, fact.agency, fact.occurred_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of telling, counted from 1: these roles are to be told of it, all at once, and why (`life.STEPS`)."""

    number: int
    kind: str
    roles: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """That a role was told of a step by some means, or could not be: `outcome` is the contract's TellingOutcome.

    It is ATTEMPT_FAILED of a single attempt, and says then nothing of the step.
    """

    role: str
    by: str
    at: datetime
    step: int | None
    outcome: str | None
    event_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One thing that a person did to an alert; `refused` is why it had no effect (`life.REFUSALS`), or None."""

    event_id: str
    event: str
    by: str
    occurred_at: datetime
    refused: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What operators and time made of an alert; the fields are those of the contract's Alert."""

    owner: str | None = None
    acknowledged_by: str | None = None
    acknowledged_until: datetime | None = None
    closing_by: str | None = None
    closed_by: str | None = None
    second_by: str | None = None
    outcome: str | None = None
    silence: str | None = None
    silenced_until: datetime | None = None
    next_step: str | None = None
    next_step_at: datetime | None = None
    steps: tuple[Step, ...] = ()
    told: tuple[Telling, ...] = ()
    actions: tuple[Done, ...] = ()

    @property
    def outcomes(self) -> tuple[Telling, ...]:
        """What came of steps: what was told, without single attempts that failed."""
        return tuple(each for each in self.told if each.outcome != ATTEMPT_FAILED)


UNTOUCHED = Life()
"""The life of an alert of which nobody has heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What operators are told of one question; the fields are those of the contract's Alert.

    `raised_at` is when it was due, or heard if that was later; `as_of` the moment, in the time of the log, at which
    it was last judged; `answered_at` when the answer occurred. `reason` is from a closed list, or None where a fact
    unsaid the alert and the reason is nobody's business; `raised_by` what made it more serious than the rule says.
    """

    alert_id: str
    rule: str
    rule_version: int
    policy_version: str
    severity: int
    about_kind: AboutKind
    about: str
    authority: str
    status: Status
    reason: str | None
    trigger: tuple[EventReference, ...]
    evidence: tuple[EventReference, ...]
    missing: tuple[str, ...]
    members: tuple[Member, ...]
    due_at: datetime | None
    raised_at: datetime
    answered_at: datetime | None
    as_of: datetime
    responsible_agency: str
    responsible_team: str | None
    responsible_role: str
    tell: tuple[str, ...]
    raised_by: tuple[str, ...] = ()
    life: Life = UNTOUCHED

    @property
    def lateness(self) -> timedelta | None:
        """How long after it was due the answer came, or None without an answer."""
        if self.answered_at is None or self.due_at is None:
            return None
        return self.answered_at - self.due_at


def settle(
    before: Alert | None, finding: Finding, now: datetime, rule_version: int, policy_version: str
) -> Alert | None:
    """Return the alert after a finding, `before` itself where nothing changed, or None where there is none.

    Only facts can withdraw an alert: a question that becomes unanswerable, or is merely asked again, leaves it.
    """
    standing = before is not None and before.status != "withdrawn"
    if finding.reason == "cannot-tell" and finding.answered_at is not None and standing:
        # It was raised while it could be told, and whatever the silent feed holds back, this answer came late.
        finding = replace(finding, reason="answered-late")
    if finding.reason in RAISING:
        after = _alert(finding, now, rule_version, policy_version)
        if before is not None and standing:
            after = replace(after, raised_at=before.raised_at)
            if replace(after, as_of=before.as_of, policy_version=before.policy_version) == before:
                return before
        return after
    if before is None or before.status == "withdrawn" or finding.reason == "cannot-tell":
        return before
    if finding.reason == "answered":
        reason = ANSWERED_IN_TIME if before.reason == "due-soon" else ANSWERED_IN_TIME_TOLD_LATE
        return withdraw(before, now, reason, finding.answered_at)
    return withdraw(before, now, finding.reason if finding.reason == "transfer-withdrawn" else None)


def withdraw(
    before: Alert, now: datetime, reason: str | None = None, answered_at: datetime | None = None
) -> Alert:
    """Return an alert that a fact unsaid; the fact itself is not named in it."""
    return replace(before, status="withdrawn", reason=reason, as_of=now, answered_at=answered_at)


def _alert(finding: Finding, now: datetime, rule_version: int, policy_version: str) -> Alert:
    agency, role = finding.responsible
    return Alert(
        alert_id=finding.alert_id,
        rule=finding.rule,
        rule_version=rule_version,
        policy_version=policy_version,
        severity=finding.severity,
        about_kind=finding.about_kind,
        about=finding.about,
        authority=finding.authority,
        status="answered" if finding.reason == "answered-late" else "raised",
        reason=finding.reason,
        trigger=tuple(map(EventReference.to, finding.trigger)),
        evidence=tuple(map(EventReference.to, finding.evidence)),
        missing=finding.missing,
        members=finding.members,
        due_at=finding.due_at,
        raised_at=now,
        answered_at=finding.answered_at,
        as_of=now,
        responsible_agency=agency,
        responsible_team=finding.team,
        responsible_role=role,
        tell=finding.tell,
        raised_by=finding.raised_by,
    )
