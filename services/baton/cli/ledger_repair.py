"""How each ledger is checked and repaired: the judge's by a replay of the facts, intake's by what it passed on.

The judge's rows, and the alerts it told, follow from `facts` and the policy alone. An intake remembers only its
position and how its recent messages fared, and both stand in `facts` and `rejected-events`: each fact and each
rejected message bears the topic, partition and offset it came from.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from kafka.admin import KafkaAdminClient

from baton.agents.app import APP_NAME
from baton.agents.chain import Chain
from baton.agents.intake import RECENT, RECENT_ROW
from baton.agents.judge import CHAIN_ROW, Judge
from baton.cli.exits import DIFFERS, WRONG, CommandError
from baton.cli.output import counted
from baton.contract import codec
from baton.contract.audit import FIRST_PREVIOUS
from baton.contract.topics import (
    ALERTS,
    AUDIT,
    FACTS,
    REJECTED_EVENTS,
    SOURCE_TOPICS,
    prefixed,
    state_topic,
)
from baton.engine.toml_lines import did_you_mean
from baton.ledger import Kafka, KafkaLog, KafkaWriter, Output, Partition
from baton.ledger.repair import (
    Difference,
    Replay,
    differences,
    rows_to_write,
    stored_rows,
    write,
)
from baton.reading import BOOTSTRAP_TIMEOUT_MS, Message, Reader, live_rows
from baton.watchdog.telling import RULE as NOT_THE_JUDGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from baton.rules.policy import Policy
    from baton.runtime.settings import Settings

_WRITTEN_WITHIN_MS: Final = 300_000
"""A transaction of a million rows takes longer than a worker's. One left open ends when a worker starts."""
_ALERT: Final = "alert "
_STOPPED: Final = b"m/"
"""The judge's row that says where time stopped on its way: what the last record leads to is told in part only."""
_AS_IT_WAS: Final = (
    "give the policy that was in force, and use the version of baton that judged by it"
)
_LOOKS: Final = 5
"""How often, once a second, a judge that is in the middle of something is looked at before it is said to be."""
_TAIL: Final = 10_000
"""Messages at the end of the audit: more than any one transaction has markers and entries behind the last."""


@dataclass(frozen=True, slots=True)
class Differing:
    """One key, how the stored side is, and in which fields of a record, as far as it can be read."""

    key: str
    how: str
    fields: list[str]


@dataclass(slots=True)
class Found:
    """What was found of one ledger."""

    name: str
    position: int
    records: int = 0
    equal_rows: int = 0
    differing: list[Differing] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unfinished: bool = False
    """Whether what the last record leads to is told in part only, so that the rows are those of no replay."""
    written: bool = False

    @property
    def equal(self) -> bool:
        """Whether nothing has to be written, or it was."""
        return self.written or not (self.differing or self.unfinished)


@dataclass(frozen=True, slots=True)
class AuditEnd:
    """The audit's last entry: how far the judge has told, for it tells nothing without an entry.

    In which order what it did within one moment was entered, no replay can say: time may have stood still meanwhile.
    So the chain goes on from here, and what a replay tells is compared with the audit by what, not by where.
    """

    sequence: int = 0
    hash: str = FIRST_PREVIOUS
    digests: Counter[str] = field(default_factory=Counter)
    """How often each record was entered."""
    hashes: Mapping[int, str] = field(default_factory=dict)
    """The hash of each of the last entries, by its number."""
    judged_to: datetime | None = None
    """The latest moment of an alert that was entered: all before it is told."""

    def chain(self) -> Chain:
        """Return the chain, to go on with."""
        return Chain(self.sequence, self.hash)

    def has(self, row: bytes) -> bool:
        """Say whether the chain was ever as a row has it; a worker may have told more since."""
        sequence, _, its_hash = row.decode(errors="replace").partition(" ")
        return sequence.isdigit() and self.hashes.get(int(sequence)) == its_hash


