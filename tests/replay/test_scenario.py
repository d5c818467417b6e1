"""Reading scenario files: to the letter of the design, and every mistake with its line."""

# ruff: noqa: E501 (a row of a table of mistakes is one line)

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baton.contract import codec
from baton.engine.toml_lines import Mistake, Mistakes
from baton.replay.scenario import Scenario
from baton.rules.register import RULES

Read = Callable[[str], Scenario]
Wrong = Callable[[str], list[str]]

SHORT = """\
title = "A row in the summer"
until = "2026-07-09T12:00"

[[told]]
at = "2026-07-02T21:40"
event = "IncidentRecorded"
from = "police"
incident = "inc-1"
people = [{ person = "woman-1", role = "victim", pregnancy = "pregnant" }, "man-1"]
"""


def test_a_scenario_is_read_as_the_design_says(read: Read) -> None:
    """Local times, short ids, defaults of the contract and of the scenario."""
    scenario = read(SHORT)
    (told,) = scenario.told
    summer = datetime(2026, 7, 2, 20, 40, tzinfo=UTC)

    assert scenario.until == datetime(2026, 7, 9, 11, tzinfo=UTC)
    assert scenario.rules == frozenset(RULES)
    assert not scenario.others_allowed
    assert told.received_at == summer
    assert told.topic == "domestic-incidents"
    assert told.fields == codec.complete(
        "IncidentRecorded",
        {
            "event_id": "told-0",
            "occurred_at": summer,
            "recorded_at": summer,
            "agency": "police",
            "incident": "inc-1",
            "people": [
                {
                    "person": {"scheme": "scenario", "value": "woman-1"},
                    "role": "victim",
                    "pregnancy": "pregnant",
                },
                {"person": {"scheme": "scenario", "value": "man-1"}},
            ],
        },
    )


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ('"2026-07-02T21:40"', "2026-07-02T20:40:00+00:00"),
        ('"2026-07-02 21:40:30"', "2026-07-02T20:40:30+00:00"),
        ('"2026-07-02T21:40Z"', "2026-07-02T21:40:00+00:00"),
        ('"2026-07-02T21:40:00+02:00"', "2026-07-02T19:40:00+00:00"),
        ("2026-07-02T21:40:00", "2026-07-02T20:40:00+00:00"),
        ("2026-07-02 21:40:00Z", "2026-07-02T21:40:00+00:00"),
        ('"2026-01-02T21:40"', "2026-01-02T21:40:00+00:00"),
        ('"2026-03-29T01:30"', "2026-03-29T01:30:00+00:00"),
        ('"2026-10-25T01:30"', "2026-10-25T00:30:00+00:00"),
    ],
)
def test_a_time_is_local_unless_it_has_an_offset(read: Read, written: str, moment: str) -> None:
    """Text or TOML date-time; one that a clock change skips or repeats is read as before the change."""
    (told,) = read(SHORT.replace('"2026-07-02T21:40"', written)).told

    assert told.fields["occurred_at"].isoformat() == moment


def test_what_is_recorded_or_received_later_is_told_later(read: Read) -> None:
    """`recorded` and `received` have their own times, and the order is that of hearing."""
    scenario = read(
        SHORT.replace(
            'from = "police"',
            'from = "police"\nrecorded = "2026-07-03T08:00"\nreceived = "2026-07-04T08:00"',
        )
        + """
[[told]]
at = "2026-07-03T09:00"
event = "PregnancyBooked"
from = "midwifery"
event_id = "event-9"
authority = "rutland"
person = { scheme = "nhs", value = "9990000018" }
due_date = 2026-12-24
"""
    )
    booking, incident = scenario.told

    assert booking.record == "PregnancyBooked"
    assert booking.fields["event_id"] == "event-9"
    assert booking.fields["authority"] == "rutland"
    assert booking.fields["person"] == {"scheme": "nhs", "value": "9990000018"}
    assert booking.fields["due_date"] == date(2026, 12, 24)
    assert incident.fields["recorded_at"] == datetime(2026, 7, 3, 7, tzinfo=UTC)
    assert incident.received_at == datetime(2026, 7, 4, 7, tzinfo=UTC)


def test_a_date_may_be_text(read: Read) -> None:
    """A due date in quotes is a due date."""
    booking = '\n[[told]]\nat = "2026-07-03T09:00"\nevent = "PregnancyBooked"\nfrom = "midwifery"\n'
    scenario = read(SHORT + booking + 'person = "woman-1"\ndue_date = "2026-12-24"\n')

    assert scenario.told[1].fields["due_date"] == date(2026, 12, 24)


