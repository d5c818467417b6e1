"""The line of every key, compared with what tomllib reads."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from baton.engine.toml_lines import MAX_DEPTH, MAX_TEXT, Mistakes, lines_of, read_toml

HARD = '''
# a comment with [brackets] and = signs
title = "a # in text" # and a comment
[policy.rule."unreferred-incident"] # a quoted key
within = { working_days = 1, cap_hours = 72 }
"with = equals" = 'and [brackets]'
a.b.c = 1.5
when = 2015-03-02 21:40:00.5Z
text = """
[not.a.table]
key = "still text" \\""" ""
"""
raw = \'\'\'
[[nor]] 'this'\'\'\'
empty = ""
list = [ # items
  1, [2, 3],
  { person = "woman-1", roles = ["victim"] }, # with a comment
]
[[told]]
at = 1
[[told]]
at = 2
[[told.more]]
x = []
[told.more.inner]
y = {}
'''


def paths(value: Any, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    """Return the path of everything within a value that tomllib read."""
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    found = {path} if path else set()
    for key, each in inner:
        found |= paths(each, (*path, key))
    return found


def test_every_key_has_a_line_and_nothing_else_has() -> None:
    """The two walks through a hard text find the same keys, tables and items."""
    assert paths(tomllib.loads(HARD)) == set(lines_of(HARD))


@pytest.mark.parametrize("file", ["policy.toml", "pyproject.toml"])
def test_every_key_of_a_real_file_has_a_line(file: str) -> None:
    """The two walks through our own files find the same."""
    text = (Path(__file__).parents[2] / file).read_text(encoding="utf-8")

    assert paths(tomllib.loads(text)) == set(lines_of(text))


def test_the_line_is_the_one_on_which_the_key_stands() -> None:
    """A key's line is counted from 1, through comments and texts of several lines."""
    rows = HARD.split("\n")
    lines = lines_of(HARD)

    assert "within = " in rows[lines["policy", "rule", "unreferred-incident", "within"] - 1]
    assert "raw = " in rows[lines["policy", "rule", "unreferred-incident", "raw"] - 1]
    assert (
        "woman-1" in rows[lines["policy", "rule", "unreferred-incident", "list", 2, "person"] - 1]
    )
    assert "at = 2" in rows[lines["told", 1, "at"] - 1]
    assert "y = {}" in rows[lines["told", 1, "more", 0, "inner", "y"] - 1]


def test_windows_line_ends_count_as_one() -> None:
    """A file written on Windows has the same lines."""
    assert lines_of(HARD) == lines_of(HARD.replace("\n", "\r\n"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb = \n", 2),
        ("a = 1\n\n[b\n", 3),
        ("a = 1\na = 2\n", 2),
        ('a = "\n', 1),
        ("a = [b", 1),
        ("a = " + "[" * 3_000, 1),
        ("a = " + "[\n" * 3_000, 1),
        (".".join("a" * (MAX_DEPTH + 1)) + " = 1", 1),
        ("#\n" * MAX_TEXT, 1),
    ],
)
def test_what_is_no_toml_is_said_with_its_line(text: str, line: int) -> None:
    """A syntax error names the file and the line, and nothing but Mistakes is raised."""
    with pytest.raises(Mistakes) as raised:
        read_toml(text, "x.toml")

    assert [line] == [mistake.line for mistake in raised.value.mistakes]
    assert str(raised.value).startswith(f"x.toml:{line}: is ")