@dataclass(slots=True)
class Retold:
    """What a replay tells, beside what the judge has told, of which the audit's end is known where it matters.

    Which of it was told, the audit's digests say, and not its numbers: what people did while time stood still is
    entered before alerts that a replay tells first.
    """

    end: AuditEnd | None = None
    alerts: dict[bytes, bytes] = field(default_factory=dict)
    meanwhile: dict[bytes, set[bytes | None]] = field(default_factory=dict)
    rest: list[Output] = field(default_factory=list)
    """What the audit has not, in order: alerts, agencies' alerts, and entries of the audit."""
    chain: Chain = field(init=False)
    """The audit's, with the rest."""
    _before_entry: list[Output] = field(default_factory=list)
    _left: Counter[str] = field(init=False)
    """How often each record that the audit has is still to be told by the replay."""
    _passed_over: bool = False

    def __post_init__(self) -> None:
        """Go on with the audit's chain."""
        end = self.end or AuditEnd()
        self.chain = end.chain()
        self._left = end.digests.copy()

    @property
    def same_end(self) -> bool:
        """Whether the audit has what the replay tells, whole and up to where time stood: it was judged alike."""
        if self.end is None:
            return True
        whole = self.end.digests.total() == self.end.sequence
        return whole and not self._left and not self._passed_over

    def is_beyond(self, outputs: Sequence[Output]) -> bool:
        """Whether all that is told here comes after the audit's end; what comes partly before it is to be finished."""
        return not self._left and any(_is_entry(each) for each in outputs)

    def hear(self, output: Output) -> None:
        """Hear of one output; those of an alert come before its entry in the audit."""
        self._before_entry.append(output)
        if not _is_entry(output):
            return
        parts, self._before_entry = self._before_entry, []
        if self.end is not None:
            entry = codec.decode(output.value)[1]
            if not self._left[entry["digest"]]:
                *before, _ = parts
                self.rest += [*before, self.chain.append(entry, output.timestamp_ms or 0)]
                judged_to = self.end.judged_to if entry["what"] == "Alert" else None
                self._passed_over |= judged_to is not None and entry["at"] < judged_to
                return
            self._left[entry["digest"]] -= 1
            if not self._left[entry["digest"]]:
                del self._left[entry["digest"]]
        for each in parts:
            if each.topic == ALERTS.name and each.key is not None:
                self.alerts[each.key] = each.value or b""
                self.meanwhile.setdefault(each.key, set()).add(each.value)


@dataclass(slots=True)
class _Passed:
    """What intake passed on of one source partition: the offset of each fact, and of each rejected message."""

    facts: Counter[int] = field(default_factory=Counter)
    rejected: Counter[int] = field(default_factory=Counter)

    @property
    def position(self) -> int:
        """The offset behind all of them: what lies beyond is ticks, or was not applied."""
        return max([*self.facts, *self.rejected], default=-1) + 1

    @property
    def recent(self) -> bytes:
        """How the last messages fared, as intake's row has it."""
        last = sorted(self.facts.keys() | self.rejected.keys())[-RECENT:]
        return bytes(ord("x") if offset in self.rejected else ord(".") for offset in last)


