"""A state topic is lost on a real Kafka: the worker refuses, a rebuild brings it back, and no alert changes."""

from __future__ import annotations

import asyncio
import json
import os
import time
import uuid
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from typer.testing import CliRunner, Result

from baton import topics
from baton.agents.app import APP_NAME
from baton.agents.judge import Judge
from baton.agents.pseudonym import make_key
from baton.cli.app import app
from baton.cli.exits import DIFFERS
from baton.cli.playback import Stage
from baton.cli.supervisor import Supervisor
from baton.contract import codec
from baton.contract.topics import (
    AGENCY_ALERTS,
    ALERT_ACTIONS,
    ALERTS,
    AUDIT,
    FACTS,
    REFERRALS,
    prefixed,
    state_topic,
)
from baton.engine.policy_file import parse_policy
from baton.ledger import Batch, Kafka, KafkaLog, KafkaWriter, Ledger, Partition
from baton.reading import Message, Reader
from baton.replay.scenario import PolicyText, read_scenario
from tests.agents.relay import an_intake, as_facts, sent

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = Path(__file__).parents[2]
POLICY = PROJECT / "policy.toml"
STORIES = ("baby-c-leicestershire-and-rutland", "sunderland-block-transfer")
WITHIN = 120.0


def died(supervisor: Supervisor) -> bool:
    """Say whether a worker has ended: in these tests none should while it works."""
    return supervisor.failed.is_set() or any(supervisor.restarts.values())


@dataclass
class Place:
    """A deployment on the tests' Kafka, its topics in virtual time."""

    brokers: str
    prefix: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return what every process of it is started with."""
        return os.environ | {
            "BATON_BROKERS": self.brokers,
            "BATON_TOPIC_PREFIX": self.prefix,
            "BATON_POLICY": str(POLICY),
            "BATON_PSEUDONYM_KEY_FILE": str(self.folder / "key"),
            "BATON_LOG_FORMAT": "json",
        }

    @property
    def log(self) -> str:
        """Return what the workers have said."""
        return (self.folder / "log").read_text(encoding="utf-8")

    def baton(self, *arguments: str) -> Result:
        """Run the command."""
        return CliRunner().invoke(app, arguments, env=self.environment, prog_name="baton")

    def ledger(self, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
        """Run `baton ledger … --json`; return its exit code and the last line of each ledger."""
        result = self.baton("ledger", *arguments, "--json")
        rows = [json.loads(line) for line in result.stdout.splitlines()]
        return result.exit_code, {row["ledger"]: row for row in rows if "equal" in row}

    def alerts(self) -> list[tuple[bytes | None, bytes | None]]:
        """Return every alert record there ever was, in order."""
        return self.told(ALERTS.name)

    def told(self, topic: str) -> list[tuple[bytes | None, bytes | None]]:
        """Return every record of a topic, in order."""
        return [(each.key, each.value) for each in self.messages(topic)]

    def messages(self, topic: str) -> list[Message]:
        """Return every message of a topic, in order."""
        with Reader(self.brokers, prefixed(self.prefix, topic)) as reader:
            return [each for batch in reader.to_end() for each in batch]

    def wait_for(self, what: Callable[[], bool]) -> None:
        """Wait until something is so; show the log if it does not come."""
        gives_up_at = time.monotonic() + WITHIN
        while not what():
            assert time.monotonic() < gives_up_at, self.log[-3_000:]
            time.sleep(0.2)

    def without_workers(self) -> None:
        """Wait until the group has forgotten its workers."""
        with KafkaAdminClient(bootstrap_servers=self.brokers) as admin:
            group = f"{self.prefix}{APP_NAME}"
            self.wait_for(lambda: not admin.describe_groups([group])[group]["members"])

    def lose(self, source: str) -> None:
        """Delete a state topic, and make it anew, empty, as `baton topics apply` does."""
        name = prefixed(self.prefix, state_topic(source).name)
        with KafkaAdminClient(bootstrap_servers=self.brokers) as admin:
            admin.delete_topics([name])
            self.wait_for(lambda: name not in admin.list_topics())
        topics.apply(self.brokers, self.prefix, virtual_time=True, replication=1)


@pytest.fixture(scope="module")
def played(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Play both reviews, and one record that is none, through a worker; then stop it."""
    folder, topic_prefix = tmp_path_factory.mktemp("repair"), f"repair-{uuid.uuid4().hex[:12]}-"
    place = Place(kafka, topic_prefix, folder)
    make_key(folder / "key")
    policy = PolicyText(POLICY.read_text(encoding="utf-8"), "policy.toml")
    files = [PROJECT / "tests" / "scenarios" / f"{story}.toml" for story in STORIES]
    scenarios = [read_scenario(file.read_text("utf-8"), file.name, policy) for file in files]
    told = [each for scenario in scenarios for each in scenario.told]
    until = max(scenario.until for scenario in scenarios)
    stage = Stage.prepare(kafka, topic_prefix, place.environment)
    with (folder / "log").open("ab") as log, Supervisor() as supervisor, stage.feed() as feed:
        stage.start_worker(supervisor, output=log)
        for _ in feed.play(told, until):
            pass
        # Behind the last tick, and before one that is later.
        producer = KafkaProducer(bootstrap_servers=kafka)
        stamp = int(until.timestamp() * 1_000)
        topic = prefixed(topic_prefix, REFERRALS.name)
        producer.send(topic, value=b"no record", timestamp_ms=stamp).get(timeout=30)
        producer.close()
        feed.tick(until + timedelta(seconds=1))
        assert stage.wait_until_judged(until, lambda: died(supervisor)), place.log
        place.wait_for(lambda: place.ledger("verify")[0] == 0)
    return place


