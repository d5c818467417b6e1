"""Flag a notification of a domestic incident that children's services have not recorded in time.

Due `within` (one working day) of its sending, whatever grade the incident has, or none: a filter by grade is what
the review warned of. Sent twice under one id it is one notification.

Taught by Leicestershire and Rutland: notices must reach children's services "regardless of police grading".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.deadline import answered_in_time
from baton.rules.facts import NotificationSent
from baton.rules.notifications import notifications_of
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy

SLUG = "notification-not-recorded"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each notification sent about this person whether it was recorded."""
    for notification in notifications_of(told):
        if not notification.sent:
            continue
        sent = notification.sent[0]
        terms = policy.terms(SLUG, sent.occurred_at, sent.authority)
        if not notification.is_about(told, terms.words("counts_as_pregnant")):
            continue
        met = answered_in_time(
            notification.recorded,
            since=sent.occurred_at,
            due_at=terms.due_after(sent.occurred_at),
            now=now,
            told=told,
            terms=terms,
            authority=sent.authority,
        )
        yield finding(
            SLUG,
            notification.notification_id,
            told,
            met,
            terms,
            trigger=(sent,),
            missing=("NotificationRecorded",),
        )


RULE = Rule(
    slug=SLUG,
    version=2,
    catalogue="A5",
    reads="person",
    triggers=frozenset({NotificationSent}),
    judge=judge,
    sentence="A notification of a domestic incident that children's services have not recorded in time.",
    missing="the notification, recorded by children's services",
    settings={"within": Limit, "answered_by": str, "counts_as_pregnant": tuple},
)
