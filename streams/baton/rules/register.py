"""The register: every rule that baton judges, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules import (
    adult_checks_missing,
    assessment_overdue,
    assessment_without_analysis,
    block_transfer,
    bulk_accepted_unread,
    case_without_worker,
    closed_on_report_alone,
    closed_without_visit,
    closure_unchallenged,
    closure_without_safety_rationale,
    contradictory_records,
    family_not_contacted,
    feedback_without_rationale,
    handover_details_lost,
    handover_incomplete,
    incident_closed_incomplete,
    incident_closed_unreferred,
    midwifery_not_told,
    no_visit_after_transfer,
    non_engagement_unreviewed,
    notification_not_recorded,
    notification_not_triaged,
    pregnancy_learned_late,
    prior_unverified_closure,
    referrer_not_heard,
    referrer_not_told,
    signed_off_incomplete,
    source_silent,
    team_closed_open_cases,
    transfer_not_accepted,
    triage_without_threshold,
    unreferred_incident,
    worker_left_open_cases,
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
        adult_checks_missing.RULE,
        referrer_not_told.RULE,
        referrer_not_heard.RULE,
        feedback_without_rationale.RULE,
        triage_without_threshold.RULE,
        contradictory_records.RULE,
        handover_details_lost.RULE,
        case_without_worker.RULE,
        worker_left_open_cases.RULE,
        team_closed_open_cases.RULE,
        bulk_accepted_unread.RULE,
        no_visit_after_transfer.RULE,
        prior_unverified_closure.RULE,
        source_silent.RULE,
    )
}
