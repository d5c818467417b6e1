"""Flag an agency whose feed has stopped telling us: one alert, instead of one for every answer it might hold.

Due `within` of the moment up to which the feed last said it was complete. While it is silent, nothing that it
would answer is judged; the questions are asked again once it is heard past their due moment.

A feed that has never sent a heartbeat counts as alive: the agency has not promised to send any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.deadline import Met
from baton.rules.facts import SourceHeartbeat
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy, Terms

SLUG = "source-silent"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask since when this feed has been silent; a silence lasts until a heartbeat is fresh when it is heard."""
    last: SourceHeartbeat | None = None
    began: SourceHeartbeat | None = None
    for beat in sorted(
        told.of(SourceHeartbeat), key=lambda each: (each.received_at, each.complete_to)
    ):
        if last is not None and beat.complete_to <= last.complete_to:
            continue
        if last is not None and began is None and beat.received_at >= silent_from(last, policy):
            began = last
        if began is not None and beat.received_at < silent_from(beat, policy):
            # Sent before it was due and held up on its way, it says that the agency was not silent.
            due_at = silent_from(began, policy)
            met = Met("answered" if beat.occurred_at <= due_at else "answered-late", due_at, beat)
            yield _finding(began, met, told, policy)
            began = None
        last = beat
    if last is not None:
        began = began or last
        due_at = silent_from(began, policy)
        met = Met("waiting", due_at, wake_at=due_at) if now < due_at else Met("overdue", due_at)
        yield _finding(began, met, told, policy)


def _terms(beat: SourceHeartbeat, policy: Policy) -> Terms:
    return policy.terms(SLUG, beat.complete_to, beat.authority)


def silent_from(beat: SourceHeartbeat, policy: Policy) -> datetime:
    """Return the moment from which the feed counts as silent unless a later heartbeat is heard."""
    return _terms(beat, policy).due_after(beat.complete_to)


def _finding(beat: SourceHeartbeat, met: Met, told: Chronology, policy: Policy) -> Finding:
    return finding(
        SLUG,
        beat.complete_to,
        told,
        met,
        _terms(beat, policy),
        trigger=(beat,),
        missing=("SourceHeartbeat",),
    )


RULE = Rule(
    slug=SLUG,
    version=1,
    catalogue="source-silent",
    reads="agency",
    triggers=frozenset({SourceHeartbeat}),
    judge=judge,
    sentence="An agency's feed that has stopped telling us.",
    missing="the agency's heartbeat, and everything it should have sent since",
    settings={"within": Limit},
)
