"""The commands against a real Kafka."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from typer.testing import Result

from baton import topics
from baton.agents.intake import Intake
from baton.agents.judge import ORIGINS, Judge
from baton.agents.pseudonym import Pseudonyms, make_key, read_key
from baton.cli.exits import DIFFERS, MISSING, WRONG
from baton.contract import codec
from baton.contract.topics import ALERT_ACTIONS, ALERTS, FACTS, SOURCE_TOPICS, TOPICS, state_topic
from baton.engine.policy_file import parse_policy
from baton.ledger import POSITION_KEY, Record
from baton.publish import publish
from baton.reading import Reader, TopicMissingError, live_rows, newest

Baton = Callable[..., Result]
MakeAlert = Callable[..., dict[str, Any]]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def on_kafka(baton: Baton, kafka: str, topic_prefix: str) -> Baton:
    """Give a function that runs `baton` on this Kafka, with a prefix of its own."""

    def run(*arguments: str | Path, given: str | bytes | None = None, **more: str) -> Result:
        place = {
            "BATON_BROKERS": kafka,
            "BATON_TOPIC_PREFIX": topic_prefix,
            "BATON_REPLICATION": "1",
        }
        return baton(*arguments, given=given, **place | more)

    return run


@pytest.fixture
def ready(on_kafka: Baton, kafka: str, topic_prefix: str) -> Baton:
    """Give the same, with the topics created."""
    topics.apply(kafka, topic_prefix, replication=1)
    return on_kafka


# Topics.


def test_topics_are_created_once(on_kafka: Baton) -> None:
    """Missing topics are differences; `apply` creates them; then there is nothing left to do."""
    missing = on_kafka("topics", "check", "--json")
    created = on_kafka("topics", "apply")
    again = on_kafka("topics", "apply")
    checked = on_kafka("topics", "check", "--json")

    rows = [json.loads(line) for line in missing.stdout.splitlines()]
    assert missing.exit_code == DIFFERS
    assert {row["what"] for row in rows} == {"missing"}
    assert (len(rows), len(created.stdout.splitlines())) == (len(TOPICS), len(TOPICS))
    assert [each.exit_code for each in (created, again, checked)] == [0, 0, 0]
    assert (again.stdout, checked.stdout) == ("", "")


def test_a_topic_that_differs_is_refused(on_kafka: Baton, kafka: str, topic_prefix: str) -> None:
    """`apply` says what differs, creates and alters nothing, and ends with 1."""
    alerts = f"{topic_prefix}{ALERTS.name}"
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        wrong = {
            "num_partitions": 3,
            "replication_factor": 1,
            "configs": {"cleanup.policy": "delete"},
        }
        admin.create_topics({alerts: wrong}, wait_for_metadata=True)

        refused = on_kafka("topics", "apply")

        mine = {name for name in admin.list_topics() if name.startswith(topic_prefix)}
    assert refused.exit_code == DIFFERS
    assert f"{alerts}: partitions is 3, and should be 1" in refused.stdout
    assert f"{alerts}: cleanup.policy is delete, and should be compact" in refused.stdout
    assert mine == {alerts}


def test_one_copy_is_said_and_never_assumed(on_kafka: Baton) -> None:
    """Unsaid, three copies are meant: fewer brokers are refused in a sentence, with 3, and nothing is created."""
    result = on_kafka("topics", "apply", BATON_REPLICATION="")
    missing = on_kafka("topics", "check", "--json")

    assert (result.exit_code, result.stdout) == (MISSING, "")
    assert result.stderr.count("\n") == 1
    assert "3 copies" in result.stderr
    assert "BATON_REPLICATION" in result.stderr
    assert len(missing.stdout.splitlines()) == len(TOPICS)


def test_too_few_copies_are_told(ready: Baton) -> None:
    """Topics with one copy are a difference, for each of them, to whoever did not ask for one."""
    result = ready("topics", "check", BATON_REPLICATION="")

    assert result.exit_code == DIFFERS
    assert result.stdout.count("replication is 1, and should be 3") == len(TOPICS)
    assert "set BATON_REPLICATION" in result.stderr
    again = ready("topics", "apply", BATON_REPLICATION="")
    assert again.exit_code == DIFFERS
    assert "set BATON_REPLICATION" in again.stderr


def test_virtual_time_topics_keep_old_and_future_times(kafka: str, topic_prefix: str) -> None:
    """On topics for virtual time a message bears the time it was given, years away."""
    topics.apply(kafka, topic_prefix, virtual_time=True, replication=1)
    moments = [int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1_000) for year in (2013, 2090)]
    topic = f"{topic_prefix}maternity"
    producer = KafkaProducer(bootstrap_servers=kafka)
    for moment in moments:
        producer.send(topic, value=b"x", timestamp_ms=moment).get(timeout=10)
    producer.close()

    with Reader(kafka, topic) as reader:
        read = [message.timestamp_ms for batch in reader.to_end() for message in batch]

    assert read == moments
    assert topics.check(kafka, topic_prefix, virtual_time=True, replication=1) == []


# Emitting.


def test_an_event_is_on_its_topic_as_the_contract_has_it(
    ready: Baton, kafka: str, topic_prefix: str
) -> None:
    """Value, key and headers; and what was sent is printed."""
    result = ready(
        *(
            "emit",
            "IncidentRecorded",
            "--incident",
            "inc-1",
            "--agency",
            "police",
            "--event-id",
            "event-1",
        ),
        *("--people", "woman-1:victim:pregnant", "--json"),
        TRACEPARENT="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )

    topic = f"{topic_prefix}domestic-incidents"
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "record": "IncidentRecorded",
        "event_id": "event-1",
        "topic": topic,
        "partition": 0,
        "offset": 0,
    }
    message = first_of(kafka, topic)
    name, fields = codec.decode(message.value)
    headers = dict(message.headers)
    assert (name, fields["incident"], message.key) == ("IncidentRecorded", "inc-1", b"inc-1")
    assert fields["people"][0]["person"] == {"scheme": "local", "value": "woman-1"}
    assert headers["ce_id"] == b"event-1"
    assert headers["traceparent"].startswith(b"00-0af7")


def first_of(kafka: str, topic: str) -> Any:
    """Give the first message of a topic as it is on Kafka."""
    partition = TopicPartition(topic, 0)
    consumer = KafkaConsumer(bootstrap_servers=kafka, group_id=None, enable_auto_commit=False)
    try:
        consumer.assign([partition])
        consumer.seek(partition, 0)
        return consumer.poll(timeout_ms=10_000, max_records=1)[partition][0]
    finally:
        consumer.close()


def test_of_a_file_the_good_lines_are_sent(ready: Baton, kafka: str, topic_prefix: str) -> None:
    """A bad line is named, the others are told in their order, and the exit code is 2."""
    lines = [json.dumps({"record": "CaseOpened", "case": f"case-{n}"}) for n in range(2_500)]
    lines.insert(7, '{"record": "CaseOpened", "case": ""}')

    result = ready("emit", "--file", "-", given="\n".join(lines))

    assert (result.exit_code, result.stdout) == (WRONG, "")
    bad, summary = result.stderr.splitlines()
    assert bad.startswith("standard input:8: case: ")
    assert summary == "2500 events were sent; bad lines: 1."
    with Reader(kafka, f"{topic_prefix}case-activity") as reader:
        read = [codec.decode(each.value)[1]["case"] for batch in reader.to_end() for each in batch]
    assert read == [f"case-{n}" for n in range(2_500)]


def test_without_topics_emitting_says_what_to_do(on_kafka: Baton) -> None:
    """A missing topic is one sentence and 3, at once, and no topic is created by accident."""
    result = on_kafka("emit", "IncidentRecorded", "--incident", "inc-1", "--agency", "police")

    assert (result.exit_code, result.stdout) == (MISSING, "")
    assert "run `baton topics apply`" in result.stderr


# Reading.


def write_alerts(
    kafka: str, topic_prefix: str, *alerts: dict[str, Any], commit: bool = True
) -> None:
    """Write alerts in one transaction, as `judge` does."""
    producer = KafkaProducer(bootstrap_servers=kafka, transactional_id=f"{topic_prefix}test")
    producer.init_transactions()
    producer.begin_transaction()
    for alert in alerts:
        value = codec.encode("Alert", alert)
        producer.send(f"{topic_prefix}{ALERTS.name}", key=alert["alert_id"].encode(), value=value)
    producer.flush()
    if commit:
        producer.commit_transaction()
    else:
        producer.abort_transaction()
    producer.close()


@pytest.fixture
def three_alerts(ready: Baton, kafka: str, topic_prefix: str, alert: MakeAlert) -> Baton:
    """Give `baton` where an alert is raised, one is answered late and one withdrawn; and one aborted."""
    raised = alert(alert_id="unreferred-incident/inc-1/p-1")
    was_raised = alert(
        alert_id="unreferred-incident/inc-2/p-2", about={"kind": "person", "key": "p-2"}
    )
    later = NOON + timedelta(hours=5)
    answered = was_raised | {
        "status": "answered",
        "reason": "answered-late",
        "answered_at": later,
        "as_of": later,
    }
    withdrawn = alert(alert_id="transfer-not-accepted/tr-1/case-1", rule="transfer-not-accepted")
    withdrawn |= {"about": {"kind": "case", "key": "case-1"}, "status": "withdrawn", "reason": None}
    write_alerts(kafka, topic_prefix, raised, was_raised, withdrawn, answered)
    never = alert(alert_id="unreferred-incident/inc-9/p-9")
    write_alerts(kafka, topic_prefix, never, commit=False)
    return ready


def test_what_was_not_committed_is_not_read(
    three_alerts: Baton, kafka: str, topic_prefix: str
) -> None:
    """A reader sees committed messages alone, and reaches the end behind an aborted transaction."""
    del three_alerts
    with Reader(kafka, f"{topic_prefix}{ALERTS.name}") as reader:
        standing = newest(reader.to_end())

    assert "unreferred-incident/inc-9/p-9" not in standing
    assert standing["unreferred-incident/inc-2/p-2"]["status"] == "answered"


def test_alerts_are_listed_as_they_stand(three_alerts: Baton) -> None:
    """The newest state of each, filtered; JSON lines are the contract's own."""

    def ids(*arguments: str) -> list[str]:
        result = three_alerts("alerts", "list", "--json", *arguments)
        rows = [json.loads(line) for line in result.stdout.splitlines()]
        assert all(codec.from_json("Alert", row) for row in rows)
        return sorted(row["alert_id"].split("/")[1] for row in rows)

    assert ids() == ["inc-1", "inc-2"]
    assert ids("--all") == ["inc-1", "inc-2", "tr-1"]
    assert ids("--status", "withdrawn") == ["tr-1"]
    assert ids("--rule", "unreferred-incident", "--status", "raised") == ["inc-1"]
    text = three_alerts("alerts", "list")
    assert "unreferred-incident" in text.stdout
    assert "2 alerts (1 withdrawn or closed; --all shows them)." in text.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["list", "--status", "rais"], "--status rais: did you mean raised?"),
        (["list", "--rule", "unreferred"], "--rule unreferred: "),
        (["show", "no-such"], "There is no such alert"),
        (["show", "unreferred-incident"], "2 alerts have that in their id"),
    ],
)
def test_an_alert_that_is_not_there_is_told(
    three_alerts: Baton, arguments: list[str], told: str
) -> None:
    """What was asked for and is not there is one sentence, and 2."""
    result = three_alerts("alerts", *arguments)

    assert (result.exit_code, result.stdout) == (WRONG, "")
    assert told in result.stderr