@pytest.fixture
def judged(played: Place) -> Place:
    """Give what was played, whole and without a worker: each test leaves it so."""
    played.without_workers()
    assert played.ledger("verify")[0] == 0
    return played


def test_a_lost_state_is_rebuilt_and_no_alert_changes(judged: Place) -> None:
    """The worker refuses an empty state; the rebuilt rows are those that were lost; no alert is told again."""
    before, alerts = judged.ledger("verify"), judged.alerts()
    assert before[0] == 0
    assert before[1]["facts-0"]["rows_equal"] > 50
    judged.lose(FACTS.name)

    stage = Stage(judged.brokers, judged.prefix, judged.environment)
    with (judged.folder / "log").open("ab") as log, Supervisor() as supervisor:
        stage.start_worker(supervisor, output=log)
        judged.wait_for(lambda: "its rows are lost" in judged.log)
    assert "state-facts is empty" in judged.log
    assert judged.alerts() == alerts
    judged.without_workers()

    assert judged.ledger("verify", "facts")[0] == DIFFERS
    assert judged.ledger("rebuild", "facts")[0] == DIFFERS
    assert judged.ledger("verify", "facts")[0] == DIFFERS, "without --yes nothing is written"
    code, rebuilt = judged.ledger("rebuild", "facts", "--yes")
    assert (code, rebuilt["facts-0"]["written"]) == (0, True)
    again = judged.ledger("rebuild", "facts", "--yes")
    assert (again[0], again[1]["facts-0"]["written"]) == (0, False)
    after = judged.ledger("verify")
    assert (0, before[1]["facts-0"]["rows_equal"]) == (after[0], after[1]["facts-0"]["rows_equal"])
    assert judged.alerts() == alerts


def test_a_running_worker_is_not_repaired_behind_its_back(judged: Place) -> None:
    """While a worker is in the group nothing is written, and it goes on."""
    stage = Stage(judged.brokers, judged.prefix, judged.environment)
    with (judged.folder / "log").open("ab") as log, Supervisor() as supervisor:
        opened = judged.log.count("ledger_opened")
        stage.start_worker(supervisor, output=log)
        judged.wait_for(lambda: judged.log.count("ledger_opened") >= opened + 8)
        refused = judged.baton("ledger", "rebuild", "--yes")
        assert supervisor.restarts["worker"] == 0
    assert refused.exit_code == DIFFERS
    assert "running: stop them first" in refused.stderr


def test_an_intake_that_lost_its_rows_goes_on_where_it_was(judged: Place) -> None:
    """Its position is that behind the last fact or rejected message; nothing is passed on twice."""
    before = judged.ledger("verify")[1]["referrals-0"]
    judged.lose(REFERRALS.name)

    assert judged.ledger("verify", "referrals")[0] == DIFFERS
    assert judged.ledger("rebuild", "referrals", "--yes")[0] == 0
    stage = Stage(judged.brokers, judged.prefix, judged.environment)
    with (judged.folder / "log").open("ab") as log, Supervisor() as supervisor:
        stage.start_worker(supervisor, output=log)
        judged.wait_for(
            lambda: judged.ledger("verify")[1]["referrals-0"]["position"] >= before["position"]
        )
        judged.wait_for(lambda: judged.ledger("verify")[0] == 0)