def test_a_person_alone_may_be_an_id_of_another_scheme(read: Read) -> None:
    """`{scheme, value}` stands wherever a person's short id may."""
    nhs = '{ scheme = "nhs", value = "9990000018" }'
    (told,) = read(SHORT.replace('"man-1"', nhs)).told

    assert told.fields["people"][1]["person"] == {"scheme": "nhs", "value": "9990000018"}


def test_policy_lines_of_a_scenario_hold_in_it(read: Read) -> None:
    """`[policy]` overrides what it names, and nothing else."""
    scenario = read(SHORT + "\n[policy.rule.block-transfer]\ncases = 3\n")
    terms = scenario.policy.terms("block-transfer", scenario.until, "local")

    assert terms.number("cases") == 3
    assert terms.severity == 2


def test_expectations_are_read(read: Read) -> None:
    """Each part of an `[[expect]]` block is kept, with its line."""
    scenario = read(
        SHORT
        + """
[[expect]]
alert = "unreferred-incident"
about = "woman-1"
at = "2026-07-03T21:40"
status = "raised"
reason = "overdue"
severity = 1
due_at = "2026-07-03T21:40"
members = []
"""
    )
    (expected,) = scenario.expected
    due = datetime(2026, 7, 3, 20, 40, tzinfo=UTC)

    assert (expected.line, expected.alert, expected.about) == (11, "unreferred-incident", "woman-1")
    assert (expected.at, expected.due_at, expected.after) == (due, due, None)
    assert (expected.status, expected.reason, expected.severity) == ("raised", "overdue", 1)
    assert expected.members == frozenset()


@pytest.mark.parametrize(
    ("right", "wrongly", "said"),
    [
        ('until = "2026-07-09T12:00"\n', "", "x.toml:1: until: is missing"),
        ('until = "2026-07-09T12:00"', "until = 2026-07-09", "x.toml:2: until: must be a date and a time"),
        ('at = "2026-07-02T21:40"\n', "", "x.toml:4: told[0].at: is missing"),
        ('"2026-07-02T21:40"', '"2026-07-32T21:40"', "x.toml:5: told[0].at: must be a date and a time"),
        ('"2026-07-02T21:40"', '"1066-07-02T21:40"', "x.toml:5: told[0].at: must be a date and a time"),
        ('event = "IncidentRecorded"\n', "", "x.toml:4: told[0].event: is missing"),
        ("IncidentRecorded", "IncidentRecord", "x.toml:6: told[0].event: is no event of the contract; did you mean IncidentRecorded?"),
        ("IncidentRecorded", "Tick", "x.toml:6: told[0].event: is no event of the contract"),
        ("IncidentRecorded", "Alert", "x.toml:6: told[0].event: is no event of the contract"),
        ('from = "police"\n', "", "x.toml:4: told[0].from: is missing"),
        ("police", "polic", "x.toml:7: told[0].from: must be an agency of the contract; did you mean police?"),
        ('incident = "inc-1"\n', "", "x.toml:4: told[0].incident: is missing"),
        ('incident = "inc-1"', "incident = 1", "x.toml:8: told[0].incident: must be text"),
        ('incident = "inc-1"', 'incident = "inc-1"\npregnancy = "pregnant"', "x.toml:9: told[0].pregnancy: IncidentRecorded has no such field"),
        ('incident = "inc-1"', 'incident = "inc-1"\noccurred_at = 3', "x.toml:9: told[0].occurred_at: is written as `at` in a scenario"),
        ('incident = "inc-1"', 'incident = "inc-1"\nreceived = "2026-07-02T21:39"', "x.toml:9: told[0].received: is earlier than `at`"),
        ('"victim"', '"victm"', "x.toml:9: told[0].people[0].role: must be one of victim, "),
        ("role =", "roel =", "x.toml:9: told[0].people[0].roel: Party has no such field; did you mean role?"),
        ('"man-1"', '{ scheme = "nhs", value = "9990000019" }', "x.toml:9: told[0].people[1].person.value: not an NHS number"),
        ('"man-1"', "3", "x.toml:9: told[0].people[1]: must be an object"),
        ("title =", "titel =", "x.toml:1: titel: is not known here; did you mean title?"),
        ("title =", 'others = "deny"\ntitle =', 'x.toml:1: others: must be "allow", or left out'),
        ("title =", 'rules = ["unreferred"]\ntitle =', "x.toml:1: rules[0]: unreferred: there is no such rule; did you mean"),
        ("title =", "rules = []\ntitle =", "x.toml:1: rules: must be a list of rules"),
        ("title =", "policy = 3\ntitle =", "x.toml:1: policy: must be a table"),
        ("[[told]]", "[told]", "x.toml:4: told: must be written as [[told]]"),
        ("[[told]]", "[policy.rule.block-transfer]\ncases = 0\n[[told]]", "x.toml:5: policy.rule.block-transfer.cases: must be a whole number"),
        ("[[told]]", '[[silent]]\nfrom = "housing"\n[[told]]', "x.toml:4: silent[0].after: is missing"),
        ("[[told]]", '[[silent]]\nafter = "2026-07-02T10:00"\n[[told]]', "x.toml:4: silent[0].from: is missing"),
        ("[[told]]", '[[silent]]\nfrom = "housing"\nafter = "2026-07-02T10:00"\nuntil = "2026-07-02T10:00"\n[[told]]', "x.toml:7: silent[0].until: must be later than `after`"),
        ("[[told]]", '[[expect]]\nabout = "woman-1"\n[[told]]', "x.toml:4: expect[0].alert: is missing"),
        ("[[told]]", '[[expect]]\nalert = "unreferred-incident"\n[[told]]', "x.toml:4: expect[0].about: is missing"),
        ("[[told]]", '[[expect]]\nabout = "x"\nalert = "unreferred"\n[[told]]', "x.toml:6: expect[0].alert: there is no such rule; did you mean unreferred-incident?"),
        ("[[told]]", '[[expect]]\nabout = "x"\nalert = "block-transfer"\nstatus = "open"\n[[told]]', "x.toml:7: expect[0].status: must be one of raised"),
        ("[[told]]", '[[expect]]\nabout = "x"\nalert = "block-transfer"\nseverity = [9]\n[[told]]', "x.toml:7: expect[0].severity: must be from 1 to 4"),
        ("[[told]]", '[[expect]]\nabout = "x"\nalert = "block-transfer"\nmembers = 3\n[[told]]', "x.toml:7: expect[0].members: must be a list of ids"),
        ("[[told]]", '[[expect]]\nabout = "x"\nalert = "block-transfer"\nraised = 3\n[[told]]', "x.toml:7: expect[0].raised: is not known here"),
        ("[[told]]", "[[told", "x.toml:4: is not TOML"),
    ],
)  # fmt: skip
def test_a_mistake_names_line_and_field(wrong: Wrong, right: str, wrongly: str, said: str) -> None:
    """One thing wrong is one message that says where and what."""
    assert right in SHORT
    found = wrong(SHORT.replace(right, wrongly, 1))

    assert len(found) == 1, found
    assert found[0].startswith(said)


