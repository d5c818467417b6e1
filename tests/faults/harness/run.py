"""One run: a cluster, a crew, agencies that send, faults; then waiting until all is caught up, and the verdict."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError

from baton import topics
from baton.agents.pseudonym import Pseudonyms, make_key, read_key
from baton.audit import Proof, verify
from baton.auditor import Comparison
from baton.cli.supervisor import Supervisor
from baton.contract.topics import AGENCY_ALERTS, ALERTS, STATE_TOPICS, prefixed
from baton.engine.policy_file import parse_policy
from baton.localkafka.cluster import LocalCluster
from baton.reading import Reader
from baton.watchdog import Look
from tests.faults.harness.actors import Agencies, Crew, Operator, quick_policy
from tests.faults.harness.deeds import Deeds
from tests.faults.harness.doing import Doing, say
from tests.faults.harness.opinion import second_opinion
from tests.faults.harness.plan import Plan
from tests.faults.harness.sight import NEVER, Sight
from tests.faults.harness.stories import MASS, at_once, backlog
from tests.faults.harness.telling import (
    Told,
    Untold,
    desks,
    journal,
    judge_telling,
)
from tests.faults.harness.verdict import (
    Counts,
    Inputs,
    Topics,
    by_topic,
    compare,
    in_brief,
    inputs_of,
    oracle,
    still_for,
)
from tests.notify.conftest import Webhook

PREFIX: Final = "faults-"
COMPACTION: Final = {
    "segment.bytes": "1048576",
    "segment.ms": "5000",
    "max.compaction.lag.ms": "5000",
    "min.cleanable.dirty.ratio": "0.01",
}
"""What makes Kafka compact the state topics all through the run."""
STUCK_AFTER: Final = 300.0
"""Seconds without any progress after which what should come about is given up. A slow machine is not a stuck one."""
TOLD_WITHIN: Final = 120.0
"""Seconds in which somebody must be told of something, as long as not everybody is told of all that was asked for."""
DUE_IN: Final = 150.0
"""Seconds from when the deadlines of one second are begun to be sent until they fall."""


@dataclass(slots=True)
class Outcome:
    """What a run has shown."""

    plan: Plan
    faults: Counter[str]
    failures: list[str]
    counts: Counts
    second: Comparison
    """What the auditor makes of the rules that it knows."""
    inputs: Inputs
    confirmed: int
    alerts: int
    deeds: int
    """What operators did to alerts."""
    audit: Proof
    told: Told
    """What people were told."""
    stood_still: float
    caught_up_after: float | None
    """Seconds after the last fault; None where it never was."""
    deaths: Counter[str] = field(default_factory=Counter)
    """Why workers ended by themselves."""

    @property
    def right(self) -> bool:
        """Whether every promise was kept."""
        return (
            self.confirmed > 0
            and self.alerts > 0
            and self.counts.right
            and not self.second.differences
            and self.told.right
            and self.caught_up_after is not None
            and not (self.inputs.waiting or self.inputs.twice or self.inputs.lost)
            and not self.failures
        )


def run(plan: Plan, folder: Path, heap: str = "512m") -> Outcome:
    """Do a plan in a folder, and judge what it left behind."""
    make_key(folder / "key")
    (folder / "policy.toml").write_text(quick_policy(), encoding="utf-8")
    with ExitStack() as stack:
        cluster = stack.enter_context(LocalCluster(folder / "kafka", heap))
        topics.apply(cluster.bootstrap, PREFIX, replication=3)
        _compact_eagerly(cluster.bootstrap)
        log = stack.enter_context((folder / "log").open("ab"))
        crew = Crew(stack.enter_context(Supervisor()), _environment(cluster, folder), log)
        roles = parse_policy(quick_policy(), "policy.toml").roles
        webhook = stack.enter_context(desks(folder / "recipients.toml", roles))
        crew.start_clock()
        crew.start_notifier()
        for name in crew.names(plan.size.workers):
            crew.start_worker(name)
        sight = Sight(cluster.bootstrap, PREFIX)
        stack.callback(sight.stop)
        sight.start()
        if not sight.wait_for(lambda look: sight.judged_to(look) > NEVER, STUCK_AFTER):
            raise TimeoutError("the workers have not begun to judge, before any fault")
        start = datetime.now(UTC)
        agencies = Agencies(cluster.bootstrap, PREFIX, start)
        deeds = Deeds(agencies)
        operator = Operator(cluster.bootstrap, PREFIX, deeds.on)
        watching = threading.Thread(target=operator.watch, daemon=True)
        acting = threading.Thread(target=deeds.do_all, daemon=True)
        watching.start()
        acting.start()
        doing = Doing(plan, PREFIX, cluster, crew, agencies, sight, start.timestamp())
        telling = threading.Thread(target=_tell, args=(doing, start), daemon=True)
        telling.start()
        if plan.size.backlog:
            _month_behind(doing)
        say(f"{cluster.bootstrap}; faults begin")
        doing.run()
        telling.join()
        deeds.stop()
        acting.join()
        doing.failures += deeds.failures
        cluster.wait_until_whole()
        if plan.size.deadlines:
            _at_once(doing)
        look, caught_up, told = _end(doing, webhook)
        operator.stop()
        watching.join(timeout=30)
        agencies.close()
        return _judge(doing, operator, look, caught_up, told, folder)


def _judge(
    doing: Doing,
    operator: Operator,
    look: Look | None,
    caught_up: float | None,
    told_people: Told,
    folder: Path,
) -> Outcome:
    found = Topics.on(doing.cluster.bootstrap, PREFIX)
    agreed = (folder / "policy.toml").read_text(encoding="utf-8")
    policy = parse_policy(agreed, "policy.toml")
    pseudonyms = Pseudonyms(read_key(folder / "key"))
    until = doing.sight.judged_to(look) if look else datetime.now(UTC)
    say("working out what should have been said")
    expected, audited = by_topic(oracle(found, policy, pseudonyms, until))
    say("comparing it with what was said")
    told = in_brief(found.alerts(ALERTS.name))
    counts = compare(expected[ALERTS.name], told)
    for topic in AGENCY_ALERTS:
        theirs = compare(expected[topic.name], in_brief(found.alerts(topic.name)))
        if not theirs.right:
            doing.failures.append(f"{topic.name}: {theirs}")
    in_audit: Counter[str] = Counter()
    proof = verify(_counted(found.audit(), in_audit))
    if not proof.holds:
        doing.failures.append(f"the audit does not hold: {proof.wrong[:3]}")
    if in_audit != audited:
        lost, more = audited - in_audit, in_audit - audited
        doing.failures.append(
            f"of the audit {lost.total()} entries are missing and {more.total()} too many"
        )
    fallen = sum(f"/{MASS}" in alert_id for alert_id in told)
    if fallen != doing.plan.size.deadlines:
        doing.failures.append(
            f"of {doing.plan.size.deadlines:,} deadlines in one second {fallen:,} fell"
        )
    inputs = inputs_of(found, doing.agencies.confirmed)
    say("asking for the second opinion")
    return Outcome(
        plan=doing.plan,
        faults=doing.done,
        failures=doing.failures,
        counts=counts,
        second=second_opinion(found, agreed, pseudonyms, until),
        inputs=inputs,
        confirmed=len(doing.agencies.confirmed),
        alerts=len(told),
        deeds=sum(each.startswith("deed-") for each in doing.agencies.confirmed),
        audit=proof,
        told=told_people,
        stood_still=still_for(list(operator.seen.values())),
        caught_up_after=None if caught_up is None else caught_up - doing.last_ended,
        deaths=_deaths(folder / "log"),
    )


def _counted(entries: Iterable[dict[str, Any]], digests: Counter[str]) -> Iterator[dict[str, Any]]:
    """Give entries of the audit on, and count what they are of: there are too many to read them twice."""
    for entry in entries:
        digests[entry["digest"]] += 1
        yield entry


def _tell(doing: Doing, start: datetime) -> None:
    """Send the plan's events, each at its moment or as soon after it as Kafka lets us."""
    try:
        for sending in doing.plan.sendings:
            time.sleep(max(0.0, start.timestamp() + sending.at - time.time()))
            doing.agencies.tell(sending)
    except KafkaError as error:
        doing.failures.append(f"agencies: {type(error).__name__}: {error}")