def test_an_alert_is_shown_in_full(three_alerts: Baton) -> None:
    """By its id or a part of it: in words, or as the contract's JSON."""
    words = " ".join(three_alerts("alerts", "show", "inc-2").stdout.split())
    row = json.loads(
        three_alerts("alerts", "show", "unreferred-incident/inc-2/p-2", "--json").stdout
    )

    assert "answered, 5 h late" in words
    assert "police: public protection supervisor" in words
    assert "IncidentRecorded" in words
    assert row["status"] == "answered"


def test_a_look_from_a_terminal_is_noted_where_it_is_known_whose(
    three_alerts: Baton, kafka: str, topic_prefix: str
) -> None:
    """Before it is shown, and not from which machine; nobody's look is said to be none, and an address is no key."""
    known = {"BATON_OPERATOR": "operator-1"}
    shown = three_alerts("alerts", "show", "inc-2", **known)
    listed = three_alerts("alerts", "list", "--json", **known)
    watched = three_alerts("watch", "--once", "--json", **known)
    unknown = three_alerts("alerts", "show", "inc-2")
    address = "someone@agency.example"
    refused = three_alerts("alerts", "show", "inc-2", BATON_OPERATOR=address)
    exported = three_alerts("audit", "export", "inc-2", "--by", address)

    assert [0, 0, 0, 0] == [each.exit_code for each in (shown, listed, watched, unknown)]
    assert "Not noted in the audit" in unknown.stderr
    assert "Not noted" not in shown.stderr
    assert (WRONG, "") == (refused.exit_code, refused.stdout)
    assert (WRONG, "") == (exported.exit_code, exported.stdout)
    with Reader(kafka, f"{topic_prefix}{ALERT_ACTIONS.name}") as reader:
        looks = [codec.decode(each.value)[1] for batch in reader.to_end() for each in batch]
    assert [
        ("viewed", "operator-1", "unreferred-incident/inc-2/p-2", "alerts show"),
        ("listed", "operator-1", None, "alerts list"),
        ("listed", "operator-1", None, "watch"),
    ] == [(each["what"], each["by"], each["alert"], each["page"]) for each in looks]
    assert {"terminal"} == {each["where"] for each in looks}