def test_a_row_that_was_changed_is_found_and_put_right(judged: Place) -> None:
    """Each key that differs is named, and how; the rest is left as it is."""
    topic = prefixed(judged.prefix, state_topic(FACTS.name).name)
    with Reader(judged.brokers, topic) as reader:
        last = {m.key: m.value for batch in reader.to_end() for m in batch if m.value is not None}
    key = next(key for key in last if key is not None and key.startswith(b"a/"))
    value = last[key]
    assert value is not None
    alert = codec.decode(value)[1]
    producer = KafkaProducer(bootstrap_servers=judged.brokers)
    wrong = codec.encode("Alert", alert | {"severity": 4})
    for row in ((key, wrong), (b"a/person:nobody|x", wrong)):
        producer.send(topic, key=row[0], value=row[1]).get(timeout=30)
    producer.close()

    result = judged.baton("ledger", "verify", "facts", "--json")
    found = [json.loads(line) for line in result.stdout.splitlines()][:-1]
    assert result.exit_code == DIFFERS
    assert [
        {"ledger": "facts-0", "key": key.decode(), "how": "differs", "fields": ["severity"]},
        {"ledger": "facts-0", "key": "a/person:nobody|x", "how": "not expected", "fields": []},
    ] == sorted(found, key=lambda each: each["how"])
    assert judged.ledger("rebuild", "facts", "--yes")[0] == 0
    assert judged.ledger("verify", "facts")[0] == 0


class StoppedError(Exception):
    """The judge was killed in the middle, on purpose."""


def another(judged: Place, facts: list[tuple[bytes | None, bytes | None, int]]) -> Place:
    """Return a deployment with these facts, that nobody has judged."""
    place = replace(judged, prefix=f"repair-{uuid.uuid4().hex[:12]}-")
    topics.apply(place.brokers, place.prefix, virtual_time=True, replication=1)
    producer = KafkaProducer(bootstrap_servers=place.brokers)
    topic = prefixed(place.prefix, FACTS.name)
    for key, value, timestamp_ms in facts:
        producer.send(topic, key=key, value=value, timestamp_ms=timestamp_ms)
    producer.close()
    return place


def facts_of(judged: Place) -> list[tuple[bytes | None, bytes | None, int]]:
    """Return its facts: key, value, and the time in milliseconds since 1970."""
    return [(each.key, each.value, each.timestamp_ms) for each in judged.messages(FACTS.name)]


def judge(place: Place, batch_max: int, *, killed: int = 0) -> None:
    """Judge all, one chronology at once; or be killed in the middle, after so many transactions that tell something."""
    kafka, facts = Kafka(place.brokers, place.prefix), Partition(FACTS.name, 0)
    process = Judge(parse_policy(POLICY.read_text(encoding="utf-8"), "policy.toml"), most=1)

    telling = 0

    def report(batch: Batch) -> None:
        nonlocal telling
        telling += bool(batch.outputs)
        if killed and telling >= killed and process.unfinished and batch.outputs:
            raise StoppedError

    async def catch_up() -> None:
        state = state_topic(FACTS.name).name
        log, writer = KafkaLog(kafka, facts, state), KafkaWriter(kafka, facts)
        ledger = Ledger(
            facts, state_topic=state, log=log, writer=writer, process=process, batch_max=batch_max
        )
        try:
            await ledger.open()
            with pytest.raises(StoppedError) if killed else nullcontext():
                await ledger.catch_up(report)
        finally:
            await ledger.close()

    asyncio.run(catch_up())


def with_a_deed(
    facts: list[tuple[bytes | None, bytes | None, int]], *, after: bool = False
) -> list[Any]:
    """Return these facts with what somebody did before the last tick, or after all of them."""
    ticks = [codec.decode(value)[1].get("at") for _, value, _ in facts]
    last = max(filter(None, ticks))
    at = last + timedelta(seconds=1) if after else last
    fields = {"alert": "transfer-not-accepted/t-1/c-1", "note": "note-1", "by": "operator-1"}
    envelope = {"event_id": "deed-1", "occurred_at": at, "agency": "childrens_social_care"}
    value = codec.encode("AlertNoted", codec.complete("AlertNoted", envelope | fields))
    (deed,) = as_facts(
        an_intake(ALERT_ACTIONS.name).apply([sent(ALERT_ACTIONS.name, value, at, 1)]).outputs
    )
    place = len(facts) if after else ticks.index(last)
    return [*facts[:place], (deed.key, deed.value, deed.timestamp_ms), *facts[place:]]


