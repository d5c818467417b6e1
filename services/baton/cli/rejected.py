"""`baton rejected`: what could not be read, and telling it again once it can be."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from baton.cli.exits import WRONG, CommandError
from baton.cli.options import Brokers, Json, Prefix, kafka_settings_of, reaching
from baton.cli.output import console, counted, print_json, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kafka import KafkaProducer

    from baton.reading import Message
    from baton.runtime.settings import Settings

app = typer.Typer(no_args_is_help=True, help="List what was rejected, or tell it again.")

_WITHIN: Final = 30.0
_AT_ONCE: Final = 200
"""Messages in one transaction."""
_WRITER: Final = "baton-rejected"
RETRIED: Final = "retried"
"""The header by which a record of `rejected-events` says that another, at this offset, was told again."""

Reasons = Annotated[
    list[str] | None,
    typer.Option("--reason", help="Only of this reason; give it again for more than one."),
]


@dataclass(frozen=True, slots=True)
class Rejected:
    """One rejected message: why, where it came from, and whether it was told again."""

    offset: int
    """Its place on `rejected-events`, which is its name here."""
    rejected_at: datetime
    reason: str
    detail: str
    topic: str
    partition: int
    source_offset: int
    told_at: datetime
    retried: bool
    message: Message

    def row(self, *, raw: bool) -> dict[str, Any]:
        """Return it as a line; its content only if it is asked for."""
        row = {
            "offset": self.offset,
            "reason": self.reason,
            "detail": self.detail,
            "topic": self.topic,
            "partition": self.partition,
            "source_offset": self.source_offset,
            "told_at": _json(self.told_at),
            "rejected_at": _json(self.rejected_at),
            "retried": self.retried,
        }
        if raw:
            row |= {"key": _base64(self.message.key), "value": _base64(self.message.value)}
        return row


@app.command("list")
def list_rejected(
    *,
    reason: Reasons = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Those that were told again, too.")
    ] = False,
    raw: Annotated[
        bool,
        typer.Option(
            "--raw",
            help="With key and value, in base64: they are what an agency sent, persons too.",
        ),
    ] = False,
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """List what was rejected and why, the oldest first; never its content, unless with --raw."""
    settings = kafka_settings_of(brokers, prefix)
    found = [
        each
        for each in _read(settings)
        if (not reason or each.reason in reason) and (everything or not each.retried)
    ]
    if json:
        for each in found:
            print_json(each.row(raw=raw))
        return
    if found:
        console().print(_table(found, raw=raw))
    say(f"{counted(len(found), 'rejected message')}.")


@app.command()
def retry(
    offsets: Annotated[
        list[int] | None,
        typer.Argument(metavar="[OFFSET...]", help="Which, as `baton rejected list` has them."),
    ] = None,
    *,
    reason: Reasons = None,
    everything: Annotated[bool, typer.Option("--all", help="Every one.")] = False,
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """Send the original bytes again to the topic they came from, each once.

    Do it when the reason is gone: a schema that was missing, a fault of ours. What is told again
    counts as told now. That it was is marked in the same transaction, so a second retry, or one
    that was interrupted and is run again, sends nothing twice.
    """
    if bool(offsets) + bool(reason) + everything != 1:
        raise CommandError("Say which: offsets, or --reason, or --all.", WRONG)
    settings = kafka_settings_of(brokers, prefix)
    with reaching(settings):
        from kafka import KafkaProducer

        producer = KafkaProducer(
            bootstrap_servers=settings.brokers.split(","),
            transactional_id=f"{settings.topic_prefix}{_WRITER}",
            transaction_timeout_ms=60_000,
            enable_idempotence=True,
            acks="all",
            allow_auto_create_topics=False,
            bootstrap_timeout_ms=6_000,
            max_request_size=3 << 20,
            metrics_enabled=False,
        )
        try:
            # In this order: whoever retries at the same time has committed, or never will.
            producer.init_transactions()
            known = {each.offset: each for each in _read(settings)}
            for offset in offsets or []:
                if offset not in known:
                    message = (
                        f"There is no rejected message {offset}: see `baton rejected list --all`."
                    )
                    raise CommandError(message, WRONG)
            chosen = [
                each
                for each in known.values()
                if not each.retried
                and (everything or each.offset in (offsets or []) or each.reason in (reason or []))
            ]
            for first in range(0, len(chosen), _AT_ONCE):
                part = chosen[first : first + _AT_ONCE]
                _tell_again(producer, settings.topic_prefix, part)
                for each in part if json else ():
                    print_json({"offset": each.offset, "topic": each.topic, "retried": True})
        finally:
            producer.close(timeout=_WITHIN)
    before = len(set(offsets or [])) - len(chosen) if offsets else 0
    already = f"; {before} had been told again before" if before else ""
    say(f"{counted(len(chosen), 'message')} told again{already}.")


def _tell_again(producer: KafkaProducer, topic_prefix: str, part: list[Rejected]) -> None:
    """Send some of them and mark them as sent, in one transaction."""
    from baton.contract.topics import REJECTED_EVENTS, prefixed

    producer.begin_transaction()
    sent = []
    for each in part:
        origin = f"{REJECTED_EVENTS.name}-{each.message.partition}@{each.offset}"
        sent += [
            producer.send(
                prefixed(topic_prefix, each.topic),
                key=each.message.key,
                # kafka-python sends nothing that has neither; there is nothing in such a message anyway.
                value=b"" if each.message.key is each.message.value is None else each.message.value,
                partition=each.partition,
                headers=[("retried_from", origin.encode())],
            ),
            producer.send(
                prefixed(topic_prefix, REJECTED_EVENTS.name),
                value=b"",
                partition=each.message.partition,
                headers=[(RETRIED, str(each.offset).encode())],
            ),
        ]
    for future in sent:
        future.get(timeout=_WITHIN)
    producer.commit_transaction()


def _read(settings: Settings) -> list[Rejected]:
    from baton.contract.topics import REJECTED_EVENTS, prefixed
    from baton.reading import Reader

    topic = prefixed(settings.topic_prefix, REJECTED_EVENTS.name)
    with reaching(settings), Reader(settings.brokers, topic) as reader:
        return rejected_of(message for batch in reader.to_end() for message in batch)


def rejected_of(messages: Iterable[Message]) -> list[Rejected]:
    """Give what was rejected, in order, and of each whether it was told again."""
    known: dict[int, tuple[Message, Mapping[str, str]]] = {}
    retried: set[int] = set()
    for message in messages:
        headers = {name: value.decode(errors="replace") for name, value in message.headers}
        if RETRIED in headers:
            retried.add(int(headers[RETRIED]))
        elif "reason" in headers:
            known[message.offset] = (message, headers)
    return [
        Rejected(
            offset=offset,
            rejected_at=_moment(message.timestamp_ms),
            reason=headers["reason"],
            detail=headers.get("detail", ""),
            topic=headers["topic"],
            partition=int(headers["partition"]),
            source_offset=int(headers["offset"]),
            told_at=_moment(int(headers["timestamp_ms"])),
            retried=offset in retried,
            message=message,
        )
        for offset, (message, headers) in known.items()
    ]


def _table(found: list[Rejected], *, raw: bool) -> Any:  # noqa: ANN401 (rich's types are imported late)
    from rich import box
    from rich.table import Table

    from baton.wording import local

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("offset", "told", "from", "reason", "what", *(("value",) if raw else ())):
        table.add_column(name, overflow="fold")
    for each in found:
        again = " (told again)" if each.retried else ""
        cells = [
            str(each.offset),
            local(each.told_at),
            f"{each.topic}-{each.partition}@{each.source_offset}",
            f"{each.reason}{again}",
            each.detail,
        ]
        table.add_row(*cells, *([_base64(each.message.value) or ""] if raw else []))
    return table


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _moment(stamp_ms: int) -> datetime:
    return datetime.fromtimestamp(stamp_ms / 1_000, UTC)


def _json(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
