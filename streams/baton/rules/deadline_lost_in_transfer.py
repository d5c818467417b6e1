"""Flag a clock that was running when a transfer was accepted and that the receiving team does not carry.

Due `within` (one working day) of the acceptance: each such clock named among the open items of a handover note of the
transfer, or brought to its end. Running are: an assessment started, or decided on for the case's referral, and not
authorised; an initial conference, for `conference_within` (fifteen working days) after a strategy discussion; the next
review conference, under one of `review_plans`. Which words name a clock is policy; the assessment's own id does too.

The records do not say whether a strategy discussion began an enquiry, so every one counts until its clock has run out;
nor whether a receiving team's own system holds the deadline: what the handover carries is all that is told.

Taught by Sunderland, and by Baby W: details were lost on the way, and assessments came "out of timescale".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.checklist import Checklist
from baton.rules.facts import (
    AssessmentAuthorised,
    AssessmentStarted,
    CaseClosed,
    Fact,
    OpenItemClosed,
    PlanStepHeld,
    ReferralDecided,
    TransferAccepted,
)
from baton.rules.holding import held_case
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding
from baton.rules.transfers import unless_taken_back

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from baton.rules.chronology import Chronology
    from baton.rules.holding import HeldCase
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy, Terms
    from baton.rules.transfers import Transfer

SLUG = "deadline-lost-in-transfer"
ASSESSMENT = "assessment"
CONFERENCE = "initial_conference"
REVIEW = "review_conference"


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each accepted transfer of this case whether the clocks that were running are still known."""
    case = held_case(told)
    for transfer in case.transfers:
        if not transfer.accepted:
            continue
        accepted = transfer.accepted[0]
        moment = accepted.occurred_at
        terms = policy.terms(SLUG, moment, accepted.authority)
        due_at = terms.due_after(moment)
        running = _running(case, moment, told, terms)
        clocks = Checklist.of(
            {
                clock: [
                    *_carried(transfer, _words(clock, begun, terms)),
                    *_ended(clock, _words(clock, begun, terms), moment, told),
                ]
                for clock, begun in running.items()
            }
        )
        met = clocks.met(
            due_at=due_at, now=now, told=told, terms=terms, authority=accepted.authority
        )
        lost = clocks.missing() if met.reason == "overdue" else clocks.missing(due_at)
        yield finding(
            SLUG,
            transfer.transfer_id,
            told,
            unless_taken_back(met, transfer, moment),
            terms,
            trigger=(accepted,),
            evidence=(*(fact for begun in running.values() for fact in begun), *clocks.evidence),
            missing=lost,
            team=transfer.team_after(accepted),
        )


def _running(
    case: HeldCase, moment: datetime, told: Chronology, terms: Terms
) -> dict[str, tuple[Fact, ...]]:
    """Return the clocks that were running at a moment, each with the facts that set it going."""
    found: dict[str, tuple[Fact, ...]] = {}
    if assessments := _assessments(moment, told):
        found[ASSESSMENT] = assessments
    discussions = _held("strategy_discussion", told, until=moment)
    if discussions:
        last = discussions[-1]
        is_over = any(
            each.occurred_at >= last.occurred_at for each in _held(CONFERENCE, told, until=moment)
        )
        if not is_over and moment <= terms.due_after(last.occurred_at, "conference_within"):
            found[CONFERENCE] = (last,)
    if case.plan(moment) in terms.words("review_plans"):
        found[REVIEW] = tuple(each for each in case.plans if each.occurred_at <= moment)[-1:]
    return found


def _assessments(moment: datetime, told: Chronology) -> tuple[Fact, ...]:
    """Return what set an assessment going that was not authorised by a moment."""
    authorised = [each for each in told.of(AssessmentAuthorised) if each.occurred_at <= moment]
    done = {each.assessment for each in authorised}
    started = [each for each in told.of(AssessmentStarted) if each.occurred_at <= moment]
    decided = [
        each
        for each in told.of(ReferralDecided)
        if each.outcome == ASSESSMENT
        and each.occurred_at <= moment
        and not any(one.occurred_at >= each.occurred_at for one in (*started, *authorised))
    ]
    return (*(each for each in started if each.assessment not in done), *decided)


def _held(step: str, told: Chronology, until: datetime) -> list[PlanStepHeld]:
    return [
        each for each in told.of(PlanStepHeld) if each.step == step and each.occurred_at <= until
    ]


def _words(clock: str, begun: tuple[Fact, ...], terms: Terms) -> frozenset[str]:
    """Return the items that name a clock."""
    ids = (each.assessment for each in begun if isinstance(each, AssessmentStarted))
    return frozenset(map(_plain, (*terms.words(f"{clock}_items"), *ids)))


def _carried(transfer: Transfer, words: frozenset[str]) -> Iterator[Fact]:
    yield from (
        note for note in transfer.handovers if not words.isdisjoint(map(_plain, note.open_items))
    )


def _ended(clock: str, words: frozenset[str], since: datetime, told: Chronology) -> Iterator[Fact]:
    """Give what brought a clock to its end, from the acceptance on."""
    ends: list[Fact] = [
        *told.of(CaseClosed),
        *(each for each in told.of(OpenItemClosed) if _plain(each.item) in words),
        *(each for each in told.of(PlanStepHeld) if each.step == clock),
        *(each for each in told.of(AssessmentAuthorised) if clock == ASSESSMENT),
    ]
    yield from (each for each in ends if each.occurred_at >= since)


def _plain(word: str) -> str:
    return word.casefold().replace("_", "-").replace(" ", "-")


RULE = Rule(
    slug=SLUG,
    version=1,
    catalogue="C9",
    reads="case",
    triggers=frozenset({TransferAccepted}),
    judge=judge,
    sentence="A clock that was running when a transfer was accepted, and that the receiving team does not carry.",
    missing="the deadlines named, carried in the handover",
    settings={
        "within": Limit,
        "answered_by": str,
        "conference_within": Limit,
        "review_plans": tuple,
        "assessment_items": tuple,
        "initial_conference_items": tuple,
        "review_conference_items": tuple,
    },
)
