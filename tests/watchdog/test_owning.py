"""What is done to the watchdog's own alert, by whatever clock its host has; without Kafka."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from baton.contract import codec
from baton.engine.policy_file import parse_policy
from baton.reading import Message
from baton.watchdog import owning
from baton.watchdog.owning import Deeds, lived
from baton.watchdog.sight import Blindness
from baton.watchdog.telling import Telling, alert_id_of, raised

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
POLICY = parse_policy((Path(__file__).parents[2] / "policy.toml").read_text(encoding="utf-8"))
BLIND = Blindness(NOON, {"facts-0": frozenset({"stands-still"})})
MINUTE = timedelta(minutes=1)


def told(record: str, at: datetime, partition: int = 0, **said: object) -> Message:
    """Return a message that tells of a deed at a moment of the broker's."""
    fields = {"event_id": f"{record}/{at.isoformat()}", "occurred_at": at, "agency": "public"}
    fields |= {"by": "operator-1", **said}
    value = codec.encode(record, codec.complete(record, fields))
    return Message(partition, 0, round(at.timestamp() * 1_000), b"", value)


def done(record: str, at: datetime, partition: int = 0, **said: object) -> Message:
    """Return a message that tells what was done to the alert."""
    return told(record, at, partition, alert=alert_id_of(BLIND), **said)


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """Give the messages of `alert-actions`, in place of Kafka's."""
    messages: list[Message] = []

    class Topic:
        def __init__(self, *_: object) -> None:
            self.left = 0.0
            self.place = 0

        def skip_to(self, moment: datetime) -> None:
            self.left = moment.timestamp() * 1_000

        def to_end(self) -> Iterator[list[Message]]:
            new, self.place = messages[self.place :], len(messages)
            yield [each for each in new if each.timestamp_ms >= self.left]

        def close(self) -> None:
            pass

    monkeypatch.setattr(owning, "Reader", Topic)
    return messages


def standing(now: datetime, known: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the alert as a watchdog that has just begun has it at a moment of its host's."""
    return Telling("", "", POLICY)._lived(BLIND, now, known)


@pytest.mark.parametrize("skew", [-10 * MINUTE, timedelta(0), 10 * MINUTE], ids=str)
def test_it_is_taken_up_whatever_the_hosts_clock_says(
    skew: timedelta, topic: list[Message]
) -> None:
    """Raised a minute after it began and taken up a minute later, by the broker's time; it counts at once."""
    before = standing(NOON + MINUTE + skew)
    topic.append(done("AlertAcknowledged", NOON + 2 * MINUTE))
    after = standing(NOON + 2 * MINUTE + skew, before)

    assert ("acknowledged", "operator-1") == (after["status"], after["acknowledged_by"])
    assert [None] == [each["refused"] for each in after["actions"]]
    assert before["raised_at"] == after["raised_at"] <= after["as_of"]


def test_a_watchdog_whose_time_is_behind_takes_nothing_back(topic: list[Message]) -> None:
    """It was chased by the time of the one before, and stays chased."""
    assert topic == []
    begun = standing(NOON + MINUTE)
    chased = standing(NOON + 600 * MINUTE, begun)
    after = standing(NOON + 2 * MINUTE, chased)

    assert len(begun["steps"]) < len(chased["steps"]) == len(after["steps"])
    assert chased["as_of"] == after["as_of"]


def test_what_was_done_before_it_was_raised_keeps_its_order(topic: list[Message]) -> None:
    """By the broker's time, though for a host that is ahead all of it comes at one moment; whatever the partition."""
    before = standing(NOON + 11 * MINUTE)
    topic.append(done("AlertAssigned", NOON + 3 * MINUTE, 0, to="operator-3"))
    topic.append(done("AlertAssigned", NOON + 2 * MINUTE, 1, to="operator-2"))

    assert "operator-3" == standing(NOON + 13 * MINUTE, before)["owner"]


def test_a_deed_of_an_earlier_time_is_no_deed_of_now(topic: list[Message]) -> None:
    """A silence from before this blindness was read for an older one, and would not be by another watchdog."""
    told_before = told(
        "AlertsSilenced",
        NOON - MINUTE,
        matcher="rule=pipeline-blind",
        until=NOON + 60 * MINUTE,
        why="Move.",
    )
    topic.append(told_before)
    deeds = Deeds("", "", NOON - 2 * MINUTE)

    assert 1 == len(deeds.of("", NOON - 2 * MINUTE))
    assert [] == deeds.of("", NOON)


def test_who_was_told_of_an_older_alert_stays_told(topic: list[Message]) -> None:
    """After an upgrade while it lasts: its roles were a word each, and were told in one step; none is dropped."""
    assert topic == []
    roles = standing(NOON + MINUTE)["tell"][0].split("+")
    step = {"number": 1, "kind": "raised", "roles": roles, "at": NOON + MINUTE}
    before = standing(NOON + MINUTE) | {"tell": roles, "steps": [step]}
    after = standing(NOON + 2 * MINUTE, before)

    assert ["feed_operator", "hub_manager"] == roles
    assert [roles] == [each["roles"] for each in after["steps"]]
    assert ["+".join(roles)] == after["tell"]


def test_nothing_done_is_as_it_was_raised() -> None:
    """As of now."""
    begun = raised(BLIND, NOON + MINUTE, POLICY, None)
    after = lived(begun, [], NOON + 2 * MINUTE, POLICY)

    assert ("raised", NOON + 2 * MINUTE) == (after["status"], after["as_of"])
