"""The alert `pipeline-blind` on a real Kafka: once for each blindness, and answered with its length."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from baton import topics
from baton.contract.topics import ALERTS, agency_alerts, prefixed
from baton.engine.policy_file import parse_policy
from baton.publish import publish
from baton.reading import Reader
from baton.reading.alerts import alerts_of
from baton.watchdog.sight import Blindness
from baton.watchdog.telling import Telling, alert_id_of, blindness_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
POLICY = parse_policy((Path(__file__).parents[2] / "policy.toml").read_text(encoding="utf-8"))
BLIND = Blindness(NOON, {"facts-0": frozenset({"stands-still"})})


@pytest.fixture
def told(kafka: str, topic_prefix: str) -> tuple[str, str]:
    """Create the topics; give the Kafka and the prefix."""
    topics.apply(kafka, topic_prefix, replication=1)
    return kafka, topic_prefix


def records(kafka: str, prefix: str, topic: str = ALERTS.name) -> list[dict[str, Any]]:
    """Return every alert record there is, in order."""
    with Reader(kafka, prefixed(prefix, topic)) as reader:
        return [alert for batch in reader.to_end() for alert in alerts_of(batch)]


def test_a_blindness_is_told_once_and_answered_with_its_length(told: tuple[str, str]) -> None:
    """Saying it again writes nothing; a second watchdog goes on with the same alert; nobody is named."""
    now = NOON + timedelta(seconds=61)
    Telling(*told, POLICY).tell(BLIND, NOON, now)
    again = Telling(*told, POLICY)

    assert again.tell(BLIND, NOON, now + timedelta(seconds=9)) == []
    assert [blindness_of(each) for each in again.standing()] == [BLIND]
    assert len(again.tell(None, NOON + timedelta(minutes=5), NOON + timedelta(minutes=6))) == 1
    assert again.tell(None, NOON + timedelta(minutes=7), NOON + timedelta(minutes=7)) == []

    first, last = records(*told)
    assert {alert_id_of(BLIND)} == {first["alert_id"], last["alert_id"]}
    assert ("raised", 1, now) == (first["status"], first["severity"], first["raised_at"])
    assert first["members"] == [{"key": "facts-0", "states": ["stands-still"]}]
    assert ["feed_operator", "hub_manager"] == first["steps"][0]["roles"]
    assert ("answered", timedelta(minutes=5)) == (
        last["status"],
        last["answered_at"] - last["due_at"],
    )
    assert ["raised", "resolved"] == [step["kind"] for step in last["steps"]]
    # Those who are told of it and read Kafka themselves hear of it as well.
    assert [first, last] == records(*told, agency_alerts("childrens_social_care"))
    assert [] == records(*told, agency_alerts("housing"))


def test_more_that_is_seen_changes_the_alert_and_not_when_it_was_raised(
    told: tuple[str, str],
) -> None:
    """The same id, with one member more."""
    telling = Telling(*told, POLICY)
    telling.tell(BLIND, NOON, NOON + timedelta(seconds=61))
    more = Blindness(NOON, {**BLIND.members, "clock": frozenset({"silent"})})
    (written,) = telling.tell(more, NOON, NOON + timedelta(seconds=90))

    assert written["raised_at"] == NOON + timedelta(seconds=61)
    assert [each["key"] for each in written["members"]] == ["clock", "facts-0"]


def test_an_alert_left_standing_by_a_watchdog_that_died_is_answered(told: tuple[str, str]) -> None:
    """Of two blindnesses the older was over when the newer began."""
    telling = Telling(*told, POLICY)
    telling.tell(BLIND, NOON, NOON + timedelta(seconds=61))
    newer = Blindness(NOON + timedelta(hours=1), BLIND.members)
    telling.tell(newer, newer.since, newer.since + timedelta(seconds=61))

    (standing,) = telling.standing()
    assert blindness_of(standing) == newer
    assert [each["status"] for each in records(*told)] == ["raised", "raised", "answered"]


def test_it_is_owned_chased_and_closed_as_any_other(told: tuple[str, str]) -> None:
    """Taken up until that lapses, assigned, closed by two; whatever was done, it is answered when it is over."""
    since = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=61)
    blind, kafka, prefix = Blindness(since, BLIND.members), *told
    telling = Telling(*told, POLICY)
    telling.tell(blind, since, since + timedelta(seconds=61))
    alert_id, count = alert_id_of(blind), 0

    def act(record: str, by: str, **said: object) -> dict[str, Any]:
        nonlocal count
        count += 1
        fields = {"event_id": f"action-{count}", "occurred_at": datetime.now(UTC), "by": by}
        fields |= {"agency": "public", "alert": alert_id, **said}
        publish(kafka, record, fields, prefix)
        assert not telling.is_told(blind, datetime.now(UTC))
        (written,) = telling.tell(blind, since, datetime.now(UTC))
        assert telling.is_told(blind, datetime.now(UTC))
        return written

    taken = act("AlertAcknowledged", "operator-1")
    assert ("acknowledged", "operator-1") == (taken["status"], taken["acknowledged_by"])
    lapses_at = taken["acknowledged_until"]
    assert telling.is_told(blind, lapses_at - timedelta(seconds=1))
    owned = act("AlertAssigned", "operator-1", to="operator-2")
    assert ("operator-2", None) == (owned["owner"], owned["actions"][-1]["refused"])
    asked = act("AlertClosed", "operator-1", outcome="acted", rationale="The clock is mended.")
    assert ("acknowledged", "operator-1") == (asked["status"], asked["closing_by"])
    again = Telling(*told, POLICY)
    assert again.tell(blind, since, datetime.now(UTC)) == [], "another watchdog comes to the same"
    (lapsed,) = again.tell(blind, since, lapses_at)
    assert ("raised", "lapsed") == (lapsed["status"], lapsed["steps"][-1]["kind"])
    (over,) = again.tell(None, lapses_at, lapses_at + timedelta(seconds=9))
    assert ("answered", "operator-2", None) == (over["status"], over["owner"], over["closing_by"])
    assert "resolved" == over["steps"][-1]["kind"]
    assert 3 == len(over["actions"])
    assert again.standing() == []


def test_a_closed_one_is_answered_too(told: tuple[str, str]) -> None:
    """Closing ends the chasing, not the blindness: it stands under the same id until that is over."""
    since = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=61)
    blind, (kafka, prefix) = Blindness(since, BLIND.members), told
    telling = Telling(*told, POLICY)
    telling.tell(blind, since, datetime.now(UTC))
    closed = {"outcome": "acted", "rationale": "Being mended.", "second_by": "operator-2"}
    fields = {"event_id": "action-1", "occurred_at": datetime.now(UTC), "by": "operator-1"}
    fields |= {"agency": "public", "alert": alert_id_of(blind), **closed}
    publish(kafka, "AlertClosed", fields, prefix)

    (written,) = telling.tell(blind, since, datetime.now(UTC))
    assert "closed" == written["status"]
    assert [blindness_of(each) for each in telling.standing()] == [blind]
    (over,) = telling.tell(None, datetime.now(UTC), datetime.now(UTC))
    assert ("answered", "operator-1") == (over["status"], over["closed_by"])