def _month_behind(doing: Doing) -> None:
    """Let a month's events come while all workers are away, and start them upon it."""
    for name in doing.names:
        doing.crew.remove(name)
    at = time.time() - doing.began
    for sending in backlog(at, doing.plan.size.backlog, Random(doing.plan.seed)):
        doing.agencies.tell(sending)
    for name in doing.names:
        doing.crew.start_worker(name)
    doing.done["a month's backlog"] += 1


def _at_once(doing: Doing) -> None:
    """Let very many deadlines fall into one second, and kill the notifier when it begins to tell of them."""
    at = time.time() - doing.began
    due_in = DUE_IN if doing.plan.size.deadlines > 1_000 else 15.0
    for sending in at_once(at, due_in, doing.plan.size.deadlines):
        time.sleep(max(0.0, doing.began + sending.at - time.time()))
        doing.agencies.tell(sending)
    name = f"{doing.plan.size.deadlines:,} deadlines in one second"
    # In the middle of telling people of them.
    doing.crew.send("notifier", signal.SIGKILL)
    doing.done[name] += 1
    doing.last_ended = time.time()


def _end(doing: Doing, webhook: Webhook) -> tuple[Look | None, float | None, Told]:
    """Let all that was told be judged, and everybody be told of it; then stop the clock.

    Returns the last look, when all was judged that was told by the last fault, and what people were told; None where
    nothing moved any more before that.
    """
    doing.cluster.wait_until_whole()
    doing.agencies.settle()
    say("all is told; waiting until it is judged")
    caught_up = time.time() if _catch_up(doing.sight) else None
    say("waiting until everybody is told")
    told = _told(doing.cluster.bootstrap, doing.crew, webhook)
    look = _settle(doing.sight, doing.crew)
    return look, caught_up if look else None, told


