"""Scenarios and policies that nobody would write: read, or refused with every mistake; never another error."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baton.engine.policy_file import parse_policy
from baton.engine.toml_lines import MAX_DEPTH, MAX_LINE, MAX_TEXT, Mistakes, read_toml
from baton.replay.scenario import PolicyText, read_scenario
from baton.replay.silence import MAX_HEARTBEATS
from tests.hostile.garbage import SLOW, THOROUGH, refusal
from tests.rules.told import POLICY_TEXT

POLICY = PolicyText(POLICY_TEXT)
SCENARIOS = [
    path.read_text()
    for path in sorted((Path(__file__).parents[1] / "scenarios").glob("*.toml"))[::12]
]
WORDS = [
    *("", "[", "]", "{", "}", "=", ".", '"', "'", '"""', "\n", "\\", "#", "[[told]]", "[policy]"),
    *("inf", "-nan", "0001-01-01", "9999-12-31T23:59:59Z", "1901-01-01T00:00", "2198-12-31T23:59"),
    *('"2198-12-31T23:59"', '"1901-01-01T00:00"', "9" * 400, "-1", "true", "[]", "{}", "[[]]"),
    *('"\\ud800"', '"\\u0000"', "\x00", "é", "{ scheme = 1 }", "{ hours = 99999999999 }"),
    *("[[silent]]", 'from = "police"', 'after = "1901-01-01T00:00"', "working_days", "until"),
]
HEAD = 'title = "x"\nuntil = "2015-03-09T12:00"\n'


@st.composite
def spoilt(draw: st.DrawFn, right: list[str]) -> str:
    """Draw a text that was right, with some of its words replaced."""
    words = draw(st.sampled_from(right)).split(" ")
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(words) - 1))
        words[place] = draw(st.one_of(st.sampled_from(WORDS), st.text(max_size=5)))
    return " ".join(words)


def scenario(text: str) -> list[str]:
    """Read a scenario; give what is wrong with it."""
    try:
        read_scenario(text, "file", POLICY)
    except Mistakes as error:
        return [str(each) for each in error.mistakes]
    return []


@SLOW
@given(spoilt(SCENARIOS))
def test_what_was_a_scenario_once(text: str) -> None:
    """With its words in disorder."""
    scenario(text)


@SLOW
@given(spoilt([POLICY_TEXT]))
def test_what_was_a_policy_once(text: str) -> None:
    """The same of the policy."""
    refusal(lambda: parse_policy(text), Mistakes, most=20_000)


@THOROUGH
@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=4)), max_size=30))
def test_any_text(words: list[str]) -> None:
    """Whatever is in the file."""
    refusal(lambda: read_toml(" ".join(words), "file"), Mistakes)


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 2_000,
        "x = " + "[" * 1_000 + "]" * 1_000,
        "x = " + "{a = " * 400 + "1" + "}" * 400,
        ".".join("a" * (MAX_DEPTH + 1)) + " = 1",
        "[" + ".".join("a" * (MAX_DEPTH + 1)) + "]",
        "\n".join(".".join("a" * 1_000) + f".{n} = 1" for n in range(60)),
    ],
)
def test_a_file_nested_deeply(text: str) -> None:
    """Refused before the lines of its keys are counted: a key of a thousand parts has a thousand tables."""
    with pytest.raises(Mistakes):
        read_toml(text, "file")


def test_a_file_nested_as_deeply_as_it_may() -> None:
    """Far deeper than any scenario or policy is."""
    assert read_toml(".".join("a" * MAX_DEPTH) + " = 1", "file").data


@pytest.mark.parametrize(
    ("at", "past", "said"),
    [
        ("#" * (MAX_LINE - 1), "#" * (MAX_LINE + 1), "longer than"),
        ("#\n" * (MAX_TEXT // 2), "#\n" * (MAX_TEXT // 2 + 1), "longer than"),
    ],
)
def test_a_text_may_be_so_long(at: str, past: str, said: str) -> None:
    """In a line, and in all."""
    assert read_toml(at, "file").data == {}
    with pytest.raises(Mistakes, match=said):
        read_toml(past, "file")


def silent(after: str, until: str, end: str) -> str:
    """Give a scenario with a feed that was silent once, and is heard until the end."""
    return (
        f'title = "x"\nuntil = "{end}"\n[[silent]]\nfrom = "police"\n'
        f'after = "{after}"\nuntil = "{until}"\n'
    )


def test_a_silence_of_centuries_is_refused() -> None:
    """A feed that is heard for so long would need a million heartbeats."""
    text = silent("1925-01-01T00:00", "1925-02-01T00:00", "2190-01-01T00:00")

    assert any(str(MAX_HEARTBEATS) in each for each in scenario(text))
    assert [] == scenario(silent("2015-01-01T00:00", "2015-02-01T00:00", "2015-06-01T00:00"))


def test_the_first_year_that_a_scenario_may_have() -> None:
    """Whatever a policy's limit is, the heartbeat before a silence is within the contract's years."""
    longest = "[policy.rule.source-silent]\nwithin = { days = 3650 }\n"

    assert scenario(silent("1901-01-01T00:00", "1930-02-01T00:00", "1930-06-01T00:00") + longest)
    assert [] == scenario(
        silent("1915-01-01T00:00", "1930-02-01T00:00", "1930-06-01T00:00") + longest
    )


def test_a_long_word_is_not_said_again() -> None:
    """An error names what is wrong, and does not bring a megabyte of it to the terminal."""
    long = "p" * 3_000
    text = f'{HEAD}rules = ["{long}"]\n[[told]]\nat = "2015-03-02T21:40"\nfrom = "{long}"\nevent = "{long}"\n'

    for each in scenario(text + f"{long} = 1\n"):
        assert len(each) < 2_000