def test_a_block_is_reconciled_by_its_alert_alone(
    ready: Baton, kafka: str, topic_prefix: str, alert: MakeAlert
) -> None:
    """The topic of alerts says of each case sent whether it arrived; the newest record of the alert counts."""
    block = alert(
        alert_id="block-transfer/block-1/team-2",
        rule="block-transfer",
        about={"kind": "team", "key": "team-2"},
        members=[{"key": f"case-{n}", "states": ["requested"]} for n in (1, 2, 3)],
    )
    members = [
        {"key": "case-1", "states": ["requested", "accepted"]},
        {"key": "case-2", "states": ["requested"]},
        {"key": "case-3", "states": ["requested", "accepted-elsewhere"]},
    ]
    write_alerts(kafka, topic_prefix, block, alert(), block | {"members": members})

    result = ready("alerts", "reconcile", "block-1", "--json")

    row = json.loads(result.stdout)
    assert result.exit_code == DIFFERS
    assert (row["sent"], row["arrived"], row["not_arrived"]) == (3, 1, 2)
    assert row["not_arrived_cases"] == ["case-2", "case-3"]


def test_watch_once_shows_what_stands(three_alerts: Baton) -> None:
    """The table for people, every record for programs, and since when."""
    table = three_alerts("watch", "--once", COLUMNS="80")
    lines = three_alerts("watch", "--once", "--json").stdout.splitlines()
    late = three_alerts(
        "watch", "--once", "--json", "--since", "2026-03-02T16:00Z"
    ).stdout.splitlines()

    assert table.exit_code == 0
    assert table.stderr == "Not noted in the audit: BATON_OPERATOR says whose look it is.\n"
    assert "p-1" in table.stdout
    assert "case-1" not in table.stdout
    assert [json.loads(line)["status"] for line in lines] == [
        "raised",
        "raised",
        "withdrawn",
        "answered",
    ]
    assert [json.loads(line)["status"] for line in late] == ["answered"]


