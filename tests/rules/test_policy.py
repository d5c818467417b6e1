"""What holds for a rule, on a day, in an area."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from baton.rules.policy import Limit, Line, Policy, Terms
from baton.rules.working_days import LONDON, WorkingDays
from tests.rules.told import POLICY

CHANGE = date(2015, 6, 1)


def policy_of(*lines: Line) -> Policy:
    """Give a policy of one rule."""
    return Policy(version="1", lines={"rule": lines}, calendar=WorkingDays(()))


def number(policy: Policy, moment: datetime, area: str = "local") -> int:
    """Ask for the one setting."""
    return policy.terms("rule", moment, area).number("n")


ALWAYS = Line(settings={"n": 1})
SINCE = Line(settings={"n": 2}, since=CHANGE)
HERE = Line(settings={"n": 3}, area="here")
HERE_SINCE = Line(settings={"n": 4}, since=CHANGE, area="here")


@pytest.mark.parametrize(
    ("moment", "area", "expected"),
    [
        (datetime(1980, 1, 1, tzinfo=LONDON), "local", 1),
        (datetime(2015, 5, 31, 23, 59, tzinfo=LONDON), "local", 1),
        (datetime(2015, 6, 1, tzinfo=LONDON), "local", 2),
        (datetime(2015, 5, 31, tzinfo=LONDON), "here", 3),
        (datetime(2015, 6, 1, tzinfo=LONDON), "here", 4),
    ],
)
def test_later_dates_and_nearer_areas_override(moment: datetime, area: str, expected: int) -> None:
    """By the local date: half an hour after midnight in June is the new day; the lines stand in any order."""
    assert expected == number(policy_of(ALWAYS, SINCE, HERE, HERE_SINCE), moment, area)
    assert expected == number(policy_of(HERE_SINCE, HERE, SINCE, ALWAYS), moment, area)


def test_an_area_outweighs_a_later_date_for_everywhere() -> None:
    """What was agreed for an area holds there until it is changed there."""
    assert 3 == number(policy_of(ALWAYS, SINCE, HERE), datetime(2015, 7, 1, tzinfo=LONDON), "here")


def test_what_a_line_does_not_name_stays() -> None:
    """Lines override setting by setting."""
    policy = policy_of(Line(settings={"n": 1, "m": 1}), Line(settings={"m": 2}, since=CHANGE))
    terms = policy.terms("rule", datetime(2015, 7, 1, tzinfo=LONDON), "local")

    assert (1, 2) == (terms.number("n"), terms.number("m"))


def test_an_unknown_rule_is_an_error_of_ours() -> None:
    """The policy was checked against the register when it was read."""
    with pytest.raises(KeyError):
        POLICY.terms("no-such-rule", datetime(2015, 7, 1, tzinfo=LONDON), "local")


def test_settings_are_what_the_rule_says_they_are() -> None:
    """A rule that asks for another type has a fault, which must not pass for a deadline."""
    limit = Limit(elapsed=timedelta(days=1))
    terms = Terms({"within": limit, "n": 1, "word": "a", "words": ("a", "b")}, WorkingDays(()))

    assert (limit, 1, "a", ("a", "b")) == (
        terms.limit("within"),
        terms.number("n"),
        terms.text("word"),
        terms.words("words"),
    )
    for ask, name in (
        (terms.limit, "n"),
        (terms.number, "word"),
        (terms.text, "n"),
        (terms.words, "word"),
    ):
        with pytest.raises(AssertionError):
            ask(name)
    with pytest.raises(AssertionError):
        terms.due_after(datetime(2015, 7, 1, tzinfo=LONDON), "n")


def test_a_rule_that_awaits_no_answer_waits_for_nobody() -> None:
    """Then no feed's silence matters to it."""
    assert "" == Terms({}, WorkingDays(())).waits_for
    assert "housing" == Terms({"answered_by": "housing"}, WorkingDays(())).waits_for
