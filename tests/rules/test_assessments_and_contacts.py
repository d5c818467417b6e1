"""B2, B7, B12, B13, B6, B11, B14: what scenarios do not reach, because the engine never asks it."""

from __future__ import annotations

from datetime import date, datetime

from baton.rules import (
    assessment_overdue,
    assessment_without_analysis,
    deadline_driven_closures,
    family_not_contacted,
    non_engagement_unreviewed,
    prior_unverified_closure,
)
from baton.rules.facts import (
    AssessmentAuthorised,
    AssessmentStarted,
    CaseClosed,
    CaseOpened,
    NonEngagementReviewed,
    SupervisionRecorded,
    VisitAttempted,
)
from baton.rules.months import month_end, month_of
from tests.rules.told import (
    DAY,
    HOUR,
    NOON,
    birth,
    booking,
    ended,
    findings,
    judged,
    of_case,
    policy_with,
)


def test_supervision_answers_only_where_policy_says_so() -> None:
    """An area may hold that a supervision entry reaches nobody."""
    contact_alone = policy_with("[rule.family-not-contacted]\nsupervision_answers = false")
    told = [of_case(CaseOpened), of_case(SupervisionRecorded, 1)]
    rule, now = family_not_contacted.RULE, NOON + 7 * DAY

    assert {"2015-03-02": "answered"} == judged(rule, "case-1", now, *told)
    assert {"2015-03-02": "overdue"} == judged(rule, "case-1", now, *told, policy=contact_alone)


def test_each_step_tells_its_own_roles() -> None:
    """The team manager at five working days, the head of service first at ten."""
    rule = family_not_contacted.RULE
    (first,) = findings(rule, "case-1", NOON + 7 * DAY, of_case(CaseOpened))
    (second,) = findings(rule, "case-1", NOON + 14 * DAY, of_case(CaseOpened))

    assert (("team_manager",), 2, NOON + 14 * DAY) == (first.tell, first.severity, first.wake_at)
    assert (("head_of_service", "team_manager"), 1, None) == (
        second.tell,
        second.severity,
        second.wake_at,
    )
    assert first.alert_id == second.alert_id
    assert first.due_at == second.due_at == NOON + 7 * DAY


def test_a_closed_case_comes_to_no_further_step() -> None:
    """Closed between the two: it stays at the first, and time alone changes nothing more."""
    told = [of_case(CaseOpened), of_case(CaseClosed, 8)]

    (found,) = findings(family_not_contacted.RULE, "case-1", NOON + 9 * DAY, *told)

    assert ("overdue", 2, None) == (found.reason, found.severity, found.wake_at)


def test_a_warning_wakes_at_the_next() -> None:
    """Ten, twenty, 35, 45 working days; after the last nothing is left to wait for."""
    told = of_case(AssessmentStarted, assessment="assessment-1")
    now: datetime | None = NOON
    wakes = []
    while now is not None:
        (found,) = findings(assessment_overdue.RULE, "case-1", now, told)
        wakes.append((found.reason, found.severity))
        now = found.wake_at

    assert [
        ("waiting", 4),
        ("due-soon", 4),
        ("due-soon", 3),
        ("due-soon", 3),
        ("overdue", 2),
    ] == wakes


def test_other_cases_of_the_family_are_theirs() -> None:
    """What names another case asks and answers nothing of this one."""
    others = [
        of_case(AssessmentStarted, assessment="assessment-2", case="case-2"),
        of_case(AssessmentAuthorised, assessment="assessment-2", case="case-2"),
        *(of_case(VisitAttempted, day, case="case-2") for day in (0, 1, 2)),
        of_case(NonEngagementReviewed, 3, case="case-2"),
    ]
    now = NOON + 99 * DAY

    for module in (assessment_overdue, assessment_without_analysis, non_engagement_unreviewed):
        assert {} == judged(module.RULE, "case-1", now, *others)


def test_a_look_back_asks_nothing_of_another_womans_booking() -> None:
    """Two women of one case: each has her own question."""
    told = [
        of_case(CaseOpened, people=("woman-1", "woman-2")),
        of_case(CaseClosed, 10, evidence=("report_of_parent",)),
        booking(NOON + 20 * DAY, who="woman-2"),
        birth(NOON + 30 * DAY, who="woman-2"),
    ]
    rule, now = prior_unverified_closure.RULE, NOON + 31 * DAY

    assert {} == judged(rule, "woman-1", now, *told)
    assert {"family": "overdue"} == judged(rule, "woman-2", now, *told)


def test_a_sign_off_of_a_case_that_nobody_told_of_is_no_teams() -> None:
    """Without an opening, an allocation or a transfer it cannot be told which team held it."""
    told = of_case(AssessmentAuthorised, assessment="assessment-1")

    assert {} == judged(deadline_driven_closures.RULE, "team-1", NOON + 60 * DAY, told)


def test_months_are_local() -> None:
    """The last hour of March by London's clock is still March, and December is followed by January."""
    end_of_march = month_end("2015-03")

    assert "2015-03" == month_of(end_of_march - HOUR / 60)
    assert "2015-04" == month_of(end_of_march)
    assert date(2016, 1, 1) == month_end("2015-12").date()


def test_what_was_lost_before_an_assessment_began_keeps_no_other_open() -> None:
    """Two women of an unborn child's case had booked; one lost hers before the assessment began, the other after."""
    both = ("woman-1", "sister-1")
    told = [
        booking(NOON - DAY),
        booking(NOON - DAY, who="sister-1"),
        of_case(CaseOpened, people=both, unborn=True, referral="ref-1"),
        ended(NOON + 2 * DAY),
        of_case(AssessmentStarted, 5, assessment="assessment-1"),
    ]
    rule, later = assessment_overdue.RULE, NOON + 100 * DAY

    assert {"overdue"} == set(judged(rule, "case-1", later, *told).values())
    lost = ended(NOON + 8 * DAY, who="sister-1")
    assert {"not-asked"} == set(judged(rule, "case-1", later, *told, lost).values())
