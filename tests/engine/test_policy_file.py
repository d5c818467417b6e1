"""Reading policy.toml: what holds when and where, and every mistake at once."""

# ruff: noqa: E501 (a row of a table of mistakes is one line)

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from baton.contract import codec
from baton.engine.policy_file import CODES, PolicyErrors, Value, holding, parse_policy, plain
from baton.engine.toml_lines import read_toml
from baton.rules.policy import Limit
from baton.rules.register import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = (Path(__file__).parents[2] / "policy.toml").read_text(encoding="utf-8")
SPRING_2026 = datetime(2026, 3, 2, 12, tzinfo=UTC)
SPRING_2028 = datetime(2028, 3, 2, 12, tzinfo=UTC)


def mistakes_of(text: str, overrides: str | None = None) -> list[str]:
    """Return what is wrong with a policy, as people read it."""
    with pytest.raises(PolicyErrors) as raised:
        parse_policy(text, overrides=overrides)
    return [str(mistake) for mistake in raised.value.mistakes]


def line_of(text: str, part: str) -> int:
    """Return the line, from 1, on which a part of the text stands."""
    return text[: text.index(part)].count("\n") + 1


def test_the_policy_in_the_repository_is_right() -> None:
    """It has a block for every rule, with every setting the rule asks for."""
    policy = parse_policy(TEXT)

    assert set(policy.lines) == set(RULES)
    for slug, rule in RULES.items():
        settings = policy.terms(slug, SPRING_2026, "local").settings
        assert {"basis", "severity", "tell", "responsible", *rule.settings} == set(settings)


def test_the_limits_are_as_written() -> None:
    """Working days with a cap, days and hours become limits; the rest words and numbers."""
    policy = parse_policy(TEXT)
    incident = policy.terms("unreferred-incident", SPRING_2026, "local")

    assert incident.limit("within") == Limit(working_days=1, cap=timedelta(hours=72))
    assert incident.responsible == ("police", "public_protection_supervisor")
    assert incident.severity == 1
    assert policy.keep == timedelta(days=731)
    assert policy.terms("block-transfer", SPRING_2026, "local").limit(
        "within"
    ).elapsed == timedelta(days=7)


def test_a_dated_line_holds_from_its_day_and_a_local_one_in_its_area() -> None:
    """What a line names is overridden, from its day or in its area; what it does not name stays."""
    dated = """
[[rule.block-transfer.from]]
date = 2027-01-01
cases = 4
[[rule.block-transfer.from]]
area = "rutland"
cases = 3
"""
    policy = parse_policy(TEXT + dated)

    def cases(at: datetime, area: str) -> int:
        return policy.terms("block-transfer", at, area).number("cases")

    assert [
        cases(SPRING_2026, "local"),
        cases(SPRING_2028, "local"),
        cases(SPRING_2026, "rutland"),
        cases(SPRING_2028, "rutland"),
    ] == [5, 4, 3, 3]
    assert policy.terms("block-transfer", SPRING_2028, "rutland").severity == 2