def test_a_reader_of_no_topic_says_so(kafka: str) -> None:
    """A topic that does not exist is not created, and is named."""
    with pytest.raises(TopicMissingError, match="no-such-topic"):
        Reader(kafka, "no-such-topic")


def test_the_last_messages_can_be_read_alone(ready: Baton, kafka: str, topic_prefix: str) -> None:
    """A reader may begin near the end; what comes later is read by going on."""
    del ready
    for number in range(5):
        event = {
            "event_id": f"event-{number}",
            "occurred_at": NOON,
            "agency": "police",
            "complete_to": NOON,
        }
        publish(kafka, "SourceHeartbeat", event, topic_prefix)

    with Reader(kafka, f"{topic_prefix}source-heartbeats") as reader:
        reader.skip_to_last(2)
        first = [each.offset for batch in reader.to_end() for each in batch]
        publish(kafka, "SourceHeartbeat", event | {"event_id": "event-9"}, topic_prefix)
        more = [each.offset for batch in reader.to_end() for each in batch]

    assert (first, more) == ([3, 4], [5])


# Explaining from what the workers know.


@pytest.fixture
def judged(ready: Baton, kafka: str, topic_prefix: str, tmp_path: Path) -> Baton:
    """Give `baton` where the rows of a judge are on Kafka: an incident, and time past its due moment."""
    make_key(tmp_path / "pseudonym.key")
    pseudonyms = Pseudonyms(read_key(tmp_path / "pseudonym.key"))
    policy = parse_policy((Path(__file__).parents[2] / "policy.toml").read_text())
    incident = {
        "event_id": "event-1",
        "occurred_at": NOON,
        "agency": "police",
        "incident": "inc-1",
        "people": [
            {
                "person": {"scheme": "nhs", "value": "9434765919"},
                "role": "victim",
                "pregnancy": "pregnant",
            }
        ],
    }
    source = SOURCE_TOPICS[0].name
    heard = Record(source, 0, 0, _ms(NOON), None, codec.encode("IncidentRecorded", incident))
    values = [each.value for each in Intake(source, 0, pseudonyms, 0.5).apply([heard]).outputs]
    values += [
        codec.encode("TickForwarded", {"origin": origin, "at": NOON + timedelta(days=7)})
        for origin in ORIGINS
    ]
    records = [
        Record(FACTS.name, 0, number, _ms(NOON), None, value) for number, value in enumerate(values)
    ]
    rows = Judge(policy).apply(records).rows | {POSITION_KEY: b"9"}
    producer = KafkaProducer(bootstrap_servers=kafka)
    sent = [
        producer.send(f"{topic_prefix}{state_topic(FACTS.name).name}", key=key, value=value)
        for key, value in [(b"f/gone", b"x"), *rows.items(), (b"f/gone", None)]
    ]
    for each in sent:
        each.get(timeout=10)
    producer.close()
    return ready


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000)


