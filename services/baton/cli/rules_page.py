"""docs/rules.md: every rule in words, made from its module and the policy. `make docs` writes it.

What a rule flags, when it is due and what taught it are its module's docstring; limits, recipients and their basis are
the policy's, with the comments beside them. So the page says what baton does, or a test fails.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import tomlkit
from tomlkit.items import Item, Table

from baton.engine.policy_file import parse_policy, plain
from baton.rules import severity
from baton.rules.policy import Limit
from baton.rules.register import RULES
from baton.rules.severity import MODIFIERS
from baton.wording import agency, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from baton.engine.policy_file import Value
    from baton.rules.policy import Line, Policy
    from baton.rules.rule import Rule

GROUPS: Final = {
    "incidents": "Incidents and notifications",
    "transfers": "Transfers",
    "assessment": "Assessment and closure",
    "feedback": "Feedback",
    "workers": "Workers, teams and areas",
    "patterns": "Patterns over time",
    "plans": "Plans, placements and capacity",
    "feeds": "Feeds and records",
}
"""The parts of the page, in its order; one without a rule is left out."""

_BY_LETTER: Final = {
    "A": "incidents",
    "B": "assessment",
    "C": "transfers",
    "D": "patterns",
    "E": "plans",
}
_BY_NUMBER: Final = {
    **dict.fromkeys(("B8", "B9", "B10"), "feedback"),
    **dict.fromkeys(("C6", "C10", "C11", "C12", "C13", "C14"), "workers"),
}
_WIDTH: Final = 120
_SOURCE: Final = re.compile(r"(Taught|Derived|Not of the reviews)\b")
_CANNOT_BE_TOLD: Final = re.compile(
    r"cannot be (told|counted)|do(es)? not (say|look for)|(is|has) no record|not in what agencies"
    r"|only the people"
)
_BESIDES: Final = ("basis", "severity", "tell", "responsible", "answered_by")
"""Settings that have a line of their own on the page."""
_SEVERITIES: Final = {
    1: "1, act now, out of hours too",
    2: "2, this working day",
    3: "3, at the next review by a manager",
    4: "4, in a periodic report",
}

_INTRODUCTION: Final = """\
<!-- Made from the rules and policy.toml by `make docs`. Do not edit it: change the rule or the policy. -->

# The rules

What baton watches for, rule by rule: what it flags, when an answer is due, who is told, and what taught it. It is made
from the rules' modules and from `policy.toml`, version {version}; what is agreed in your area is what your own policy
says (`baton policy show RULE`).

