"""Register, policy, docs/rules.md, scenarios, alert texts and the domain handbook's catalogue say the same."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pytest

from baton import wording
from baton.cli import chronology, rules_page
from baton.engine.alert_record import fields_of
from baton.engine.alerts import ANSWERED_IN_TIME, ANSWERED_IN_TIME_TOLD_LATE, Alert
from baton.replay.play import played as play
from baton.replay.scenario import PolicyText, Scenario, read_scenario
from baton.replay.told import Persons
from baton.rules import nobody_to_tell
from baton.rules.facts import FACTS
from baton.rules.outcome import AboutKind, Finding, Reason
from baton.rules.register import RULES
from baton.rules.rule import Rule
from baton.rules.severity import MODIFIERS

CATALOGUE = {
    "A1": "unreferred-incident",
    "A2": "incident-closed-unreferred",
    "A3": "pregnancy-learned-late",
    "A4": "incident-closed-incomplete",
    "A5": "notification-not-recorded",
    "A6": "notification-not-triaged",
    "A9": "midwifery-not-told",
    "B1": "closed-without-visit",
    "B2": "family-not-contacted",
    "B3": "closed-on-report-alone",
    "B4": "adult-checks-missing",
    "B5": "signed-off-incomplete",
    "B6": "unborn-concerns-unaddressed",
    "B7": "non-engagement-unreviewed",
    "B8": "referrer-not-told",
    "B9": "referrer-not-heard",
    "B10": "feedback-without-rationale",
    "B11": "deadline-driven-closures",
    "B12": "assessment-overdue",
    "B13": "assessment-without-analysis",
    "B14": "prior-unverified-closure",
    "B15": "closure-without-safety-rationale",
    "B16": "closure-unchallenged",
    "B17": "triage-without-threshold",
    "C1": "transfer-not-accepted",
    "C2": "handover-incomplete",
    "C3": "handover-details-lost",
    "C4": "block-transfer",
    "C5": "bulk-accepted-unread",
    "C6": "case-without-worker",
    "C7": "no-visit-after-transfer",
    "C8": "transfer-ping-pong",
    "C9": "deadline-lost-in-transfer",
    "C10": "moved-area-without-transfer-in",
    "C11": "worker-left-open-cases",
    "C13": "team-closed-open-cases",
    "C14": "step-change-gap",
    "contradictory-records": "contradictory-records",
    "source-silent": "source-silent",
    "nobody-to-tell": "nobody-to-tell",
}
"""The catalogue's waves 1 and 2, and the three that are in no review. B18 is a modifier, no rule."""

BLAME = re.compile(
    r"\b((?<!reviewing )officers?|fail\w*|fault|blame\w*|culprits?|neglect\w*|incompeten\w*|careless\w*|negligen\w*"
    r"|wrongly|names?|named (person|worker|officer)|ignored|forgot\w*|refused to"
    r"|workers? (who )?(did not|has not|have not|had not|does not|never|missed|omitted))\b",
    re.IGNORECASE,
)
"""Words that name or blame a person. A worker may be what is missing, or who left: never who did not."""

DISCLOSURE = re.compile(
    r"miscarr\w*|terminat\w*|abort\w*|still ?b(irth|orn)\w*|bereave\w*|\bdied\b|\bdeath\b|\bdead\b"
    r"|\b(loss|lost|end|ended|ending)\b[^.]*pregnan|pregnan\w*[^.]*\b(loss|lost|end|ended|ending)\b",
    re.IGNORECASE,
)
"""Words by which an alert would say that, or why, a pregnancy ended."""

SOME_TIME = datetime(2026, 3, 2, 12, tzinfo=UTC)
AFTER_THE_FACT = {ANSWERED_IN_TIME, ANSWERED_IN_TIME_TOLD_LATE}


@dataclass(slots=True)
class Played:
    """What all scenarios together say of the rules."""

    expecting: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """For each rule, the scenarios that expect an alert of it."""
    silent: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """For each rule, those in which it was looked at, somewhere, and raised nothing there."""
    alerts: list[Alert] = field(default_factory=list)


@pytest.fixture(scope="module")
def played(project: Path) -> Played:
    """Play every scenario once."""
    policy = PolicyText((project / "policy.toml").read_text(encoding="utf-8"))
    found = Played()
    for file in sorted((project / "tests" / "scenarios").glob("*.toml")):
        scenario = read_scenario(file.read_text(encoding="utf-8"), file.name, policy)
        for expected in scenario.expected:
            found.expecting[expected.alert].add(file.name)
        _play(scenario, found)
    return found


