"""What a seed stands for: what agencies send, which faults come when, and how the workers are tuned.

A plan is data, so that it can be printed and made smaller. What it leaves open, which of the possible next steps is
taken, is drawn by the scheduler from the seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any, Literal, get_args

from baton.contract import codec
from baton.contract.topics import ALERT_ACTIONS, SOURCE_TOPICS
from baton.contract.versions import expand
from baton.rules.register import RULES
from tests.agents.relay import PSEUDONYMS, ms
from tests.engine.generated import AFTER, DATES, DELAYS, TEAMS, likely, records_for
from tests.rules.told import NOON, policy_with

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal[
    "kill",
    "freeze",
    "rebalance",
    "lose",
    "repeat",
    "skip-ahead",
    "unknown-commit",
    "clock-stops",
    "clock-dies",
    "second-clock",
    "broker-steps-back",
    "agency-aborts",
    "agency-commits",
    "compact",
]
"""What can go wrong, or only happen.

`lose`, `repeat` and `skip-ahead` are Faust's deliveries; `unknown-commit`: the outcome of a worker's next commit is
not known to it; `clock-dies`: in the middle of a round; `agency-…`: what is sent next is in a transaction that stays
open for a while.
"""
KINDS: tuple[Kind, ...] = get_args(Kind)

STEPS = 420
"""About so many steps of the scheduler, beside those that are needed to come to an end, make a history."""
WORKERS = 3
POLICY = policy_with(
    "".join(
        f"[life.severity-{severity}]\nacknowledge_within = {{ days = 5 }}\nchase_within = {{ days = 5 }}\n"
        for severity in (1, 2, 3)
    )
)
"""The partnership's, but chased four times in the two months of a history instead of a dozen: each is like the last."""
ENOUGH = 2_000
"""So much the judge never has to do at once in a history."""


ACTIONS = sorted(name for name in ALERT_ACTIONS.records if name != "Tick")
ALERTS = [
    f"unreferred-incident/incident-{n}/{PSEUDONYMS.of({'scheme': 'test', 'value': f'woman-{m}'})}"
    for n in (1, 2)
    for m in (1, 2)
]
"""What somebody may do something about."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that an agency sends: what it is called in a printed plan, where it goes, and when baton is told."""

    name: str
    topic: str
    at_ms: int
    value: bytes | None

    def __str__(self) -> str:
        return f"{self.topic} at {(self.at_ms - ms(NOON)) / 60_000:.0f} min: {self.name}"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault before a step of the scheduler, to a worker where it is a worker's, for so long where it lasts."""

    step: int
    kind: Kind
    worker: int
    amount: int

    def __str__(self) -> str:
        return f"step {self.step}: {self.kind} worker={self.worker} amount={self.amount}"


@dataclass(frozen=True, slots=True)
class Plan:
    """One history, but for the order of its steps, which `seed` and `order` decide."""

    seed: int
    messages: tuple[Sent, ...]
    faults: tuple[Fault, ...]
    workers: int
    batch_max: int
    bulk_from: int
    most: int
    """How much the judge may do at once: few lets time stop on its way, again and again."""
    sharp: float
    """The share of awaits at which a worker can be stopped: fewer make a longer history of as many steps."""
    order: int = 0
    """Another order of steps for the same seed: the shrinker tries several."""

    def __str__(self) -> str:
        sizes = f"batch_max={self.batch_max}, bulk_from={self.bulk_from}, most={self.most}"
        tuned = f"{self.workers} workers, {sizes}, sharp={self.sharp}"
        told = [f"  {each}" for each in (*self.messages, *self.faults)]
        return "\n".join([f"seed {self.seed}, order {self.order}, {tuned}", *told])


def plan_of(seed: int) -> Plan:
    """Make the plan of a seed."""
    random = Random(seed)
    messages = _messages(random)
    count = random.choice([0, 2, 4, 6, 9, 12])
    faults = [
        Fault(
            random.randrange(STEPS),
            random.choice(KINDS),
            random.randrange(WORKERS),
            random.choice([1, 2, 3, 20, 60, 150]),
        )
        for _ in range(count)
    ]
    return Plan(
        seed,
        tuple(messages),
        tuple(sorted(faults, key=lambda fault: fault.step)),
        workers=random.randint(1, WORKERS),
        batch_max=random.choice([1, 2, 5, 2_000]),
        bulk_from=random.choice([2, 10, 5_000]),
        sharp=random.choice([0.1, 0.3, 1.0]),
        most=random.choice([1, 4, ENOUGH]),
    )


