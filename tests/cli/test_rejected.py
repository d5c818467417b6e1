"""What was rejected is listed without its content, and told again once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import KafkaProducer
from typer.testing import Result

from baton import topics
from baton.agents.intake import Intake
from baton.agents.pseudonym import Pseudonyms
from baton.cli.exits import WRONG
from baton.contract.topics import REFERRALS, REJECTED_EVENTS
from baton.ledger import Record
from baton.reading import Reader

Baton = Callable[..., Result]

BAD = [b"no record, and woman-1 is named in it", b"{}", None]


@pytest.fixture
def rejecting(baton: Baton, kafka: str, topic_prefix: str) -> Baton:
    """Give `baton` where an intake has rejected three messages of `referrals`."""
    topics.apply(kafka, topic_prefix, replication=1)
    intake = Intake(REFERRALS.name, 0, Pseudonyms(b"k" * 32), ceiling=1.0)
    records = [
        Record(REFERRALS.name, 0, 7 + number, 1_772_452_800_000, b"key", value)
        for number, value in enumerate(BAD)
    ]
    producer = KafkaProducer(bootstrap_servers=kafka)
    for output in intake.apply(records).outputs:
        producer.send(
            f"{topic_prefix}{output.topic}",
            key=output.key,
            value=output.value,
            headers=list(output.headers),
        ).get(timeout=30)
    producer.close()

    def run(*arguments: str | Path) -> Result:
        return baton(*arguments, BATON_BROKERS=kafka, BATON_TOPIC_PREFIX=topic_prefix)

    return run


def rows(result: Result) -> list[dict[str, object]]:
    """Return the JSON lines of a result that is fine."""
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def told(kafka: str, prefix: str) -> list[tuple[bytes | None, bytes | None]]:
    """Return key and value of what is on the source topic."""
    with Reader(kafka, f"{prefix}{REFERRALS.name}") as reader:
        return [(each.key, each.value) for batch in reader.to_end() for each in batch]


def test_the_list_says_why_and_where_from_and_never_what(rejecting: Baton) -> None:
    """Reason, topic, offset and time; the content only with --raw."""
    listed = rows(rejecting("rejected", "list", "--json"))
    table = rejecting("rejected", "list")

    assert [("referrals", 7), ("referrals", 8), ("referrals", 9)] == [
        (each["topic"], each["source_offset"]) for each in listed
    ]
    assert {"2026-03-02T12:00:00Z"} == {each["told_at"] for each in listed}
    assert all(each["reason"] and not each["retried"] for each in listed)
    assert "referrals-0@7" in table.stdout
    assert "woman-1" not in table.stdout + json.dumps(listed)
    assert not {"key", "value"} & listed[0].keys()
    raw = rows(rejecting("rejected", "list", "--raw", "--json"))
    assert raw[1]["value"] == "e30="


def test_a_retry_sends_the_original_bytes_once(
    rejecting: Baton, kafka: str, topic_prefix: str
) -> None:
    """To the topic they came from, with their key; marked, so that no later retry sends them again."""
    first = rows(rejecting("rejected", "retry", "0", "--json"))
    again = rejecting("rejected", "retry", "0")
    every = rows(rejecting("rejected", "retry", "--all", "--json"))
    nothing = rows(rejecting("rejected", "retry", "--all", "--json"))

    assert [[0], [1, 2], []] == [
        [each["offset"] for each in done] for done in (first, every, nothing)
    ]
    assert "0 messages told again; 1 had been told again before." in again.stderr
    assert [(b"key", value) for value in BAD] == told(kafka, topic_prefix)
    assert rows(rejecting("rejected", "list", "--json")) == []
    assert [True, True, True] == [
        each["retried"] for each in rows(rejecting("rejected", "list", "--all", "--json"))
    ]


def test_a_retry_that_dies_before_its_commit_has_sent_nothing(
    rejecting: Baton, kafka: str, topic_prefix: str
) -> None:
    """What it left open is ended by the next retry, which sends it."""
    dying = KafkaProducer(bootstrap_servers=kafka, transactional_id=f"{topic_prefix}baton-rejected")
    dying.init_transactions()
    dying.begin_transaction()
    dying.send(f"{topic_prefix}{REFERRALS.name}", value=BAD[0], partition=0).get(timeout=30)
    mark = [("retried", b"0")]
    dying.send(f"{topic_prefix}{REJECTED_EVENTS.name}", value=b"", partition=0, headers=mark).get(
        timeout=30
    )

    done = rows(rejecting("rejected", "retry", "0", "--json"))
    dying.close(timeout=1)

    assert [0] == [each["offset"] for each in done]
    assert [(b"key", BAD[0])] == told(kafka, topic_prefix)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Say which"),
        (["1", "--all"], "Say which"),
        (["99"], "There is no rejected message 99"),
    ],
)
def test_what_to_retry_has_to_be_said(rejecting: Baton, arguments: list[str], said: str) -> None:
    """One of three ways, and only what there is."""
    result = rejecting("rejected", "retry", *arguments)

    assert result.exit_code == WRONG
    assert said in result.stderr
