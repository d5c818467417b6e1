"""What is known of a notification of an incident: sent, recorded, triaged. Shared by A5 and A6."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from baton.rules.facts import (
    CHILDRENS_SOCIAL_CARE,
    NotificationRecorded,
    NotificationSent,
    NotificationTriaged,
)
from baton.rules.whom import named_is_about

if TYPE_CHECKING:
    from collections.abc import Iterator

    from baton.rules.chronology import Chronology


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification, by all that was told of it; each list by when it occurred."""

    notification_id: str
    sent: tuple[NotificationSent, ...]
    recorded: tuple[NotificationRecorded, ...]
    triaged: tuple[NotificationTriaged, ...]

    @property
    def incident(self) -> str | None:
        """The incident it tells of, as first stated; None where nobody said."""
        named = [each.incident for each in self.sent] + [each.incident for each in self.recorded]
        return next((incident for incident in named if incident), None)

    def is_about(self, told: Chronology, counts: tuple[str, ...]) -> bool:
        """Say whether an alert on it is about this chronology's person."""
        people = (person for each in self.recorded for person in each.people)
        return named_is_about(self.incident, people, told, counts)


def notifications_of(told: Chronology) -> tuple[Notification, ...]:
    """Group what was told by notification, in the order of their ids.

    Sent to children's services, or to an agency not stated: only they must record one. Recorded by them: another
    agency's record of it is not theirs.
    """
    return told.once(_notifications)


def _notifications(told: Chronology) -> Iterator[Notification]:
    sent = [
        each
        for each in told.of(NotificationSent)
        if each.to_agency in {CHILDRENS_SOCIAL_CARE, None}
    ]
    recorded = [
        each for each in told.of(NotificationRecorded) if each.agency == CHILDRENS_SOCIAL_CARE
    ]
    triaged = told.of(NotificationTriaged)
    for key in sorted(
        {each.notification for each in sent} | {each.notification for each in recorded}
    ):
        yield Notification(
            key,
            tuple(each for each in sent if each.notification == key),
            tuple(each for each in recorded if each.notification == key),
            tuple(each for each in triaged if each.notification == key),
        )