def _messages(random: Random) -> list[Sent]:
    """Tell of a few persons and cases, by records that one or two rules are about; repeat some, spoil others."""
    names: set[str] = set()
    triggers: set[str] = set()
    for rule in random.sample(sorted(RULES), random.randint(1, 2)):
        names |= set(_named(rule))
        triggers |= {each.__name__ for each in RULES[rule].triggers}
    drawn = [
        *random.choices(sorted(triggers), k=random.randint(1, 3)),
        *random.choices(sorted(names), k=random.randint(0, 5)),
    ]
    if random.random() < 0.3:
        drawn += random.choices(ACTIONS, k=2)
    sent = [_record(random, name, place) for place, name in enumerate(drawn)]
    if random.random() < 0.3:
        again = random.choice(sent)
        later = again.at_ms + random.choice([0, 60_000, 86_400_000])
        sent.append(Sent(f"{again.name} again", again.topic, later, again.value))
    if random.random() < 0.3:
        sent.append(_spoilt(random, random.choice(sent)))
    return sorted(sent, key=lambda each: each.at_ms)


@cache
def _named(rule: str) -> tuple[str, ...]:
    return (*records_for(RULES[rule]), "SourceHeartbeat")


def _record(random: Random, name: str, place: int) -> Sent:
    # Mostly early: the later, the more often an alert of the first days is chased meanwhile.
    occurred_at = NOON + random.choice(AFTER[:-3] if random.random() < 0.9 else AFTER)
    fields = _draw(random, _fields_of(name), name)
    fields |= {
        "event_id": f"event-{place}",
        "occurred_at": occurred_at,
        "authority": "local",
        "recorded_at": None,
    }
    if name == "SourceHeartbeat":
        fields["complete_to"] = occurred_at
    told_at = occurred_at + random.choice(DELAYS)
    return Sent(name, codec.topic_of(name), ms(told_at), codec.encode(name, fields))


def _spoilt(random: Random, sent: Sent) -> Sent:
    """Give a message that cannot be read, or not there."""
    value = sent.value or b""
    cut = random.randrange(len(value))
    spoilt, how = random.choice(
        [
            (None, "without a value"),
            (b"\xff" + value, "with a byte before it"),
            (value + b"\x00", "with a byte behind it"),
            (value[:cut], f"cut off at {cut}"),
        ]
    )
    topic = random.choice(SOURCE_TOPICS).name
    return Sent(f"{sent.name} {how}", topic, sent.at_ms, spoilt)


@cache
def _fields_of(name: str) -> Any:
    return expand(dict(codec.schema(name)))


def _draw(  # noqa: C901, PLR0911 - one line for each of Avro's types
    random: Random, kind: Any, field: str, codes: Sequence[str] = ()
) -> Any:
    """Draw a value of a type, as `tests.engine.generated` does with Hypothesis."""
    match kind:
        case ["null", other]:
            return None if random.random() < 0.3 else _draw(random, other, field, codes)
        case {"type": "record", "name": "Person"}:
            return {"scheme": "test", "value": f"woman-{random.randint(1, 2)}"}
        case {"type": "record", "fields": fields}:
            return {
                each["name"]: _draw(random, each["type"], each["name"], each.get("closed_list", ()))
                for each in fields
            }
        case {"type": "enum", "symbols": symbols}:
            return random.choice(likely(symbols))
        case {"type": "array", "items": items}:
            return [_draw(random, items, field, codes) for _ in range(random.randint(0, 3))]
        case {"type": "boolean"}:
            return random.random() < 0.5
        case {"logicalType": "timestamp-millis"}:
            return NOON + random.choice(AFTER)
        case {"logicalType": "date"}:
            return random.choice(DATES)
        case {"type": "int"} | {"type": "long"}:
            return random.randint(1, 3)
    if codes:
        return random.choice(codes)
    if field == "alert":
        return random.choice(ALERTS)
    if field in TEAMS:
        return f"team-{random.randint(1, 2)}"
    return f"{field}-{random.randint(1, 6 if field == 'case' else 2)}"