def _told(brokers: str, crew: Crew, webhook: Webhook) -> Told:
    """Wait until people are told of all that was asked for by now; then end the notifier, and compare."""
    by = datetime.now(UTC)
    gives_up_at = time.monotonic() + TOLD_WITHIN
    left = ["Kafka did not say"]
    with Reader(brokers, prefixed(PREFIX, ALERTS.name)) as reader:
        told = Untold(reader, by)
        while left and time.monotonic() < gives_up_at:
            time.sleep(2)
            before = left
            with suppress(KafkaError):
                left = told.left()
            if left != before:
                gives_up_at = time.monotonic() + TOLD_WITHIN
    crew.remove("notifier")
    return judge_telling(journal(brokers, PREFIX), webhook, left)


def _catch_up(sight: Sight) -> bool:
    """Wait until everything told by now is judged; say no where nothing moved any more before that."""
    told_by = datetime.now(UTC)
    return sight.wait_for(lambda look: sight.judged_to(look) > told_by, STUCK_AFTER)


def _settle(sight: Sight, crew: Crew) -> Look | None:
    """Wait until that, too, is judged which people were told of; then stop the clock and wait for its last tick.

    Returns the last look, or None where nothing moved any more before that.
    """
    judged = _catch_up(sight)
    crew.remove("clock")
    return sight.look if judged and sight.wait_for(_settled, STUCK_AFTER) else None


def _settled(look: Look) -> bool:
    """Whether every ledger has come to the end of its source, markers included."""
    return all(look.positions.get(name, -1) >= end for name, end in look.ends.items() if end)


def _compact_eagerly(brokers: str) -> None:
    """Have the state compacted all the time, and the alerts not at all: each of them is to be counted."""
    not_at_all = {"min.compaction.lag.ms": "86400000", "max.compaction.lag.ms": "86400000"}
    wanted = {topic.name: COMPACTION for topic in STATE_TOPICS}
    wanted |= {topic.name: not_at_all for topic in (ALERTS, *AGENCY_ALERTS)}
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, prefixed(PREFIX, name), configs=configs)
        for name, configs in wanted.items()
    ]
    gives_up_at = time.monotonic() + 60
    with KafkaAdminClient(bootstrap_servers=brokers.split(",")) as admin:
        while True:
            try:
                admin.alter_configs(resources)
            except (KafkaError, ValueError):
                # The broker that is asked may not know yet of topics that another has just made.
                if time.monotonic() > gives_up_at:
                    raise
                time.sleep(0.5)
            else:
                return


def _environment(cluster: LocalCluster, folder: Path) -> dict[str, str]:
    return os.environ | {
        "BATON_BROKERS": cluster.bootstrap,
        "BATON_TOPIC_PREFIX": PREFIX,
        "BATON_POLICY": str(folder / "policy.toml"),
        "BATON_PSEUDONYM_KEY_FILE": str(folder / "key"),
        "BATON_RECIPIENTS_FILE": str(folder / "recipients.toml"),
        "BATON_LOG_FORMAT": "json",
        # The ceiling has a test of its own; here a burst of poison must go through.
        "BATON_REJECTED_CEILING": "1",
    }


def _deaths(log: Path) -> Counter[str]:
    deaths: Counter[str] = Counter()
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if '"worker_died"' in line:
            deaths[json.loads(line).get("reason", "?")[:110]] += 1
    return deaths