def test_all_mistakes_are_found_at_once(wrong: Wrong) -> None:
    """Also several within one block: each field that is wrong is named."""
    text = """\
until = "soon"
[[told]]
at = "2026-07-02T21:40"
event = "PregnancyBooked"
from = "midwifery"
due_date = "24 December"
pregnant = true
authority = 3
"""
    assert [line.split(":")[1:3] for line in wrong(text)] == [
        ["1", " until"],
        ["2", " told[0].person"],
        ["6", " told[0].due_date"],
        ["7", " told[0].pregnant"],
        ["8", " told[0].authority"],
    ]


def test_a_wrong_nhs_number_is_not_repeated(wrong: Wrong) -> None:
    """A message may be logged; what identifies a person stays out of it."""
    (found,) = wrong(SHORT.replace('"man-1"', '{ scheme = "nhs", value = "9990000019" }'))

    assert "9990000019" not in found


ANY_VALUE = st.sampled_from(
    [
        *(
            "3",
            "-1",
            "1.5",
            "nan",
            "true",
            '""',
            '"x"',
            "[]",
            "[3]",
            "[[]]",
            "[{}]",
            "{}",
            "{ a = 1 }",
        ),
        *(
            "2015-03-02",
            "21:40:00",
            "0001-01-01T00:00:00",
            '"9999-12-31T23:59"',
            "99999999999999999999",
        ),
        *('{ scheme = "nhs" }', '{ scheme = "nhs", value = "1" }', "[{ person = {} }]"),
    ]
)
ANY_KEY = st.sampled_from(
    [
        "title",
        "until",
        "rules",
        "others",
        "policy",
        "told",
        "silent",
        "expect",
        "at",
        "event",
        "from",
        "incident",
        "people",
        "received",
        "recorded",
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(ANY_KEY, ANY_VALUE, min_size=1), st.integers(0, 8))
def test_whatever_a_file_holds_nothing_but_mistakes_is_raised(
    read: Read, lines: dict[str, str], place: int
) -> None:
    """Any value in any place is either read or named as a mistake, with its line."""
    text = SHORT.split("\n")
    text[place:place] = [f"{key} = {value}" for key, value in lines.items()]
    found: tuple[Mistake, ...] = ()
    try:
        read("\n".join(text))
    except Mistakes as error:
        found = error.mistakes

    assert all(mistake.line >= 1 and mistake.message for mistake in found)
