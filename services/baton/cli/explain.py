"""`baton explain`: why there is an alert, and why there is none."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from baton.cli.exits import DIFFERS, WRONG, CommandError
from baton.cli.options import (
    Brokers,
    Json,
    PolicyFile,
    Prefix,
    kafka_settings_of,
    policy_of,
    reaching,
    settings_of,
    text_of,
)
from baton.cli.output import console, print_json, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from baton.agents.judge import Judge
    from baton.engine.alerts import Alert
    from baton.engine.engine import Explanation
    from baton.replay.play import Played
    from baton.rules.outcome import Finding
    from baton.runtime.settings import Settings

_LOCAL: Final = "local"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for: the keys it may be, and one alert's id, if it was one's."""

    keys: tuple[str, ...]
    alert_ids: tuple[str, ...] = ()


def explain(
    key: Annotated[
        str,
        typer.Argument(
            metavar="KEY|ALERT_ID",
            help="person:…, case:…, team:… or agency:…, the id alone, or an alert's id.",
        ),
    ],
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE...]",
            help="Scenarios and logs to explain it from. [default: what the workers know]",
            show_default=False,
        ),
    ] = None,
    *,
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
    policy: PolicyFile = None,
) -> None:
    """Explain what is known of a person, case, team or feed, and what every rule says of it.

    It answers "why is this an alert?" and "why is it not?": the facts in order, each judgement with
    its reason, what would answer it or did, and when it is looked at again.

    A person is named by the pseudonym of an alert, or by an identifier (person:nhs:NUMBER,
    person:woman-1) where the deployment's key can be read. Exit code 1: nothing is known of it.
    """
    if files:
        settings = settings_of(brokers, prefix, policy)
        asked = _asked(key, lambda _: None)
        found = list(_from_files(files, settings, asked))
    else:
        settings = kafka_settings_of(brokers, prefix, policy)
        asked = _asked(key, _pseudonymised(settings))
        found = list(_from_kafka(settings, asked))
    for file, known, explanation in found:
        narrowed = _narrowed(explanation, asked)
        if json:
            print_json(_row(known, narrowed, file))
        else:
            _print(known, narrowed, file)
    if not found:
        say(
            "Nothing is known of it: no person, case, team or feed has been told of under this name."
            " Of an incident, referral or transfer, ask for whom it concerns, or for the alert's id."
            f"{_of_a_feed(asked)}"
        )
        raise typer.Exit(DIFFERS)


# What was asked.


def _asked(text: str, pseudonym: Callable[[str], str | None]) -> _Asked:
    """Give the keys that a text may mean. Raises CommandError for a kind that has no chronology."""
    from baton.engine.keys import REFERENCES, VIEWS
    from baton.rules.register import RULES

    rule, slash, rest = text.partition("/")
    if slash and rule in RULES:
        parts = rest.split("/")
        # An id ends in what it is about, and an agency of another area has a slash of its own. What kind of thing
        # that is, a rule does not always say: without a case it is about a person, and of a block about a case.
        abouts = ["/".join(parts[start:]) for start in range(len(parts) - 1, 0, -1)]
        kinds = sorted(VIEWS, key=lambda kind: (kind != RULES[rule].reads, kind))
        keys = [
            name for about in abouts for kind in kinds for name in _names(kind, about, pseudonym)
        ]
        ids = [text, *(f"{text.removesuffix(parts[-1])}{name.partition(':')[2]}" for name in keys)]
        return _Asked(tuple(keys), tuple(ids))
    kind, colon, about = text.partition(":")
    if colon and kind in VIEWS:
        return _Asked(_names(kind, about, pseudonym))
    if colon and kind in REFERENCES:
        message = (
            f"{kind}:… has no chronology of its own: ask for a person, case or team it concerns,"
            " or for the alert's id."
        )
        raise CommandError(message, WRONG)
    return _Asked(tuple(name for kind in sorted(VIEWS) for name in _names(kind, text, pseudonym)))


def _names(kind: str, about: str, pseudonym: Callable[[str], str | None]) -> tuple[str, ...]:
    """Give the keys by which something of this kind and id may be known."""
    names = [f"{kind}:{about}"]
    if kind == "person":
        names.append(f"person:{_LOCAL}:{about}")
        hidden = pseudonym(about)
        if hidden is not None:
            names.append(f"person:{hidden}")
    return tuple(names)


def _pseudonymised(settings: Settings) -> Callable[[str], str | None]:
    """Give what makes a pseudonym of an identifier, or None of each where the key is not here."""
    from baton.agents.pseudonym import PseudonymKeyError, Pseudonyms, read_key

    try:
        pseudonyms = Pseudonyms(read_key(settings.pseudonym_key_file))
    except PseudonymKeyError:
        return lambda _: None

    def of(text: str) -> str:
        scheme, colon, value = text.partition(":")
        return pseudonyms.of(
            {"scheme": scheme, "value": value} if colon else {"scheme": _LOCAL, "value": text}
        )

    return of