class Repair:
    """All ledgers of a deployment."""

    def __init__(self, settings: Settings, policy: Policy) -> None:
        """Take where they are, and the policy they are judged by."""
        self._kafka = Kafka(
            settings.brokers,
            settings.topic_prefix,
            transaction_timeout_ms=_WRITTEN_WITHIN_MS,
        )
        self._policy = policy

    def chosen(self, names: list[str]) -> list[Partition]:
        """Return the ledgers of these names, or all; raise CommandError for a name that is none."""
        known = {topic.name: topic for topic in (FACTS, *SOURCE_TOPICS)}
        for name in names:
            if name not in known:
                raise CommandError(f"There is no ledger {name}: {did_you_mean(name, known)}", WRONG)
        return [
            Partition(name, number)
            for name in names or known
            for number in range(known[name].partitions)
        ]

    def refuse_workers(self) -> None:
        """Raise CommandError while a worker is in the group: it would be fenced, come back, and fence us."""
        admin = KafkaAdminClient(
            bootstrap_servers=self._kafka.brokers.split(","),
            bootstrap_timeout_ms=BOOTSTRAP_TIMEOUT_MS,
        )
        try:
            group = f"{self._kafka.prefix}{APP_NAME}"
            members = len(admin.describe_groups([group])[group]["members"])
        finally:
            admin.close()
        if members:
            message = (
                f"{members} worker(s) are running: stop them first, and whatever starts them again. "
                "One that was killed counts until its session has ended, about 12 seconds."
            )
            raise CommandError(message, DIFFERS)

    async def all_of(self, chosen: list[Partition], *, write: bool) -> list[Found]:
        """Look at each and, to `write`, make it right. Raises KafkaError and LedgerError."""
        passed = self._passed() if any(each.topic != FACTS.name for each in chosen) else {}
        found = []
        for source in chosen:
            log = KafkaLog(self._kafka, source, state_topic(source.topic).name)
            writer = KafkaWriter(self._kafka, source) if write else None
            try:
                if writer is not None:
                    # Before anything is read: what a worker had in flight is in the rows, or never will be.
                    await writer.fence()
                if source.topic == FACTS.name:
                    found.append(await self._judge(source, log, writer))
                else:
                    found.append(
                        await self._intake(source, log, writer, passed.get(source, _Passed()))
                    )
            finally:
                await log.close()
                if writer is not None:
                    await writer.close()
        return found

    async def _judge(self, source: Partition, log: KafkaLog, writer: KafkaWriter | None) -> Found:
        stored, position = await _settled_rows(log, 1 if writer is not None else _LOOKS)
        unfinished = _STOPPED in stored
        # Where the rows are lost, or are of the middle of something, the audit, in which everything told has its
        # number, knows how far the judge was.
        end = self._end_of_audit(whole=unfinished or position is None)
        told = Retold(end if unfinished or position is None else None)
        replayed = Replay(log, Judge(self._policy), told.hear)
        await replayed.begin()
        if position is None:
            # What comes after the end the worker will tell, but for the rest of the record that was told in part.
            await replayed.to(await log.end(), told.is_beyond)
        else:
            await replayed.to(position)
        _end_chain(replayed.rows, told, end)
        if writer is None and end.has(stored.get(CHAIN_ROW, b"")):
            # A worker may have told more since the rows were read.
            replayed.rows[CHAIN_ROW] = stored[CHAIN_ROW]
        reached, rows_there = replayed.position, len(stored.keys() | replayed.rows.keys())
        records, changes = replayed.records, differences(stored, replayed.rows)
        found = Found(name=str(source), position=reached, records=records, unfinished=unfinished)
        found.equal_rows = rows_there - len(changes)
        if unfinished and writer is None:
            found.notes.append(
                "not compared: the judge stopped in the middle of what is too much at once, and "
                f"{counted(len(told.rest), 'message')} of it are not told yet; a worker finishes it"
            )
            return found
        wrong = await self._wrong_alerts(
            log, replayed, told, looking_on=position is not None and not unfinished
        )
        found.differing += map(_differing, changes)
        found.differing += (replace(each, key=_ALERT + each.key) for each in map(_differing, wrong))
        if position is None:
            found.notes.append("no position is stored")
        if replayed.first > 0:
            found.notes.append(f"facts before offset {replayed.first} are gone, by retention")
        if wrong:
            found.notes.append(
                "alerts differ from their topic: not told yet, or judged by another policy or version of baton"
            )
        if writer is not None and (found.differing or unfinished or position is None):
            why_not = _why_not(replayed, told, wrong, unfinished=unfinished)
            if why_not:
                found.notes.append(f"not written: {why_not}")
                return found
            if told.rest:
                found.notes.append(
                    f"{counted(len(told.rest), 'message')} told that were due and not told yet"
                )
            outputs = [*map(_output, wrong), *told.rest]
            rows = rows_to_write(source, state_topic(source.topic).name, changes, reached)
            await write(writer, [*outputs, *rows])
            found.written = True
        return found

    async def _wrong_alerts(
        self, log: KafkaLog, replayed: Replay, told: Retold, *, looking_on: bool
    ) -> list[Difference]:
        """Return the alerts that are not on their topic as the replay tells them.

        A worker may be at work: what it can have told since is right too.
        """
        before = dict(told.alerts)
        on_topic = self._alerts()
        told.meanwhile.clear()
        if looking_on:
            await replayed.to(await log.end())
        return [
            each
            for each in differences(on_topic, before)
            if each.stored not in told.meanwhile.get(each.key, set())
        ]

    async def _intake(
        self, source: Partition, log: KafkaLog, writer: KafkaWriter | None, passed: _Passed
    ) -> Found:
        stored, position = await stored_rows(log)
        earliest, end = await log.earliest(), await log.end()
        found = Found(name=str(source), position=position or passed.position)
        twice = [*_more_than_once(passed.facts), *_more_than_once(passed.rejected)]
        found.differing += [Differing(f"offset {each}", "passed on twice", []) for each in twice]
        if position is None:
            found.position = max(passed.position, earliest)
            if passed.position or end > earliest:
                found.differing.append(Differing("position", "missing", []))
        else:
            early = [each for each in (*passed.facts, *passed.rejected) if each >= position]
            found.differing += [
                Differing(f"offset {each}", "passed on, and not below the position", [])
                for each in sorted(early)
            ]
            span_start = earliest
            while span_start < min(position, end):
                span = await log.read(span_start, min(position, end), 10_000)
                found.records += len(span.records)
                found.differing += [
                    Differing(f"offset {each.offset}", "below the position, and not passed on", [])
                    for each in span.records
                    if not _is_tick(each.value)
                    and each.offset not in passed.facts
                    and each.offset not in passed.rejected
                ]
                span_start = span.position
        found.equal_rows = len(stored)
        if writer is not None and position is None:
            change = Difference(RECENT_ROW, stored.get(RECENT_ROW), passed.recent or None)
            rows = rows_to_write(source, state_topic(source.topic).name, [change], found.position)
            await write(writer, rows)
            found.written = True
        return found

    def _end_of_audit(self, *, whole: bool) -> AuditEnd:
        """Return the last entry of what the judge has told; from the `whole` of it also what was entered."""
        digests: Counter[str] = Counter()
        hashes: dict[int, str] = {}
        judged_to: datetime | None = None
        with Reader(self._kafka.brokers, prefixed(self._kafka.prefix, AUDIT.name)) as reader:
            if not whole:
                reader.skip_to_last(_TAIL)
            for batch in reader.to_end():
                for message in batch:
                    entry = codec.decode(message.value)[1]
                    digests[entry["digest"]] += 1
                    hashes[entry["sequence"]] = entry["hash"]
                    if entry["what"] == "Alert":
                        judged_to = max(entry["at"], judged_to or entry["at"])
                hashes = dict(list(hashes.items())[-_TAIL:])
        last = max(hashes, default=0)
        return AuditEnd(last, hashes.get(last, FIRST_PREVIOUS), digests, hashes, judged_to)

    def _alerts(self) -> dict[bytes, bytes]:
        """Return the newest value of each alert that the judge has told."""
        with Reader(self._kafka.brokers, prefixed(self._kafka.prefix, ALERTS.name)) as reader:
            newest = live_rows(reader.to_end())
        return {
            key: value
            for key, value in newest.items()
            if codec.decode(value)[1]["rule"] != NOT_THE_JUDGES
        }

    def _passed(self) -> dict[Partition, _Passed]:
        """Read where each fact and each rejected message came from."""
        found: dict[Partition, _Passed] = defaultdict(_Passed)
        for message in self._messages(FACTS.name):
            name, fields = codec.decode(message.value)
            if name == "FactHeard":
                source = Partition(fields["topic"], fields["partition"])
                found[source].facts[fields["offset"]] += 1
        for message in self._messages(REJECTED_EVENTS.name):
            headers = {name: value.decode() for name, value in message.headers}
            if "offset" in headers:
                source = Partition(headers["topic"], int(headers["partition"]))
                found[source].rejected[int(headers["offset"])] += 1
        return found

    def _messages(self, topic: str) -> Iterator[Message]:
        with Reader(self._kafka.brokers, prefixed(self._kafka.prefix, topic)) as reader:
            for batch in reader.to_end():
                yield from batch


