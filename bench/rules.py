"""What an event costs as rules are added: with five, and with all.

A rule that reads an event is asked about it, so an event costs more if more rules read it. What must stay flat is the
rest: the cost of one question asked of one rule, and that of an event that none of the rules added reads.

python -m bench.rules [--events 5000]
"""

from __future__ import annotations

import argparse
import gc
import time
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from baton.engine.engine import Engine
from baton.engine.policy_file import parse_policy
from baton.engine.translate import to_fact
from baton.replay.told import Persons
from baton.rules.facts import CaseOpened, PlacementVisited
from baton.rules.register import RULES
from baton.runtime.cycles import look_seldom
from bench.figures import figure
from bench.histories import EVENTS_OF_A_FAMILY, history

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from baton.engine.answers import Judging
    from baton.rules.chronology import Chronology
    from baton.rules.facts import Fact
    from baton.rules.outcome import Finding
    from baton.rules.policy import Policy
    from baton.rules.rule import Rule

POLICY = parse_policy(Path("policy.toml").read_text(encoding="utf-8"))
FEW = 5
ROUNDS = 3
ADVANCE_EVERY = 1_000


def facts_of(events: int) -> list[Fact]:
    """Return the facts of a history, decoded: what is measured is judging alone."""
    persons = Persons()
    told = history(events // EVENTS_OF_A_FAMILY)
    facts = (to_fact(each.record, each.fields, each.received_at, persons.key) for each in told)
    return [fact for fact in facts if fact is not None]


def unread(facts: list[Fact]) -> list[Fact]:
    """Return events of the cases of a history, told after its end, that no rule reads."""
    after = facts[-1].received_at + timedelta(seconds=1)
    return [
        PlacementVisited(
            event_id=f"visited-{fact.case}",
            agency=fact.agency,
            occurred_at=after,
            received_at=after,
            case=fact.case,
        )
        for fact in facts
        if isinstance(fact, CaseOpened)
    ]


def seconds(facts: list[Fact], rules: Mapping[str, Rule]) -> tuple[float, float]:
    """Measure one engine with these rules: over all facts, and then over as many as there are that no rule reads."""
    gc.collect()
    engine = Engine(POLICY, rules)
    after = unread(facts)
    took = []
    for told in (facts, after):
        began = time.process_time()
        for number, fact in enumerate(told):
            engine.hear(fact, ("facts", 0, number))
            if number % ADVANCE_EVERY == ADVANCE_EVERY - 1:
                engine.advance(fact.received_at)
        engine.advance(told[-1].received_at)
        took.append((time.process_time() - began) / len(told))
    return took[0], took[1]


def questions(facts: list[Fact], rules: Mapping[str, Rule]) -> float:
    """Count how often a rule is asked, for each event."""
    asked = 0

    def counted(judge: Judging) -> Judging:
        def ask(told: Chronology, now: datetime, policy: Policy) -> Iterator[Finding]:
            nonlocal asked
            asked += 1
            return judge(told, now, policy)

        return ask

    counting = {
        slug: replace(
            rule,
            judge=counted(rule.judge),
            without_case=None if rule.without_case is None else counted(rule.without_case),
        )
        for slug, rule in rules.items()
    }
    seconds(facts, counting)
    return asked / len(facts)


def main() -> None:
    """Measure both in turn, several times, and take the best of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5_000)
    facts = facts_of(parser.parse_args().events)
    look_seldom()
    few = dict(islice(RULES.items(), FEW))
    rounds = [(*seconds(facts, few), *seconds(facts, RULES)) for _ in range(ROUNDS)]
    with_few, few_unread, with_all, all_unread = (
        min(each) * 1e6 for each in zip(*rounds, strict=True)
    )
    asked_few, asked_all = questions(facts, few), questions(facts, RULES)
    many = len(RULES)
    figure(
        f"cost of an event with {many} rules / with {FEW}",
        with_all / with_few,
        "",
        f"{with_all:,.0f} and {with_few:,.0f} µs, {len(facts):,} events",
    )
    figure(
        "rules asked for an event, likewise",
        asked_all / asked_few,
        "",
        f"{asked_all:,.2f} and {asked_few:,.2f} questions: an event is asked about where a rule reads it",
    )
    figure(
        "cost of a question, likewise",
        with_all / asked_all * asked_few / with_few,
        "",
        f"{with_all / asked_all:,.0f} and {with_few / asked_few:,.0f} µs, all else of the engine included (bar: 1.2)",
    )
    figure(
        "cost of an event that no rule reads, likewise",
        all_unread / few_unread,
        "",
        f"{all_unread:,.0f} and {few_unread:,.0f} µs (bar: 1.2)",
    )


if __name__ == "__main__":
    main()