def _narrowed(explanation: Explanation, asked: _Asked) -> Explanation:
    """Keep, where an alert was asked for, what is said of that alert."""
    if not asked.alert_ids:
        return explanation
    return replace(
        explanation,
        findings=tuple(each for each in explanation.findings if each.alert_id in asked.alert_ids),
        alerts=tuple(each for each in explanation.alerts if each.alert_id in asked.alert_ids),
    )


def _found(known: Played, asked: _Asked) -> Iterator[Explanation]:
    from baton.engine.engine import Explanation

    for key in dict.fromkeys(asked.keys):
        explanation = _with_those_beside(known, known.engine.explain(key))
        if explanation.facts or explanation.alerts:
            yield explanation
    for alert in _of_no_chronology(known):
        if alert.alert_id in asked.alert_ids:
            key = f"{alert.about_kind}:{alert.about}"
            yield Explanation(key, (), _with_those_of((alert,), ()), (alert,))


def _of_no_chronology(known: Played) -> list[Alert]:
    """Give the alerts that no rule raised on a chronology: that a role has nobody to tell."""
    from baton.rules import nobody_to_tell

    every = () if known.lives is None else known.lives.alerts()
    return [alert for alert in every if alert.rule == nobody_to_tell.SLUG]


def _with_those_beside(known: Played, explanation: Explanation) -> Explanation:
    """Add what is said of it elsewhere, and give all alerts as operators have them.

    A block is judged on its team, and is about each of its cases; that a role has nobody to tell is about its agency.
    """
    from baton.engine.keys import VIEWS, keys_of, kind_of

    engine = known.engine
    kind, _, about = explanation.key.partition(":")
    named = (key for fact in explanation.facts for key in keys_of(fact) if kind_of(key) in VIEWS)
    findings, alerts = list(explanation.findings), list(explanation.alerts)
    for key in dict.fromkeys(named):
        if key != explanation.key:
            beside = engine.explain(key)
            findings += [x for x in beside.findings if (x.about_kind, x.about) == (kind, about)]
            alerts += [x for x in beside.alerts if (x.about_kind, x.about) == (kind, about)]
    beside_all = [x for x in _of_no_chronology(known) if (x.about_kind, x.about) == (kind, about)]
    as_had = (*known.of(alerts), *beside_all)
    return replace(explanation, findings=_with_those_of(as_had, findings), alerts=as_had)


