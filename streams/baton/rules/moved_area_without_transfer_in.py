"""Flag a family that moved to another area without the case being taken over there.

From the move (an address in another authority while the case is open, or a closure with one of `closure_reasons`,
RC5, where no move was told) the other area must have been asked to take the case over `within` (one working day):
a transfer-in requested, a case opened there, or the conference held. Under one of `conference_plans` its transfer-in
conference is due `conference_within` (fifteen working days) of what starts the clock. Both are one alert, which goes
on until both are answered. What was done before the move, in the same time that the case was open, counts; a family
that moves again before something was due is asked about from its new move.

Areas start "fifteen working days" at five different moments; `clock` names the record that the contract has for it:

- `transfer_in_requested`: the referral received; or the written notification, or the written information, received.
  The contract does not say how a request was made, nor what papers came with it, so the three are one here;
- `case_opened_there`: the referral accepted, as far as the other area's opening of a case shows it;
- `address_changed`: the move itself; no area's rule, but one that runs even if nobody asks.

The fifth, notification with an agreement that the move is permanent, has no record: choose one of the first two.

Derived from the council's answer in Sunderland: what is lost between teams is lost between areas too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from baton.rules.deadline import Met, answered_in_time, first, gravest
from baton.rules.facts import (
    AddressChanged,
    CaseClosed,
    CaseOpened,
    TransferInConferenceHeld,
    TransferInRequested,
)
from baton.rules.holding import held_case
from baton.rules.policy import Limit
from baton.rules.rule import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from baton.rules.chronology import Chronology
    from baton.rules.facts import Fact
    from baton.rules.holding import HeldCase
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy, Terms

SLUG = "moved-area-without-transfer-in"
_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Move:
    """One move out of the area: what told it, from when an answer counts, and when the family moved again."""

    trigger: AddressChanged | CaseClosed
    since: datetime
    until: datetime | None


def judge(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
    """Ask of each move of this case's family out of the area whether the case went with it."""
    if not told.of(AddressChanged) and not told.of(CaseClosed):
        return
    case = held_case(told)
    for move in _moves_out(case, told, policy):
        trigger = move.trigger
        terms = policy.terms(SLUG, trigger.occurred_at, trigger.authority)
        requested = [each for each in told.of(TransferInRequested) if _is_about(each, case)]
        held = [each for each in told.of(TransferInConferenceHeld) if _is_about(each, case)]
        opened = _opened_there(case, trigger, told)
        asked = _met(
            move,
            [*requested, *held, *opened],
            terms.due_after(trigger.occurred_at),
            told=told,
            now=now,
            terms=terms,
        )
        clocks, missing = [asked], [] if asked.answer else ["TransferInRequested"]
        starts: dict[str, list[Fact]] = {
            "address_changed": [trigger],
            "transfer_in_requested": [*requested],
            "case_opened_there": [*opened],
        }
        start = first(starts[terms.text("clock")], move.since)
        if start is not None and case.plan(trigger.occurred_at) in terms.words("conference_plans"):
            due_at = terms.due_after(start.occurred_at, "conference_within")
            conference = _met(move, [*held], due_at, told=told, now=now, terms=terms)
            clocks.append(conference)
            missing += [] if conference.answer else ["TransferInConferenceHeld"]
        yield finding(
            SLUG,
            trigger.occurred_at,
            told,
            gravest(clocks),
            terms,
            trigger=(trigger,),
            evidence=tuple(each.answer for each in clocks if each.answer is not None),
            missing=tuple(missing),
            team=case.team(trigger.occurred_at),
        )


def _met(  # noqa: PLR0913 (a deadline is all of these, and each has a name)
    move: _Move,
    answers: list[Fact],
    due_at: datetime,
    *,
    told: Chronology,
    now: datetime,
    terms: Terms,
) -> Met:
    met = answered_in_time(
        answers,
        since=move.since,
        due_at=due_at,
        now=now,
        told=told,
        terms=terms,
        authority=move.trigger.authority,
    )
    moved_again = move.until is not None and move.until <= due_at
    return Met("not-asked", due_at) if moved_again and met.reason != "answered" else met


def _moves_out(case: HeldCase, told: Chronology, policy: Policy) -> Iterator[_Move]:
    """Give each move of the family to another area while the case was open."""
    moves: list[AddressChanged] = []
    for each in told.of(AddressChanged):
        is_new = not moves or moves[-1].to_authority != each.to_authority
        if is_new and _is_about(each, case):
            moves.append(each)
    for place, move in enumerate(moves):
        if not _is_out(move, case) or not case.is_open(move.occurred_at):
            continue
        before = moves[place - 1].occurred_at if place else _EVER
        after = moves[place + 1].occurred_at if place + 1 < len(moves) else None
        yield _Move(move, max(before, case.opened_at(move.occurred_at) or _EVER), after)
    for closed in case.closings:
        terms = policy.terms(SLUG, closed.occurred_at, closed.authority)
        opened_at = case.opened_at(closed.occurred_at) or _EVER
        told_of = any(
            opened_at <= move.occurred_at <= closed.occurred_at and _is_out(move, case)
            for move in moves
        )
        if closed.reason in terms.words("closure_reasons") and not told_of:
            yield _Move(closed, opened_at, None)


def _is_out(move: AddressChanged, case: HeldCase) -> bool:
    """Say whether a move left the area that has the case; one to an area that nobody stated is taken to."""
    return move.to_authority != (case.authority or move.authority)


def _is_about(
    fact: AddressChanged | TransferInRequested | TransferInConferenceHeld, case: HeldCase
) -> bool:
    return fact.case == case.case_id or not set(fact.people).isdisjoint(case.people)


def _opened_there(
    case: HeldCase, trigger: AddressChanged | CaseClosed, told: Chronology
) -> list[CaseOpened]:
    """Return the cases that another area opened for a person of the case; that of the move, if it was stated."""
    there = trigger.to_authority if isinstance(trigger, AddressChanged) else None
    return [
        each
        for each in told.of(CaseOpened)
        if not set(each.people).isdisjoint(case.people)
        and each.authority != (case.authority or trigger.authority)
        and there in {None, each.authority}
    ]


RULE = Rule(
    slug=SLUG,
    version=2,
    catalogue="C10",
    reads="case",
    also_reads=frozenset({"person"}),
    triggers=frozenset({AddressChanged, CaseClosed, CaseOpened}),
    judge=judge,
    sentence="A family that moved to another area without the case being taken over there.",
    missing="a request to the other area to take the case over, or its conference",
    settings={
        "within": Limit,
        "conference_within": Limit,
        "conference_plans": tuple,
        "clock": str,
        "closure_reasons": tuple,
        "answered_by": str,
    },
)
