"""Flag a notification recorded by children's services without a decision that has a level and a rationale.

Due `within` (one working day) of its recording: an outcome, a level and a rationale in one decision, on the
notification itself or on a referral that names its incident. A grade changed at triage without a rationale is
found at once, and lets one follow late.

A grade is compared with the last one of its own scale: the police's with the incident's, a hub's colour with the
colour before it. A hub's own limits in working hours by colour cannot be told from `within`.

Taught by Leicestershire and Rutland: notifications need "clear decisions".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.deadline import answered_in_time, gravest
from baton.rules.facts import NotificationRecorded, ReferralDecided, ReferralReceived
from baton.rules.incidents import incidents_of
from baton.rules.notifications import notifications_of
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.facts import Fact, NotificationTriaged
    from baton.rules.notifications import Notification
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

SLUG = "notification-not-triaged"

POLICE_GRADES = frozenset({"standard", "medium", "high"})
"""The police's scale; `ungraded` is no grade, so that the first one is no change."""


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each notification recorded about this person whether it was decided."""
    for notification in notifications_of(told):
        if not notification.recorded:
            continue
        recorded = notification.recorded[0]
        terms = policy.terms(SLUG, recorded.occurred_at, recorded.authority)
        if not notification.is_about(told, terms.words("counts_as_pregnant")):
            continue
        decisions = _decisions(notification, told)
        regraded = _regraded(notification, told)
        clocks = [(recorded.occurred_at, terms.due_after(recorded.occurred_at))]
        clocks += [(triage.occurred_at, triage.occurred_at) for triage in regraded]
        met = gravest(
            answered_in_time(
                decisions,
                since=since,
                due_at=due_at,
                now=now,
                told=told,
                terms=terms,
                authority=recorded.authority,
            )
            for since, due_at in clocks
        )
        yield finding(
            SLUG,
            notification.notification_id,
            told,
            met,
            terms,
            trigger=(recorded,),
            evidence=notification.triaged,
            missing=("NotificationTriaged",),
        )


def _decisions(notification: Notification, told: Chronology) -> list[Fact]:
    """Return the decisions that have an outcome, a level and a rationale."""
    incident = notification.incident
    referrals = {
        each.referral
        for each in told.of(ReferralReceived)
        if incident and each.incident == incident
    }
    decided = [each for each in told.of(ReferralDecided) if each.referral in referrals]
    decisions: tuple[NotificationTriaged | ReferralDecided, ...] = (*notification.triaged, *decided)
    return [each for each in decisions if each.outcome and each.level and each.rationale_given]


def _regraded(notification: Notification, told: Chronology) -> Iterator[NotificationTriaged]:
    """Give the triages that changed the grade of the notification without a rationale."""
    incident = next((i for i in incidents_of(told) if i.incident_id == notification.incident), None)
    graded = [] if incident is None else [each for each in incident.told if each.grade is not None]
    for number, triage in enumerate(notification.triaged):
        if triage.grade is None or triage.rationale_given:
            continue
        is_police = triage.grade in POLICE_GRADES
        before: list[str | None] = [each.grade for each in notification.triaged[:number]]
        if is_police:
            before = [
                *(each.grade for each in graded if each.occurred_at <= triage.occurred_at),
                *before,
            ]
        same_scale = [
            each
            for each in before
            if each not in {None, "ungraded"} and (each in POLICE_GRADES) == is_police
        ]
        if same_scale and same_scale[-1] != triage.grade:
            yield triage


RULE = Rule(
    slug=SLUG,
    version=3,
    catalogue="A6",
    reads="person",
    triggers=frozenset({NotificationRecorded}),
    judge=judge,
    sentence="A notification recorded without a decision that has a level and a rationale.",
    missing="a decision on the notification with its level and rationale",
    settings={"within": Limit, "answered_by": str, "counts_as_pregnant": tuple},
)