def _with_those_of(alerts: Sequence[Alert], findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Add what alerts tell themselves of questions that no rule asks any more: forgotten, corrected, or of no rule."""
    from baton.cli.chronology import told_by
    from baton.rules import source_silent

    asked = {finding.alert_id for finding in findings}
    # Of a silence that is over it is the feed that is looked at again, by what it sent last.
    feeds = (each.wake_at for each in findings if each.rule == source_silent.SLUG)
    next_at = next(filter(None, feeds), None)
    return (
        *findings,
        *(
            told_by(alert, next_at if alert.rule == source_silent.SLUG else None)
            for alert in alerts
            if alert.alert_id not in asked
        ),
    )


def _of_a_feed(asked: _Asked) -> str:
    """Say, where it may have been an agency's feed that was asked for, why nothing is known of that."""
    from baton.contract.topics import AGENCIES

    feeds = [key.rpartition(":")[2] for key in asked.keys if key.startswith("agency:")]
    if not any(feed.rpartition("/")[2] in AGENCIES for feed in feeds):
        return ""
    return (
        " An agency's feed is known by its heartbeats: before the first it counts as alive, raises no alert, and is"
        " looked at once it sends one."
    )


# Where it is known from.


def _from_kafka(
    settings: Settings, asked: _Asked
) -> Iterator[tuple[str | None, Played, Explanation]]:
    from baton.replay.play import Played

    judge = _judge_of(settings)
    silent = [origin for origin, tick in judge.watermark.ticks.items() if tick is None]
    if silent:
        say(
            f"Nothing is judged yet: no tick has come through {', '.join(silent)}."
            " Is the clock running, and a worker?"
        )
    elif judge.engine.held:
        say(f"{judge.engine.held} facts have been told since, and wait for the clock.")
    known = Played(judge.engine, judge.lives)
    for explanation in _found(known, asked):
        yield None, known, explanation


def _judge_of(settings: Settings) -> Judge:
    """Load what `judge` has committed, as a worker does when it takes the partition over."""
    from baton.agents.judge import Judge
    from baton.contract.topics import FACTS, prefixed, state_topic
    from baton.ledger import POSITION_KEY
    from baton.reading import Reader, live_rows

    judge = Judge(policy_of(settings))
    topic = prefixed(settings.topic_prefix, state_topic(FACTS.name).name)
    with (
        reaching(settings),
        _working("reading what is known"),
        Reader(settings.brokers, topic) as reader,
    ):
        rows = live_rows(reader.to_end())
    for key, value in rows.items():
        if key != POSITION_KEY:
            judge.load(key, value)
    judge.loaded()
    return judge


def _from_files(
    files: list[Path], settings: Settings, asked: _Asked
) -> Iterator[tuple[str | None, Played, Explanation]]:
    for file in files:
        known = _played(file, settings)
        for explanation in _found(known, asked):
            yield str(file), known, explanation


def _played(file: Path, settings: Settings) -> Played:
    """Play a scenario or a log, alone, to its end. Raises Mistakes and CommandError."""
    from baton.replay.logs import SUFFIXES, read_log
    from baton.replay.play import played, played_log
    from baton.replay.scenario import PolicyText, read_scenario
    from baton.replay.told import Persons

    if file.suffix == ".toml":
        policy = PolicyText(text_of(settings.policy, "the policy"), str(settings.policy))
        scenario = read_scenario(text_of(file, "the scenario"), str(file), policy)
        return played(
            scenario.told, scenario.policy, Persons(), until=scenario.until, with_lives=True
        )
    if file.suffix not in SUFFIXES:
        known = ", ".join((".toml", *SUFFIXES))
        raise CommandError(f"{file}: is of no known kind; known are {known}.", WRONG)
    try:
        return played_log(lambda: read_log(file), policy_of(settings), Persons(), with_lives=True)
    except OSError as error:
        raise CommandError(f"Cannot read the log {file}: {error.strerror}.", WRONG) from None


def _working(what: str) -> Any:  # noqa: ANN401 - rich's status, or nothing
    from contextlib import nullcontext

    return console(errors=True).status(what) if sys.stderr.isatty() else nullcontext()


# Showing it.


def _row(known: Played, explanation: Explanation, file: str | None) -> dict[str, Any]:
    from baton.cli.chronology import fact_row, facts_of, finding_row, rfc_3339
    from baton.contract import codec
    from baton.engine.alert_record import fields_of

    about, now = explanation.key.partition(":")[2], known.engine.now
    alerts = {alert.alert_id: alert for alert in explanation.alerts}
    row: dict[str, Any] = {} if file is None else {"file": file}
    return row | {
        "key": explanation.key,
        "as_of": now and rfc_3339(now),
        "facts": [fact_row(fact, about) for fact in facts_of(explanation)],
        "judgements": [
            finding_row(finding, alerts.get(finding.alert_id)) for finding in explanation.findings
        ],
        "alerts": [codec.to_json("Alert", fields_of(alert)) for alert in explanation.alerts],
    }


def _print(known: Played, explanation: Explanation, file: str | None) -> None:
    from rich.table import Table

    from baton import wording
    from baton.cli import chronology
    from baton.engine.alert_record import fields_of
    from baton.wording import lived

    out = console()
    about, now = explanation.key.partition(":")[2], known.engine.now
    as_of = "nothing judged yet" if now is None else f"as of {wording.local(now)}"
    out.print(" · ".join(each for each in (explanation.key, as_of, file) if each))
    out.print()
    facts = Table(box=None, pad_edge=False, title="What was told", title_justify="left")
    for name in ("when", "agency", "record", "coded values", "told late"):
        facts.add_column(name, overflow="fold")
    for fact in chronology.facts_of(explanation):
        facts.add_row(
            wording.local(fact.occurred_at),
            wording.agency(fact.agency),
            type(fact).__name__,
            chronology.fact_words(fact, about),
            chronology.heard_late(fact),
        )
    out.print(facts)
    out.print()
    out.print("What the rules say")
    alerts = {alert.alert_id: alert for alert in explanation.alerts}
    for finding in explanation.findings:
        answer = chronology.answer_words(finding, alerts.get(finding.alert_id))
        out.print(f"  {finding.rule}: {chronology.judgement(finding)}")
        for label, text in (
            (chronology.answer_label(finding), chronology.what_would_answer(finding)),
            ("waited for", chronology.waited_for(finding)),
            ("answered by", answer),
            ("is looked at again", chronology.looks_again(finding)),
            ("more serious by", ", ".join(map(wording.words, finding.raised_by))),
            ("id", finding.alert_id),
        ):
            if text:
                out.print(f"      {label}: {text}")
    if not explanation.findings:
        out.print("  No rule has anything to ask of it.")
    for alert in explanation.alerts:
        out.print()
        fields = fields_of(alert)
        out.print(f"Alert {alert.alert_id}: {wording.status(fields)}")
        for label, text in lived.lines(fields):
            if text:
                out.print(f"      {label}: {text}")
