"""C3: open items lost in a transfer; what the scenarios leave out."""

from __future__ import annotations

from dataclasses import replace

from baton.rules.handover_details_lost import RULE
from tests.rules.told import DAY, HOUR, NOON, accepted, findings, handover, judged, request


def test_every_offer_before_the_acceptance_counts_and_none_after_it() -> None:
    """What was once named as open stays so until it is carried or closed."""
    told = [
        replace(request(NOON), open_items=("due-date", "risk-flag")),
        replace(request(NOON + HOUR), open_items=("due-date",)),
        accepted(NOON + DAY),
        replace(request(NOON + DAY + HOUR), open_items=("review",)),
        replace(handover(NOON + DAY + HOUR), open_items=("due-date",)),
    ]

    (found,) = findings(RULE, "case-1", NOON + 3 * DAY, *told)

    assert ("overdue", ("risk-flag",), "team-1") == (found.reason, found.missing, found.team)


def test_an_acceptance_without_an_offer_asks_nothing() -> None:
    """Nobody named anything as open; once the offer is heard it is asked again."""
    assert {"transfer-1": "answered"} == judged(RULE, "case-1", NOON + 3 * DAY, accepted(NOON))
    assert {} == judged(RULE, "case-1", NOON + 3 * DAY, request(NOON))
