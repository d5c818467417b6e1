"""What an event costs as rules are added: with five, and with all.

python -m bench.rules [--events 5000]
"""

from __future__ import annotations

import argparse
import gc
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from baton.engine.engine import Engine
from baton.engine.policy_file import parse_policy
from baton.engine.translate import to_fact
from baton.replay.told import Persons
from baton.rules.register import RULES
from bench.figures import figure
from bench.histories import EVENTS_OF_A_FAMILY, history

if TYPE_CHECKING:
    from collections.abc import Mapping

    from baton.rules.facts import Fact
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


def seconds(facts: list[Fact], rules: Mapping[str, Rule]) -> float:
    """Measure one engine with these rules over all facts."""
    gc.collect()
    engine = Engine(POLICY, rules)
    began = time.perf_counter()
    for number, fact in enumerate(facts):
        engine.hear(fact, ("facts", 0, number))
        if number % ADVANCE_EVERY == ADVANCE_EVERY - 1:
            engine.advance(fact.received_at)
    engine.advance(facts[-1].received_at)
    return time.perf_counter() - began


def main() -> None:
    """Measure both in turn, several times, and take the best of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5_000)
    facts = facts_of(parser.parse_args().events)
    few = dict(islice(RULES.items(), FEW))
    rounds = [(seconds(facts, few), seconds(facts, RULES)) for _ in range(ROUNDS)]
    with_few, with_all = (min(column) for column in zip(*rounds, strict=True))
    figure(
        f"cost of an event with {len(RULES)} rules / with {FEW}",
        with_all / with_few,
        "",
        f"{with_all / len(facts) * 1e6:,.0f} and {with_few / len(facts) * 1e6:,.0f} µs, {len(facts):,} events",
    )


if __name__ == "__main__":
    main()