def test_bank_holidays_may_be_added_and_removed() -> None:
    """A day that the partnership names is no working day, and one that it takes back is one."""
    text = TEXT.replace("add    = []", 'add = [2026-07-20, "2026-07-21"]').replace(
        "remove = []", "remove = [2026-08-31]"
    )
    calendar = parse_policy(text).calendar

    assert not calendar.is_working_day(date(2026, 7, 20))
    assert not calendar.is_working_day(date(2026, 7, 21))
    assert calendar.is_working_day(date(2026, 8, 31))


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("[rule.block-transfer]", "[rule.block-transfr]", "rule.block-transfr: there is no such rule; did you mean block-transfer?"),
        ("cases       = 5", "casez = 5", "rule.block-transfer.casez: the rule has no such setting; did you mean cases?"),
        ("cases       = 5", "cases = true", "rule.block-transfer.cases: must be a whole number, 1 or more"),
        ("cases       = 5", "cases = 0", "rule.block-transfer.cases: must be a whole number, 1 or more"),
        ("{ hours = 1 }", "{ hours = 1.5 }", "rule.source-silent.within: hours must be a whole number, 0 or more"),
        ("{ hours = 1 }", "{ hours = -1 }", "rule.source-silent.within: hours must be a whole number, 0 or more"),
        ("{ hours = 1 }", "{ hour = 1 }", "rule.source-silent.within: hour is no unit; did you mean hours?"),
        ("{ hours = 1 }", "{ hours = 1, days = 2 }", "rule.source-silent.within: must name exactly one of"),
        ("{ hours = 1 }", "{ cap_hours = 2 }", "rule.source-silent.within: must name exactly one of"),
        ("{ hours = 1 }", "{ hours = 1, cap_hours = 0 }", "rule.source-silent.within: cap_hours must be"),
        ("{ hours = 1 }", "{ hours = 99999999999999999999 }", "rule.source-silent.within: must be ten years at most"),
        ("{ hours = 1 }", "{ working_days = 99999 }", "rule.source-silent.within: working_days must be 2600 at most"),
        ("{ hours = 1 }", '"1 hour"', "rule.source-silent.within: must be a limit, such as"),
        ("within      = { hours = 1 }\n", "", "rule.source-silent.within: is missing"),
        ('"other/feed_operator"', '"feed_operator"', "rule.source-silent.responsible: must be an agency and a role"),
        ('"other/feed_operator"', '"othr/feed_operator"', "rule.source-silent.responsible: must be an agency and a role"),
        ('["feed_operator", "hub_manager"]', "[]", "rule.source-silent.tell: must be a list of words"),
        ('["feed_operator", "hub_manager"]', '["Hub Manager"]', "rule.source-silent.tell: must be words of small letters"),
        ('["no_children", "not_required"]', '["no_child"]', "rule.incident-closed-unreferred.reasons: must be one of"),
        ('basis       = "local"', 'basis = "law"', "rule.handover-incomplete.basis: must be one of statutory, local, ours"),
        ('version = "2026-11-23"', "version = 2026-11-23", "version: must be text"),
        ("keep_days = 731", "keep_days = 0", "keep_days: must be a whole number of days"),
        ("keep_days = 731", "keep_dayz = 731", "keep_dayz: is not known here; did you mean keep_days?"),
        ("add    = []", 'add = ["soon"]', "bank_holidays.add[0]: must be a date"),
        ("add    = []", "add = [2026-07-20, 2026-07-20]", "bank_holidays.add[1]: 2026-07-20 is named twice"),
        ("add    = []", 'add = "2026-07-20"', "bank_holidays.add: must be a list of dates"),
        ('["feed_operator", "hub_manager"]', '["hub_manager", "hub_manager"]', "rule.source-silent.tell: names a word twice"),
        ("add    = []", "ad = []", "bank_holidays.ad: is not known here"),
    ],
)  # fmt: skip
def test_a_mistake_names_file_line_and_field(right: str, wrong: str, said: str) -> None:
    """Whatever is wrong is said with where it is, and what it must be."""
    assert right in TEXT
    text = TEXT.replace(right, wrong)

    found = mistakes_of(text)

    assert any(said in each for each in found), found
    if wrong:
        assert any(each.startswith(f"policy.toml:{line_of(TEXT, right)}: ") for each in found), (
            found
        )


@pytest.mark.parametrize("severity", ["0", "5", "true", '"high"', "1.0"])
def test_a_severity_is_from_1_to_4(severity: str) -> None:
    """Nothing else is accepted, and the message says what the numbers mean."""
    text = TEXT.replace("severity    = 2", f"severity = {severity}", 1)

    assert "must be 1 (act now)" in mistakes_of(text)[0]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("cases = 4", "from[0]: needs a date, or an area, or both"),
        ("date = 2027-01-01", "from[0]: changes nothing"),
        ('date = "soon"\ncases = 4', "from[0].date: must be a date"),
        ("date = 2027-01-01T10:00:00\ncases = 4", "from[0].date: must be a date"),
        ("date = 2027-01-01\nitems = []", "from[0].items: the rule has no such setting"),
        ("area = 3\ncases = 4", "from[0].area: must be the name of an area"),
    ],
)
def test_a_dated_line_is_checked_too(line: str, said: str) -> None:
    """A line needs a day or an area, and overrides only what the rule has."""
    found = mistakes_of(f"{TEXT}\n[[rule.block-transfer.from]]\n{line}\n")

    assert any(said in each for each in found), found


def test_two_lines_of_one_day_and_area_are_a_mistake() -> None:
    """Which of the two would hold nobody could say."""
    line = "\n[[rule.block-transfer.from]]\ndate = 2027-01-01\ncases = 4\n"

    assert "has the date and area of an earlier line" in mistakes_of(TEXT + line + line)[0]


def test_every_mistake_is_found_at_once_in_the_order_of_the_file() -> None:
    """Three mistakes in three places are three messages."""
    text = TEXT.replace("keep_days = 731", "keep_days = -1").replace("cases       = 5", "cases = 0")
    with pytest.raises(PolicyErrors) as raised:
        parse_policy(text + "\n[rule.nothing-like-it]\n")

    assert [mistake.field for mistake in raised.value.mistakes] == [
        "keep_days",
        "rule.block-transfer.cases",
        "rule.nothing-like-it",
    ]


def test_a_text_that_is_no_toml_is_said_with_its_line() -> None:
    """A syntax error is a mistake of the policy like any other."""
    (found,) = mistakes_of("version = 1\nkeep_days = \n")

    assert found.startswith("policy.toml:2: is not TOML")