def _why_not(
    replayed: Replay, told: Retold, wrong: Sequence[Difference], *, unfinished: bool
) -> str:
    """Return why nothing may be written by this replay, or nothing."""
    if unfinished and replayed.first > 0:
        # The replay's entries are numbered from another first fact: nobody can say which are told.
        return "the judge stopped in the middle; run a worker until it has finished, then rebuild"
    if not told.same_end:
        return f"up to its end the audit has other entries than the replay; {_AS_IT_WAS}"
    if any(each.how != "missing" for each in wrong):
        # Their audit, their agencies' topics and their steps would no longer be of one piece.
        return _AS_IT_WAS
    return ""


def _end_chain(rows: dict[bytes, bytes], told: Retold, end: AuditEnd) -> None:
    """Put the end of the audit's chain, with what is still to be told, in the place of the replay's own."""
    rows.pop(CHAIN_ROW, None)
    if told.rest or end.sequence:
        rows[CHAIN_ROW] = (told.chain if told.rest else end.chain()).row


async def _settled_rows(log: KafkaLog, looks: int) -> tuple[dict[bytes, bytes], int | None]:
    """Return the rows and the position, if they can be had, as of when the judge has told all of what it began."""
    for look in range(looks):
        if look:
            await asyncio.sleep(1)
        rows, position = await stored_rows(log)
        if _STOPPED not in rows:
            break
    return rows, position


def _is_entry(output: Output) -> bool:
    return output.topic == AUDIT.name


def _output(difference: Difference) -> Output:
    return Output(ALERTS.name, difference.key, difference.expected)


def _more_than_once(offsets: Counter[int]) -> Iterable[int]:
    return sorted(offset for offset, count in offsets.items() if count > 1)


def _is_tick(value: bytes | None) -> bool:
    try:
        return codec.decode(value)[0] == "Tick"
    except codec.InvalidEvent:
        return False


def _differing(difference: Difference) -> Differing:
    return Differing(
        difference.key.decode(errors="replace"),
        difference.how,
        _fields(difference.stored, difference.expected),
    )


def _fields(stored: bytes | None, expected: bytes | None) -> list[str]:
    """Return the names of the fields in which two records differ; none for what is no record."""
    if stored is None or expected is None:
        return []
    decoded: list[dict[str, Any]] = []
    for value in (stored, expected):
        try:
            decoded.append(codec.decode(value)[1])
        except codec.InvalidEvent:
            return []
    one, other = decoded
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
