"""A clock that strikes more than once: warnings before an answer is due, steps up after; one alert through all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from baton.rules.cases import decided, received_of, referrals_without_case
from baton.rules.deadline import Met, answered_in_time
from baton.rules.incidents import ended_after
from baton.rules.rule import finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.facts import Fact, ReferralDecided
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy, Terms


@dataclass(frozen=True, slots=True)
class Step:
    """One stroke of the clock: when, how serious the alert is from then on, and whom to tell.

    One that `warns` comes before the answer is due.
    """

    at: datetime
    severity: int
    tell: tuple[str, ...]
    warns: bool = False


def stands(  # noqa: PLR0913 (a deadline is all of these, and each has a name)
    steps: Iterable[Step],
    answers: Iterable[Fact],
    *,
    since: datetime,
    now: datetime,
    told: Chronology,
    terms: Terms,
    authority: str,
    ended_at: datetime | None = None,
) -> tuple[Met, Step]:
    """Say how a clock with steps stands as of `now`, and at which step.

    Due is the first step that does not warn. What ends the question (`ended_at`, a close) ends it for good if that
    was before anything was due; after that the alert stays, at the step it had come to.
    """
    ordered = sorted(steps, key=lambda step: step.at)
    due_at = next(step.at for step in ordered if not step.warns)
    met = answered_in_time(
        answers, since=since, due_at=due_at, now=now, told=told, terms=terms, authority=authority
    )
    if met.reason == "answered":
        return met, ordered[0]
    if ended_at is not None and ended_at <= due_at:
        return Met("not-asked", due_at), ordered[0]
    stopped_at = min((at for at in (met.answered_at, ended_at) if at is not None), default=None)
    struck = [
        step for step in ordered if step.at <= now and (stopped_at is None or step.at < stopped_at)
    ]
    to_come = [
        step.at for step in ordered if step.at > now and (ended_at is None or step.at < ended_at)
    ]
    wake_at = next(iter(to_come), None)
    if not struck:
        return Met("waiting", due_at, met.answer, wake_at), ordered[0]
    if met.reason == "answered-late":
        return met, struck[-1]
    if not told.can_tell(terms.waits_for, authority, struck[-1].at, now):
        return Met("cannot-tell", due_at, met.answer, wake_at), struck[-1]
    return Met("due-soon" if now < due_at else "overdue", due_at, wake_at=wake_at), struck[-1]


def decided_without_case(  # noqa: PLR0913 (what a rule is judged on, and the three things in which rules differ)
    slug: str,
    told: Chronology,
    now: datetime,
    policy: Policy,
    *,
    steps: Callable[[ReferralDecided, Terms], Iterable[Step]],
    missing: tuple[str, ...],
) -> Iterator[Finding]:
    """Ask of each referral of this person that was decided, and for which no case was opened, what came of it.

    Which outcomes count is the policy's `decisions`; only a case that is opened answers, and then it is asked of that.
    A referral all of whose records are about the unborn child of her alone is about nobody when her pregnancy ended.
    """
    for referral in referrals_without_case(told):
        terms = policy.terms(slug, referral.occurred_at, referral.authority)
        decision = decided(told, referral.referral, terms.words("decisions"))
        if decision is None:
            continue
        terms = policy.terms(slug, decision.occurred_at, decision.authority)
        met, step = stands(
            steps(decision, terms),
            (),
            since=decision.occurred_at,
            now=now,
            told=told,
            terms=terms,
            authority=decision.authority,
        )
        records = received_of(told)[referral.referral].records
        if (
            all(each.about_unborn and set(each.people) == {told.about} for each in records)
            and ended_after(told, told.about, referral.occurred_at) is not None
        ):
            met = Met("not-asked", met.due_at)
        yield finding(
            slug,
            referral.referral,
            told,
            met,
            terms,
            trigger=(decision,),
            missing=missing,
            severity=step.severity,
            tell=step.tell,
        )