@pytest.mark.parametrize(
    "text", ["", "rule = 3", "rule = { block-transfer = 3 }", "bank_holidays = []"]
)
def test_a_policy_of_another_shape_raises_nothing_else(text: str) -> None:
    """An empty or misshapen file is answered with what is missing."""
    assert (
        any("every rule of the register needs its block" in each for each in mistakes_of(text))
        or text
    )


def test_overrides_hold_at_any_date_and_keep_the_rest() -> None:
    """What a scenario says without a date outweighs also the policy's own dated lines; the rest stays."""
    dated = "\n[[rule.block-transfer.from]]\ndate = 2027-01-01\ncases = 4\nseverity = 1\n"
    policy = parse_policy(TEXT + dated, overrides="[rule.block-transfer]\ncases = 3\n")

    later = policy.terms("block-transfer", SPRING_2028, "local")

    assert (later.number("cases"), later.severity) == (3, 1)
    assert policy.terms("block-transfer", SPRING_2026, "local").number("cases") == 3
    assert policy.version == "2026-11-23"


def test_a_dated_override_is_stronger_than_a_line_of_the_same_day() -> None:
    """It is one more line, and the last word on its day."""
    dated = "\n[[rule.block-transfer.from]]\ndate = 2027-01-01\ncases = 4\n"
    policy = parse_policy(TEXT + dated, overrides=dated.replace("4", "6"))

    assert policy.terms("block-transfer", SPRING_2028, "local").number("cases") == 6
    assert policy.terms("block-transfer", SPRING_2026, "local").number("cases") == 5


def test_overrides_may_add_a_bank_holiday_and_name_another_version() -> None:
    """The whole shape of the policy may be overridden, in part."""
    overrides = 'version = "trial"\n[bank_holidays]\nadd = [2026-07-20]\nremove = [2026-08-31]\n'
    policy = parse_policy(TEXT.replace("add    = []", "add = [2026-08-31]"), overrides=overrides)

    assert policy.version == "trial"
    assert not policy.calendar.is_working_day(date(2026, 7, 20))
    assert policy.calendar.is_working_day(date(2026, 8, 31))


def test_the_mistakes_of_overrides_name_their_own_file_and_line() -> None:
    """A mistake in a scenario's `[policy]` is the scenario's."""
    scenario = read_toml('title = "x"\n[policy.rule.block-transfer]\ncases = 0\n', "x.toml")

    with pytest.raises(PolicyErrors) as raised:
        parse_policy(TEXT, overrides=scenario.table("policy"))

    said = "x.toml:3: policy.rule.block-transfer.cases: must be a whole number, 1 or more"
    assert said == str(raised.value)


def test_what_holds_is_shown_in_words_with_since_when() -> None:
    """Each setting of a rule is a row, with the day and the area of the line it comes from."""
    dated = '\n[[rule.block-transfer.from]]\ndate = 2027-01-01\narea = "rutland"\ncases = 4\n'
    policy = parse_policy(TEXT + dated)

    rows = {
        row.setting: row for row in holding(policy, "block-transfer", date(2027, 1, 1), "rutland")
    }

    assert ("4", date(2027, 1, 1), "rutland") == (
        rows["cases"].value,
        rows["cases"].since,
        rows["cases"].area,
    )
    assert (
        rows["within"].value,
        rows["within"].since,
        rows["within"].area,
    ) == ("7 days", None, None)
    assert [
        row.value for row in holding(policy, "block-transfer", date(2026, 12, 31), "rutland")
    ].count("5") == 1


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Limit(working_days=1, cap=timedelta(hours=72)), "1 working day, at most 72 hours"),
        (Limit(working_days=2), "2 working days"),
        (Limit(elapsed=timedelta(days=7)), "7 days"),
        (Limit(elapsed=timedelta(minutes=90)), "90 minutes"),
        (Limit(elapsed=timedelta()), "0 seconds"),
        (("a", "b"), "a, b"),
        (True, "yes"),
        (3, "3"),
    ],
)
def test_a_setting_is_shown_in_words(value: Value, words: str) -> None:
    """A limit reads as people say it."""
    assert words == plain(value)


def test_the_coded_values_are_those_of_the_contract() -> None:
    """A code that the contract does not have could never match; one that it has can be agreed."""
    known = {codes for record in codec.record_names() for codes in enums(codec.schema(record))}

    ours, listed = {"basis", "clock"}, {"referral_sources"}
    assert {name for name, codes in CODES.items() if codes not in known} == ours | listed
    fields = codec.schema("ReferralReceived")["fields"]
    sources = next(each for each in fields if each["name"] == "source")
    assert CODES["referral_sources"] == tuple(sources["closed_list"])