def test_an_audit_in_the_order_of_time_that_stood_still_is_right(judged: Place) -> None:
    """A deed is entered when it is heard, before alerts that were still to come: no replay enters it there."""
    place = another(judged, with_a_deed(facts_of(judged)))
    judge(place, batch_max=100_000)
    what = [codec.decode(value)[1]["what"] for _, value in place.told(AUDIT.name)]
    assert "AlertNoted" in what[:-5]

    assert place.ledger("verify", "facts")[0] == 0
    code, found = place.ledger("rebuild", "facts", "--yes")
    assert (code, found["facts-0"]["written"]) == (0, False)
    place.lose(FACTS.name)
    code, found = place.ledger("rebuild", "facts", "--yes")
    assert (code, found["facts-0"]["written"]) == (0, True)
    place.wait_for(lambda: place.ledger("verify", "facts")[0] == 0)
    assert place.baton("audit", "verify").exit_code == 0


@pytest.mark.parametrize("lost", [False, True], ids=["its-rows-there", "its-rows-lost"])
def test_an_audit_that_ends_while_time_stands_still_is_finished(
    judged: Place, *, lost: bool
) -> None:
    """A deed was entered before alerts that a replay tells first: these are told, and nothing is told twice."""
    place = another(judged, with_a_deed(facts_of(judged), after=True))
    judge(place, batch_max=100_000, killed=2)
    what = [codec.decode(value)[1]["what"] for _, value in place.told(AUDIT.name)]
    assert "AlertNoted" in what
    assert 0 < len(place.alerts()) < len(judged.alerts())
    if lost:
        place.lose(FACTS.name)

    code, rebuilt = place.ledger("rebuild", "facts", "--yes")

    assert (code, rebuilt["facts-0"]["written"]) == (0, True), rebuilt
    place.wait_for(lambda: place.ledger("verify", "facts")[0] == 0)
    assert place.baton("audit", "verify").exit_code == 0
    assert sorted(judged.told(ALERTS.name), key=repr) == sorted(place.alerts(), key=repr)


@pytest.mark.parametrize("lost", [False, True], ids=["its-rows-there", "its-rows-lost"])
def test_a_judge_killed_in_the_middle_is_finished_by_a_rebuild(
    judged: Place, *, lost: bool
) -> None:
    """What one record led to was told in part: the rest is told once, to agencies and the audit too."""
    place = another(judged, facts_of(judged))
    judge(place, batch_max=1, killed=1)
    told = [ALERTS.name, AUDIT.name, *(each.name for each in AGENCY_ALERTS)]
    before = {topic: place.told(topic) for topic in told}
    code, found = place.ledger("verify", "facts")
    assert (code, found["facts-0"]["rows_differing"]) == (DIFFERS, 0)
    assert "in the middle" in found["facts-0"]["notes"][0]
    assert place.ledger("rebuild", "facts")[0] == DIFFERS
    assert before == {topic: place.told(topic) for topic in told}, (
        "without --yes nothing is written"
    )
    if lost:
        place.lose(FACTS.name)

    code, rebuilt = place.ledger("rebuild", "facts", "--yes")

    assert (code, rebuilt["facts-0"]["written"]) == (0, True)
    # Kafka confirms a transaction a moment before readers see it.
    place.wait_for(lambda: place.ledger("verify", "facts")[0] == 0)
    assert len(before[ALERTS.name]) < len(place.alerts())
    for topic in told:
        after = place.told(topic)
        assert judged.told(topic)[: len(after)] == after, topic
    stage = Stage(place.brokers, place.prefix, place.environment)
    with (place.folder / "log").open("ab") as log, Supervisor() as supervisor:
        stage.start_worker(supervisor, output=log)
        ends = {topic: judged.told(topic) for topic in told}
        place.wait_for(lambda: ends == {topic: place.told(topic) for topic in told})
        # What is told twice comes after the first time: verify sees it, and so do we once the worker has ended.
        place.wait_for(lambda: place.ledger("verify", "facts")[0] == 0)
    assert ends == {topic: place.told(topic) for topic in told}
