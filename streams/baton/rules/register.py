"""The register: every rule that baton judges, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules import (
    block_transfer,
    handover_incomplete,
    incident_closed_unreferred,
    pregnancy_learned_late,
    source_silent,
    transfer_not_accepted,
    unreferred_incident,
)

if TYPE_CHECKING:
    from baton.rules.rule import Rule

RULES: dict[str, Rule] = {
    rule.slug: rule
    for rule in (
        unreferred_incident.RULE,
        incident_closed_unreferred.RULE,
        pregnancy_learned_late.RULE,
        transfer_not_accepted.RULE,
        handover_incomplete.RULE,
        block_transfer.RULE,
        source_silent.RULE,
    )
}