- Words in `code` are settings of the policy, and stand in the list beneath each rule with what is agreed. *Basis* says
  where that comes from: **statutory** (national law or guidance), **local** (one area's procedure, never a national
  rule) or **ours** (baton's proposal).
- Working days are Monday to Friday less the bank holidays of England and Wales, by local time. A limit is counted from
  the moment at which something happened, not from when it was told.
- An answer counts by when it happened. In time but told late withdraws the alert; later than due, the alert stands as
  answered, with its lateness.
- No rule can tell what no agency has told. While the feed that would carry the answer is known to be silent the
  question waits, and there is one alert about the feed. What one rule in particular cannot tell is said with it.
- "Who must act" names the agency and the role from which the missing event is due, never a person.
"""


@dataclass(frozen=True, slots=True)
class Story:
    """What a module says of its rule: what it flags, how it is judged, what taught it, what it cannot tell."""

    flags: str
    judged: tuple[str, ...]
    source: str
    cannot_tell: str


def page(policy_text: str) -> str:
    """Return the whole page for a policy. Raises PolicyErrors."""
    policy = parse_policy(policy_text)
    notes = tomlkit.parse(policy_text)
    groups: dict[str, list[Rule]] = {group: [] for group in GROUPS}
    for rule in sorted(RULES.values(), key=_order):
        groups[group_of(rule)].append(rule)
    filled = {group: rules for group, rules in groups.items() if rules}
    blocks = [_INTRODUCTION.format(version=policy.version), *_contents(filled)]
    for group, rules in filled.items():
        blocks.append(f"## {GROUPS[group]}\n")
        for rule in rules:
            blocks += _section(rule, policy, _comments(notes, "rule", rule.slug))
    blocks += _modifiers(policy, notes)
    return "\n".join(blocks)


def group_of(rule: Rule) -> str:
    """Return the part of the page that a rule belongs to, by its number in the catalogue."""
    return _BY_NUMBER.get(rule.catalogue) or (
        _BY_LETTER.get(rule.catalogue[0], "feeds") if rule.catalogue[1:].isdigit() else "feeds"
    )


def story_of(rule: Rule) -> Story:
    """Read a rule's module."""
    text = inspect.getdoc(inspect.getmodule(rule.judge)) or ""
    flags, *paragraphs = text.split("\n\n")
    source = [each for each in paragraphs if _SOURCE.match(each)]
    judged, cannot_tell = [], []
    for paragraph in paragraphs:
        if paragraph in source:
            continue
        if paragraph.startswith("- "):
            judged.append(paragraph)
            continue
        sentences = re.split(r"(?<=\.) (?=[A-Z\"])", _one_line(paragraph))
        untold = [each for each in sentences if _CANNOT_BE_TOLD.search(each)]
        cannot_tell += untold
        judged.append(" ".join(each for each in sentences if each not in untold))
    return Story(
        flags=_one_line(flags),
        judged=tuple(each for each in judged if each),
        source=_one_line(" ".join(source)),
        cannot_tell=_one_line(" ".join(cannot_tell)),
    )


def _order(rule: Rule) -> tuple[str, int, str]:
    letter, number = rule.catalogue[0], rule.catalogue[1:]
    return (letter, int(number), "") if number.isdigit() else ("~", 0, rule.slug)


def _contents(groups: Mapping[str, list[Rule]]) -> Iterator[str]:
    yield "## Contents\n"
    for group, rules in groups.items():
        anchor = GROUPS[group].lower().replace(",", "").replace(" ", "-")
        yield f"- [{GROUPS[group]}](#{anchor})"
        for rule in rules:
            yield f"  - [{rule.slug}](#{rule.slug}): {_lower(rule.sentence)}"
    yield "- [What makes an alert more serious](#what-makes-an-alert-more-serious)\n"


def _section(rule: Rule, policy: Policy, comments: Mapping[str, str]) -> Iterator[str]:
    story = story_of(rule)
    everywhere, *others = policy.lines_of(rule.slug)
    settings = everywhere.settings
    yield f"### {rule.slug}\n"
    number = f" ({rule.catalogue})" if rule.catalogue != rule.slug else ""
    yield f"**{rule.sentence}**{number}\n"
    for paragraph in story.judged:
        yield f"{_wrapped(_linked(_filled(paragraph, settings), rule))}\n"
    answered = (
        f"; told by {agency(str(settings['answered_by']))}" if "answered_by" in settings else ""
    )
    yield from (
        f"- **{label}:** {text}"
        for label, text in (
            ("Looked at when told", ", ".join(sorted(map(_record, rule.triggers)))),
            ("What answers it", f"{rule.missing}{answered}"),
            ("Severity", _SEVERITIES[_severity(settings)]),
            ("Who is told", ", then ".join(map(words, _tuple(settings["tell"])))),
            ("Who must act", _responsible(str(settings["responsible"]))),
            ("Basis", _noted(str(settings["basis"]), comments.get("basis"))),
        )
    )
    for name, value in settings.items():
        if name not in _BESIDES:
            yield f"- `{name}`: {_noted(_value(value), comments.get(name))}"
    yield from map(_dated, others)
    yield f"- **Source:** {_linked(story.source, rule) or 'baton itself, no review.'}"
    told = story.cannot_tell or "Nothing in particular."
    yield f"- **What cannot be told from the data:** {_linked(told, rule)}\n"


def _modifiers(policy: Policy, notes: tomlkit.TOMLDocument) -> Iterator[str]:
    yield "## What makes an alert more serious\n"
    yield _wrapped(
        "Each of these raises the severity of an alert by its `steps`, all together by"
        f" {policy.most_steps} at most, and never beyond 1. What raised an alert is shown in it, and a"
        " warning before anything is due is not raised. `rules` names rules, or with a letter all of"
        " that part of the catalogue."
    )
    yield ""
    for slug, modifier in MODIFIERS.items():
        if slug not in policy.modifiers:
            continue
        settings = policy.lines_of(slug)[0].settings
        comments = _comments(notes, "severity", slug)
        number = "" if modifier.catalogue is None else f" ({modifier.catalogue})"
        agreed = ", ".join(
            f"`{name}` {_noted(plain(value), comments.get(name))}"
            for name, value in settings.items()
        )
        yield f"- **{slug}**{number}: {modifier.sentence} {agreed}."
    yield ""
    # Its last paragraph says what cannot be told.
    yield _wrapped((inspect.getdoc(severity) or "").split("\n\n")[-1])
    yield ""


def _severity(settings: Mapping[str, Value]) -> int:
    """Return the severity that a rule begins with."""
    value = settings["severity"]
    return value if isinstance(value, int) else 0


def _filled(text: str, settings: Mapping[str, Value]) -> str:
    """Put what is agreed in the place of a limit or number that a docstring names with its default."""

    def said(found: re.Match[str]) -> str:
        value = settings.get(found["name"])
        of_a_limit = isinstance(value, Limit) and (found["of"] or found["name"] == "within")
        if value is None or not (of_a_limit or (found["default"] and _is_measure(value))):
            return found[0]
        within = found["within"] or ("within " if of_a_limit else "")
        return f"{within}{plain(value)}{found['of'] or ''}"

    pattern = (
        r"(?P<within>\b[Ww]ithin\s+)?`(?P<name>\w+)`(?P<default>\s+\([^)]*\))?(?P<of>\s+of\b)?"
    )
    # A list keeps its lines; a name in brackets is only a pointer to the setting.
    return re.sub(rf"(?<!\(){pattern}", said, text)


def _is_measure(value: Value) -> bool:
    return isinstance(value, Limit) or type(value) is int


def _linked(text: str, rule: Rule) -> str:
    """Turn the numbers of the catalogue into names that lead somewhere."""
    slugs = {each.catalogue: each.slug for each in RULES.values() if each is not rule}

    def link(found: re.Match[str]) -> str:
        slug = slugs.get(found[0])
        return found[0] if slug is None else f"[{slug}](#{slug})"

    return re.sub(r"\b[A-E]\d{1,2}\b", link, text)


def _dated(line: Line) -> str:
    """Say what a dated or local line of the policy changes."""
    since = "" if line.since is None else f"from {line.since}"
    area = "" if line.area is None else f"in {line.area}"
    when = " ".join(each for each in (since, area) if each)
    return f"- {when}: " + ", ".join(
        f"`{name}` {_value(value)}" for name, value in line.settings.items()
    )


def _comments(notes: tomlkit.TOMLDocument, part: str, slug: str) -> dict[str, str]:
    """Return the comments beside the settings of a block."""
    blocks = notes[part]
    block = blocks[slug] if isinstance(blocks, Table) else None
    if not isinstance(block, Table):
        return {}
    items = {name: block.item(name) for name in block.unwrap()}
    return {
        name: item.trivia.comment.removeprefix("#").strip()
        for name, item in items.items()
        if isinstance(item, Item)
    }


def _value(value: Value) -> str:
    return ", ".join(map(words, value)) if isinstance(value, tuple) else plain(value)


def _tuple(value: Value) -> Iterable[str]:
    return value if isinstance(value, tuple) else (str(value),)


def _noted(text: str, comment: str | None) -> str:
    return f"{text} ({comment})" if comment else text


def _responsible(text: str) -> str:
    kind, _, role = text.partition("/")
    return f"{agency(kind)}, {words(role)}"


def _record(fact: type) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", " ", fact.__name__).lower()


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _wrapped(text: str) -> str:
    if text.startswith("- "):
        return text
    return textwrap.fill(_one_line(text), _WIDTH, break_long_words=False, break_on_hyphens=False)


if __name__ == "__main__":
    sys.stdout.write(page(Path("policy.toml").read_text(encoding="utf-8")))