@pytest.mark.parametrize("key", ["person:nhs:9434765919", "nhs:9434765919"])
def test_a_person_is_found_by_an_identifier(judged: Baton, key: str) -> None:
    """With the deployment's key an operator may name the person; the identifier is not shown."""
    result = judged("explain", key, "--json")

    row = json.loads(result.stdout)
    assert result.exit_code == 0
    assert [each["reason"] for each in row["judgements"]] == ["overdue"]
    assert row["key"].startswith("person:p-")
    assert "9434765919" not in result.stdout + result.stderr


def test_without_the_key_only_the_pseudonym_is_known(judged: Baton, tmp_path: Path) -> None:
    """Where the key cannot be read, the pseudonym and the alert's id still lead to the chronology."""
    pseudonym = json.loads(judged("explain", "nhs:9434765919", "--json").stdout)["key"]
    (tmp_path / "pseudonym.key").unlink()

    by_identifier = judged("explain", "nhs:9434765919")
    by_pseudonym = judged("explain", pseudonym)
    alert_id = f"unreferred-incident/inc-1/{pseudonym.partition(':')[2]}"
    by_alert = judged("explain", alert_id)

    assert by_identifier.exit_code == DIFFERS
    assert by_pseudonym.exit_code == by_alert.exit_code == 0
    assert "nothing answered" in by_alert.stdout


def test_before_the_clock_nothing_is_judged(ready: Baton) -> None:
    """Where no tick has come, it says so: an empty answer must not look like a clean one."""
    result = ready("explain", "woman-1")

    assert result.exit_code == DIFFERS
    assert "Nothing is judged yet" in result.stderr


def test_rows_are_live_ones_in_the_order_of_their_last_write(
    judged: Baton, kafka: str, topic_prefix: str
) -> None:
    """A removed row is gone; the position is among them, for a ledger to take out."""
    del judged
    with Reader(kafka, f"{topic_prefix}{state_topic(FACTS.name).name}") as reader:
        rows = live_rows(reader.to_end())

    assert b"f/gone" not in rows
    assert rows[POSITION_KEY] == b"9"


# The doctor.


def test_the_doctor_sees_kafka_topics_clock_and_worker(ready: Baton) -> None:
    """Topics are right; a clock that never ticked and a worker that never ran are missing."""
    result = ready("doctor", "--json")

    states = {row["check"]: row["state"] for row in map(json.loads, result.stdout.splitlines())}
    assert result.exit_code == MISSING
    assert (states["Kafka"], states["topics"]) == ("ok", "ok")
    assert (states["clock"], states["worker"]) == ("missing", "missing")