def enums(kind: Any) -> Iterator[tuple[str, ...]]:
    """Give the codes of every enum within a schema."""
    match kind:
        case {"symbols": codes}:
            yield tuple(codes)
        case {"fields": fields}:
            for field in fields:
                yield from enums(field["type"])
        case {"items": items}:
            yield from enums(items)
        case list():
            for each in kind:
                yield from enums(each)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('["09:00", "17:00"]', '["17:00", "09:00"]', "life.working_hours: must be two local times"),
        ('["09:00", "17:00"]', "9", "life.working_hours: must be two local times"),
        (
            "[life.severity-4]",
            "[life.severity-5]",
            "life.severity-5: is not known here; did you mean",
        ),
        ("[life.severity-4]", "[life.severity-5]", "life.severity-4: is missing"),
        (
            "chased               = false ",
            "chased = 3 ",
            "life.severity-4.chased: must be true or false",
        ),
        (
            "{ minutes = 30 }  # of a first",
            "{ minutes = 0 }  # of a first",
            "must be more than nothing",
        ),
        (
            "silenced_at_most     = { days = 91 }",
            "",
            "life.severity-4.silenced_at_most: is missing",
        ),
        (
            "[role.reviewing_officer]",
            '[role."Jo Bloggs"]',
            "role.Jo Bloggs: must be words of small letters",
        ),
        (
            "[role.reviewing_officer]",
            "[role.reviewer]",
            "rule.moved-area-without-transfer-in.tell[2]: reviewing_officer has no block",
        ),
        ('agency        = "midwifery"', "", "role.named_midwife.agency: is missing"),
        (
            'agency        = "midwifery"',
            'agency = "midwives"',
            "role.named_midwife.agency: must be one of",
        ),
        (
            "sending_team_manager+receiving_team_manager",
            "hub_manager+hub_manager",
            "joined by +, each once",
        ),
        (
            "sending_team_manager+receiving_team_manager",
            "sending_team_manager+",
            "joined by +, each once",
        ),
    ],
)
def test_a_mistake_in_the_life_of_an_alert_is_found(right: str, wrong: str, said: str) -> None:
    """Hours, severities, limits and roles: each with where it is."""
    assert right in TEXT

    found = mistakes_of(TEXT.replace(right, wrong, 1))

    assert any(said in each for each in found), found


def test_what_is_no_table_of_lives_or_rules_is_found() -> None:
    """One mistake for it, and one for each part that is missing."""
    found = mistakes_of('version = "1"\nkeep_days = 1\nlife = 1\nrule = 2\nrole = 3')

    assert 2 == sum(
        "must be a table" in each
        for each in mistakes_of(TEXT, "life.severity-1 = 1\nrole.hub_manager = 1")
    )
    assert any(
        "must be words" in each
        for each in mistakes_of(
            TEXT, '[rule.deadline-lost-in-transfer]\nassessment_items = ["Any Thing"]'
        )
    )
    for line, name in enumerate(("life", "rule", "role"), start=3):
        assert any(
            each.startswith(f"policy.toml:{line}: {name}: must be a table") for each in found
        )


def test_a_scenario_may_change_a_role_or_bring_one_whole() -> None:
    """A part of one that is agreed; of one of its own nothing may lack."""
    text = '[role.hub_manager]\nworking_hours = true\n[role.desk]\nbasis = "ours"\nagency = "police"\nworking_hours = false\n[rule.block-transfer]\ntell = ["desk"]'
    policy = parse_policy(TEXT, overrides=text)

    assert (True, "childrens_social_care") == (
        policy.roles["hub_manager"].working_hours,
        policy.roles["hub_manager"].agency,
    )
    assert "police" == policy.roles["desk"].agency
    assert [
        "overrides:1: role.desk.basis: is missing",
        "overrides:1: role.desk.working_hours: is missing",
    ] == mistakes_of(TEXT, '[role.desk]\nagency = "police"')


def test_a_scenario_may_change_hours_and_limits() -> None:
    """For one severity, setting by setting."""
    policy = parse_policy(
        TEXT,
        overrides='[life]\nworking_hours = ["08:00", "20:00"]\n[life.severity-1]\nclose_needs_two = false',
    )
    terms = policy.terms("severity-1", SPRING_2026, "local")

    assert (8, 20) == (policy.opens.hour, policy.closes.hour)
    assert (False, True) == (terms.flag("close_needs_two"), terms.flag("chased"))


def test_what_holds_for_a_role_and_a_severity_can_be_asked() -> None:
    """One row for each setting, as for a rule."""
    policy = parse_policy(TEXT)

    role = {row.setting: row.value for row in holding(policy, "named_midwife", date(2026, 3, 2))}
    life = {row.setting: row.value for row in holding(policy, "severity-1", date(2026, 3, 2))}
    assert {"basis": "ours", "agency": "midwifery", "working_hours": "yes"} == role
    assert "30 minutes" == life["acknowledge_within"]