def _play(scenario: Scenario, found: Played) -> None:
    last = play(scenario.told, scenario.policy, Persons(), until=scenario.until, with_lives=True)
    engine, alerts = last.engine, last.alerts()
    found.alerts += alerts
    if any(each.record == "AlertTold" for each in scenario.told) and not any(
        alert.rule == nobody_to_tell.SLUG for alert in alerts
    ):
        # It is looked at where people are told, and not on a chronology.
        found.silent[nobody_to_tell.SLUG].add(scenario.file)
    for key in engine.keys():  # noqa: SIM118 (an engine is no dict)
        explained = engine.explain(key)
        told = {type(fact) for fact in explained.facts}
        raised = {alert.rule for alert in explained.alerts}
        asked = {finding.rule for finding in explained.findings}
        asked |= {
            rule.slug
            for rule in RULES.values()
            if rule.reads == key.partition(":")[0] and told & rule.triggers
        }
        for slug in (asked - raised) & scenario.rules:
            found.silent[slug].add(scenario.file)


def test_the_register_is_the_catalogue() -> None:
    """Every rule of the handbook's waves 1 and 2 is there under its slug and number; later ones may be."""
    registered = {rule.catalogue: slug for slug, rule in RULES.items()}

    assert len(registered) == len(RULES), "two rules have one number of the catalogue"
    assert {number: registered.get(number) for number in CATALOGUE} == CATALOGUE
    assert MODIFIERS["young-parent-modifier"].catalogue == "B18"
    assert "B18" not in registered


def test_every_rule_has_a_module_of_its_own(project: Path) -> None:
    """Named like the rule; and no module has a rule that is not in the register."""
    modules = {
        path.stem
        for path in (project / "streams" / "baton" / "rules").glob("*.py")
        if isinstance(getattr(import_module(f"baton.rules.{path.stem}"), "RULE", None), Rule)
    }

    assert {slug.replace("-", "_") for slug in RULES} == modules, (
        "add the rule to streams/baton/rules/register.py, or name its module like its slug"
    )
    for slug, rule in RULES.items():
        assert slug == rule.slug


def test_every_rule_has_its_block_in_the_policy(project: Path) -> None:
    """With its number in the comment above, and its basis; and no block is without its rule."""
    text = (project / "policy.toml").read_text(encoding="utf-8")
    blocks = tomllib.loads(text)["rule"]

    assert set(RULES) == set(blocks)
    for slug, rule in RULES.items():
        assert blocks[slug]["basis"] in {"statutory", "local", "ours"}
        above = re.search(rf"((?:^#.*\n)+)\[rule\.{slug}\]$", text, re.MULTILINE)
        assert above, f"policy.toml: say in a comment above [rule.{slug}] what it is"
        if rule.catalogue != slug:
            assert above[1].startswith(f"# {rule.catalogue}: "), f"policy.toml: {slug}"


def test_the_page_of_the_rules_is_not_stale(project: Path) -> None:
    """docs/rules.md is what the modules and the policy say now."""
    now = rules_page.page((project / "policy.toml").read_text(encoding="utf-8"))
    page = project / "docs" / "rules.md"

    assert page.exists(), "docs/rules.md is missing: run `make docs`"
    assert page.read_text(encoding="utf-8") == now, "docs/rules.md is stale: run `make docs`"


@pytest.mark.parametrize("slug", RULES)
def test_the_page_says_of_each_rule_all_there_is_to_know(project: Path, slug: str) -> None:
    """Its sentence, what starts it, what answers, who is told, every setting, the source, what it cannot tell."""
    rule = RULES[slug]
    text = (project / "docs" / "rules.md").read_text(encoding="utf-8")
    (section,) = re.findall(rf"^### {slug}\n(.*?)(?=^##)", text, re.MULTILINE | re.DOTALL)

    assert f"**{rule.sentence}**" in section
    assert f"](#{slug})" in text
    for label in ("Looked at when told", "Severity", "Who is told", "Who must act", "Basis"):
        assert re.search(rf"^- \*\*{label}:\*\* \S", section, re.MULTILINE), label
    assert f"**What answers it:** {rule.missing}" in section
    assert "**What cannot be told from the data:**" in section
    for setting in rule.settings.keys() - {"answered_by"}:
        assert f"- `{setting}`: " in section
    assert rules_page.story_of(rule).source or slug in {"source-silent", "nobody-to-tell"}, (
        f"{slug}: end its module's docstring with a paragraph 'Taught by …', which review taught it"
    )


