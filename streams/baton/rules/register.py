"""The register: every rule that baton judges, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules import (
    assessment_overdue,
    assessment_without_analysis,
    block_transfer,
    closed_on_report_alone,
    closed_without_visit,
    closure_unchallenged,
    closure_without_safety_rationale,
    family_not_contacted,
    handover_incomplete,
    incident_closed_incomplete,
    incident_closed_unreferred,
    midwifery_not_told,
    non_engagement_unreviewed,
    notification_not_recorded,
    notification_not_triaged,
    pregnancy_learned_late,
    signed_off_incomplete,
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
        incident_closed_incomplete.RULE,
        notification_not_recorded.RULE,
        notification_not_triaged.RULE,
        midwifery_not_told.RULE,
        family_not_contacted.RULE,
        non_engagement_unreviewed.RULE,
        assessment_overdue.RULE,
        assessment_without_analysis.RULE,
        closed_without_visit.RULE,
        closed_on_report_alone.RULE,
        signed_off_incomplete.RULE,
        closure_without_safety_rationale.RULE,
        closure_unchallenged.RULE,
        source_silent.RULE,
    )
}
