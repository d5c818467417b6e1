"""What a rule is, and the parts of a finding that are the same for every rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from baton.rules.outcome import Finding
from baton.rules.policy import Limit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from baton.rules.chronology import Chronology
    from baton.rules.deadline import Met
    from baton.rules.facts import Fact
    from baton.rules.outcome import AboutKind, Member
    from baton.rules.policy import Policy, Terms

COMMON_SETTINGS: dict[str, type] = {
    "severity": int,  # 1 critical, act now, out of hours too; 2 this working day; 3 next review; 4 report
    "tell": tuple,  # the roles to be told, in order
    "responsible": str,  # "agency/role" from which the missing event is due
}
"""What the policy must say for every rule. One that awaits an answer also has `answered_by`, the agency to wait for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of the catalogue.

    `catalogue` is its number in the domain handbook, `reads` the kind of chronology it is judged on, `triggers`
    the facts without which it has nothing to ask, `also_reads` whose facts it needs besides (the cases of a person,
    the persons of a case, the worker or team of a case), `settings` what it asks of the policy besides the common
    ones, `sentence` what its owner could sign, `missing` what should have come, in the words of an alert.
    `also_named`, where a rule needs few of these, returns their ids from its own chronology; such a rule names in its
    findings (`awaits`) those whose facts may still change them, and is judged again for no others.
    A `monthly` rule reads a team; it is judged at the end of each local month in which a case of the team had one of
    its triggers, on the facts of those cases alone, and gives a finding for each month, due at its end.
    `without_case`, of a rule that reads cases, asks the same of a person's referrals for which no case was opened;
    it reads the person's chronology with that of her cases.
    """

    slug: str
    version: int
    catalogue: str
    reads: AboutKind
    triggers: frozenset[type[Fact]]
    judge: Callable[[Chronology, datetime, Policy], Iterator[Finding]]
    sentence: str
    missing: str
    also_reads: frozenset[str] = frozenset()
    also_named: Callable[[Chronology, Policy], Iterable[str]] | None = None
    monthly: bool = False
    without_case: Callable[[Chronology, datetime, Policy], Iterator[Finding]] | None = None
    settings: Mapping[str, type] = field(
        default_factory=lambda: {"within": Limit, "answered_by": str}
    )


def finding(  # noqa: PLR0913 (an alert is all of these, and each has a name)
    rule: str,
    subject: str | datetime,
    told: Chronology,
    met: Met,
    terms: Terms,
    *,
    trigger: tuple[Fact, ...],
    evidence: tuple[Fact, ...] = (),
    missing: tuple[str, ...] = (),
    members: tuple[Member, ...] = (),
    team: str | None = None,
    severity: int | None = None,
    tell: tuple[str, ...] | None = None,
    about: tuple[AboutKind, str] | None = None,
    awaits: tuple[str, ...] = (),
) -> Finding:
    """Make the finding of a rule on a `subject` (an incident, a transfer, a moment) of this chronology.

    The alert id is the rule, the subject and whom it is about, so that it is the same whoever derives it. It is
    about the chronology's own person, case or team, unless `about` says otherwise; its severity and the roles to be
    told are the policy's, unless a step of a clock has its own.
    """
    if isinstance(subject, datetime):
        # With its fraction where it has one: two moments of one second are two questions.
        precise = "milliseconds" if subject.microsecond else "seconds"
        subject = f"{subject.replace(tzinfo=None).isoformat(timespec=precise)}Z"
    kind, key = about or (told.kind, told.about)
    answer = () if met.answer is None else (met.answer,)
    return Finding(
        rule=rule,
        alert_id=f"{rule}/{subject}/{key}",
        about_kind=kind,
        about=key,
        reason=met.reason,
        authority=trigger[0].authority,
        severity=terms.severity if severity is None else severity,
        tell=terms.tell if tell is None else tell,
        responsible=terms.responsible,
        due_at=met.due_at,
        wake_at=met.wake_at,
        answered_at=met.answered_at,
        trigger=trigger,
        evidence=_once((*trigger, *evidence, *answer)),
        missing=missing,
        members=members,
        waits_for=terms.waits_for,
        team=team,
        awaits=awaits,
    )


def _once(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    # A chronology has each record once, so that the same record is the same fact.
    return facts if len(facts) == 1 else tuple({id(fact): fact for fact in facts}.values())