@pytest.mark.parametrize("slug", RULES)
def test_every_rule_has_its_scenarios(played: Played, slug: str) -> None:
    """One at least that expects its alert, and one in which it is looked at and says nothing."""
    assert played.expecting[slug], f"tests/scenarios: none expects {slug}"
    assert played.silent[slug], f"tests/scenarios: in none is {slug} looked at and silent"


@pytest.mark.parametrize("slug", RULES)
def test_every_rule_can_be_shown(slug: str) -> None:
    """Its sentence is one, and what is missing fits behind a label; its module opens with that it flags."""
    rule = RULES[slug]
    opening = (inspect.getdoc(inspect.getmodule(rule.judge)) or "").split(maxsplit=1)[0]

    assert re.fullmatch(r"[A-Z][^.]*\.", rule.sentence), rule.sentence
    assert re.fullmatch(r"[^.]*[^.\s]", rule.missing), rule.missing
    assert rule.missing[0].islower()
    assert opening in {"Flag", "Report"}


@pytest.mark.parametrize("slug", RULES)
def test_no_rule_blames_or_discloses(slug: str) -> None:
    """Neither its name nor its words name a person to blame, or say that a pregnancy ended."""
    for text in (RULES[slug].sentence, RULES[slug].missing, slug.replace("-", " ")):
        assert not BLAME.search(text), text
        assert not DISCLOSURE.search(text), text


def test_what_is_forbidden_is_found() -> None:
    """The patterns themselves find what they are for, and let pass what an alert must be able to say."""
    for text in (
        "The officer made no referral",
        "The agency failed to refer",
        "The worker did not visit",
        "the name of the worker",
    ):
        assert BLAME.search(text), text
    for text in ("after a miscarriage", "because the pregnancy ended", "the loss of a pregnancy"):
        assert DISCLOSURE.search(text), text
    for text in (
        "a worker allocated to the case",
        "A case closed by its own worker",
        "named midwife",
    ):
        assert not BLAME.search(text), text


def test_no_alert_blames_or_discloses(played: Played) -> None:
    """All that all scenarios raise, as operators read it: line and details."""
    for alert in played.alerts:
        shown = _shown(alert)
        lines = [
            wording.line(shown),
            *(text for label, text in wording.details(shown) if label != "id"),
        ]
        for line in lines:
            # What was told may have any id; these are invented, and none is a word of ours.
            assert not BLAME.search(line), line
            assert not DISCLOSURE.search(line), line


def test_no_alert_rests_on_the_end_of_a_pregnancy(played: Played) -> None:
    """It withdraws in silence: no reference to it, no word of it in what is missing, no reason."""
    for alert in played.alerts:
        named = {each.event for each in (*alert.trigger, *alert.evidence)}
        assert "PregnancyEnded" not in named | set(alert.missing), alert.alert_id
        if alert.status == "withdrawn":
            assert alert.reason in {None, "transfer-withdrawn", *AFTER_THE_FACT}


def test_what_is_missing_is_a_record_or_an_item(played: Played) -> None:
    """A record of the contract, or a coded word or an id in small letters: never a sentence."""
    for alert in played.alerts:
        for each in alert.missing:
            assert each in FACTS or re.fullmatch(r"[a-z0-9]+([_:-][a-z0-9]+)*", each), each


def test_every_reason_is_explained_in_its_own_words() -> None:
    """No two reasons of a finding read the same."""
    said = [chronology.judgement(_finding(reason)) for reason in get_args(Reason)]

    assert len(set(said)) == len(said)


def _finding(reason: Reason) -> Finding:
    kinds: tuple[AboutKind, ...] = get_args(AboutKind)
    return Finding(
        rule="unreferred-incident",
        alert_id="unreferred-incident/inc-1/woman-1",
        about_kind=kinds[0],
        about="woman-1",
        reason=reason,
        authority="local",
        severity=1,
        tell=(),
        responsible=("police", "public_protection_supervisor"),
        due_at=SOME_TIME,
        answered_at=SOME_TIME,
        waits_for="childrens_social_care",
    )


def _shown(alert: Alert) -> dict[str, Any]:
    """Return an alert as the renderer has it."""
    return fields_of(alert)
