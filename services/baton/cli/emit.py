"""`baton emit`: tell an event, or a file of them, each checked before it is sent."""

from __future__ import annotations

import json as jsons
import os
import sys
import uuid
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Final

import typer

from baton.cli.exits import MISSING, WRONG, CommandError
from baton.cli.options import Brokers, Prefix, kafka_settings_of, reaching
from baton.cli.output import console, counted, print_json, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from baton.publish import Pending, Publisher, Sent
    from baton.runtime.settings import Settings

_IN_FLIGHT: Final = 1_000
"""How many events may be on their way before the oldest must be confirmed."""
_MOST_TOLD: Final = 50
"""So many bad lines are named one by one; of more, the number."""
_OURS: Final = {"record", "received_at"}
"""Keys of a line beside the fields: the record's name, and when a recorded log was heard."""


class _BadEventError(ValueError):
    """What was given is no event; the message names the field and not what it held."""


def emit(
    context: typer.Context,
    record: Annotated[
        str | None, typer.Argument(help="The record, such as IncidentRecorded.")
    ] = None,
    *,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", metavar="FILE|-", help='JSON lines, each with "record"; - is standard input.'
        ),
    ] = None,
    fields: Annotated[
        bool, typer.Option("--fields", help="Show the fields of the record, and send nothing.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check, show the event as JSON, and send nothing.")
    ] = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    r"""Tell baton an event: checked against its schema, then sent, then confirmed by Kafka.

    ```
    baton emit IncidentRecorded --incident inc-1 --agency police \
               --people woman-1:victim:pregnant
    baton emit IncidentRecorded --json '{"incident": "inc-1", "agency": "police"}'
    baton emit --file events.ndjson
    ```

    Each field of the record is an option; `baton emit RECORD --fields` lists them. event_id is made
    and occurred_at is now unless they are given; the agency of maternity, case and transfer records
    is implied. A person is woman-1, nhs:NUMBER or police:ID; a party adds its role and pregnancy.
    `--json` without a value prints what was sent as JSON lines.

    Of a file, bad lines are named with their number, the others are sent, and the exit code is 2.
    """
    arguments = list(context.args)
    if record is not None and record.startswith("-"):
        # An option that is not declared, first of all: Typer takes it for the argument.
        arguments.insert(0, record)
        record = None
    arguments, given, as_json = _split(arguments)
    if file is not None:
        if record is not None or arguments or given is not None:
            raise CommandError("Give either --file, or a record and its fields; not both.", WRONG)
        _emit_file(file, kafka_settings_of(brokers, prefix), as_json=as_json, dry_run=dry_run)
        return
    if record is None:
        message = "Which record? For example: baton emit IncidentRecorded --incident inc-1 --agency police"
        raise CommandError(message, WRONG)
    if fields:
        _show_fields(record)
        return
    try:
        event = _event_of(record, arguments, given)
    except _BadEventError as error:
        raise CommandError(f"{record} was not sent: {error}", WRONG) from None
    if dry_run:
        _show_event(record, event)
        return
    settings = kafka_settings_of(brokers, prefix)
    with reaching(settings), _publisher(settings) as publisher:
        _show_sent(publisher.send(record, event).confirmed(), as_json=as_json)


# Reading what was typed.


def _split(arguments: list[str]) -> tuple[list[str], str | None, bool]:
    """Take `--json` out of the arguments: with an object it is the event, alone it is the output."""
    rest, given, as_json = [], None, False
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        if argument.startswith("--json="):
            given = argument.removeprefix("--json=")
        elif argument != "--json":
            rest.append(argument)
        elif waiting and waiting[0].lstrip().startswith("{"):
            given = waiting.pop(0)
        else:
            as_json = True
    return rest, given, as_json


def _event_of(record: str, arguments: list[str], given: str | None) -> dict[str, Any]:
    from baton.cli.short_forms import ShortFormError, from_options
    from baton.contract import codec

    try:
        _known(record)
        value = {} if given is None else _object(given)
        return _completed(record, value | from_options(record, arguments))
    except (ShortFormError, codec.InvalidEvent) as error:
        raise _BadEventError(_without_reason(error)) from None


def _object(text: str | bytes | None) -> dict[str, Any]:
    if text is None:
        raise _BadEventError("it is longer than any event may be")
    try:
        value = jsons.loads(text)
    except (ValueError, RecursionError):
        raise _BadEventError("it is not JSON") from None
    if not isinstance(value, dict):
        raise _BadEventError("it is not a JSON object")
    return value


def _named(line: dict[str, Any]) -> str:
    """Give the record that a line names. Raises _BadEventError and InvalidEvent."""
    record = line.get("record")
    if not isinstance(record, str):
        raise _BadEventError('"record", the name of the event, is missing')
    _known(record)
    return record


def _known(record: str) -> None:
    """Raise _BadEventError for what is no event that an agency or an operator tells."""
    from baton.contract import codec

    try:
        codec.topic_of(record)
    except LookupError:
        codec.schema(record)  # Raises, with the nearest name, for what is no record at all.
        raise _BadEventError("it is a record of baton's own, and not told from outside") from None


def _completed(record: str, value: dict[str, Any]) -> dict[str, Any]:
    """Give all fields of an event from its JSON, short forms spelt out. Raises InvalidEvent."""
    from baton.cli.short_forms import agency_implied, field_types, spelt_out
    from baton.contract import codec
    from baton.contract.pointers import check_pointers

    kinds = field_types(record)
    whole = {
        name: spelt_out(kinds[name], each, name) if name in kinds else each
        for name, each in value.items()
    }
    whole.setdefault("event_id", str(uuid.uuid4()))
    if "occurred_at" not in whole:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        whole["occurred_at"] = now.replace("+00:00", "Z")
    implied = agency_implied(record)
    if implied is not None:
        whole.setdefault("agency", implied)
    fields = codec.from_json(record, whole)
    check_pointers(fields)
    codec.encode(record, fields)
    return fields


def _without_reason(error: Exception) -> str:
    return str(getattr(error, "detail", error))


# A file of events.


def _emit_file(path: Path, settings: Settings, *, as_json: bool, dry_run: bool) -> None:
    lines = _lines(path, _opened(path))
    if dry_run:
        bad = _BadLines(path)
        for number, line in lines:
            event = bad.read(number, line)
            if event is not None:
                _show_event(*event)
        bad.end(("are right", "is right"), bad.read_count)
        return
    from kafka.errors import KafkaError

    with reaching(settings), _publisher(settings) as publisher:
        bad = _BadLines(path)
        sent = 0
        try:
            for each in _send_all(lines, publisher, bad):
                sent += 1
                if as_json:
                    _show_sent(each, as_json=True)
        except KafkaError:
            say(
                f"Only the first {sent} good lines are confirmed; of those after it nobody can tell."
            )
            raise
        bad.end(("were sent", "was sent"), sent)


class _BadLines:
    """Reads lines as events; names the bad ones on standard error, and remembers that there were some."""

    def __init__(self, path: Path) -> None:
        self._name = "standard input" if str(path) == "-" else str(path)
        self.count = 0
        self.read_count = 0

    def read(self, number: int, line: bytes | None) -> tuple[str, dict[str, Any]] | None:
        """Give the record's name and fields; None for a line that is bad."""
        from baton.cli.short_forms import ShortFormError
        from baton.contract import codec

        try:
            value = _object(line)
            fields = {name: each for name, each in value.items() if name not in _OURS}
            event = _named(value), _completed(_named(value), fields)
        except (_BadEventError, ShortFormError, codec.InvalidEvent) as error:
            self.count += 1
            if self.count <= _MOST_TOLD:
                say(f"{self._name}:{number}: {_without_reason(error)}")
            return None
        self.read_count += 1
        return event

    def end(self, what: tuple[str, str], good: int) -> None:
        """Say how it went; raise Exit with the code for bad lines, if there were any."""
        if self.count > _MOST_TOLD:
            say(f"… and {self.count - _MOST_TOLD} more bad lines.")
        said = f"{counted(good, 'event')} {what[good == 1]}"
        say(f"{said}; bad lines: {self.count}." if self.count else f"{said}.")
        if self.count:
            raise typer.Exit(WRONG)


def _opened(path: Path) -> BinaryIO:
    """Open a file of events, before Kafka is asked for anything. Raises CommandError."""
    try:
        return sys.stdin.buffer if str(path) == "-" else path.open("rb")
    except OSError as error:
        raise CommandError(f"Cannot read {path}: {error.strerror}.", WRONG) from None


def _lines(path: Path, stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Give each line that is not empty, with its number; None for one that is too long."""
    from baton.replay.logs import read_lines

    with stream if str(path) != "-" else nullcontext(stream):
        yield from read_lines(stream)


def _send_all(
    lines: Iterable[tuple[int, bytes | None]], publisher: Publisher, bad: _BadLines
) -> Iterator[Sent]:
    """Send every good line, in order; give each once it is confirmed, so a failure is seen at once."""
    from rich.progress import MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), MofNCompleteColumn())
    with Progress(
        *columns, console=console(errors=True), transient=True, disable=not sys.stderr.isatty()
    ) as bar:
        task = bar.add_task("events sent", total=None)
        pending: list[Pending] = []
        for number, line in lines:
            event = bad.read(number, line)
            if event is not None:
                pending.append(publisher.send(*event))
            if len(pending) >= _IN_FLIGHT:
                for each in pending:
                    yield each.confirmed()
                bar.advance(task, len(pending))
                pending = []
        for each in pending:
            yield each.confirmed()
        bar.advance(task, len(pending))


# Sending and showing.


def _publisher(settings: Settings) -> Publisher:
    """Give a publisher; raise CommandError where a source topic is missing: waiting would not help."""
    from baton import topics
    from baton.publish import Publisher

    absent = [
        each.topic
        for each in topics.check(
            settings.brokers, settings.topic_prefix, replication=settings.replication
        )
        if each.what == "missing"
    ]
    if absent:
        message = (
            f"Topics are missing on {settings.brokers} ({absent[0]}, …): run `baton topics apply`."
        )
        raise CommandError(message, MISSING)
    return Publisher(
        settings.brokers, settings.topic_prefix, traceparent=os.environ.get("TRACEPARENT")
    )


def _show_sent(sent: Sent, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "record": sent.record,
                "event_id": sent.event_id,
                "topic": sent.topic,
                "partition": sent.partition,
                "offset": sent.offset,
            }
        )
    else:
        print(  # noqa: T201 - a command prints
            f"{sent.record} {sent.event_id} is on {sent.topic}-{sent.partition} at {sent.offset}"
        )


def _show_event(record: str, event: dict[str, Any]) -> None:
    from baton.contract import codec

    print_json({"record": record} | codec.to_json(record, event))


def _show_fields(record: str) -> None:
    from rich.table import Table

    from baton.contract import codec

    try:
        _known(record)
    except (_BadEventError, codec.InvalidEvent) as error:
        raise CommandError(f"{record}: {_without_reason(error)}", WRONG) from None
    from baton.cli.short_forms import agency_implied, field_types

    kinds = field_types(record)
    table = Table(box=None, pad_edge=False)
    for name in ("option", "takes", "means"):
        table.add_column(name, overflow="fold")
    for field in codec.schema(record)["fields"]:
        name = field["name"]
        implied = name in {"event_id", "occurred_at"} or (
            name == "agency" and agency_implied(record) is not None
        )
        needed = "" if "default" in field or implied else " (required)"
        option = f"--{name.replace('_', '-')}"
        table.add_row(option, _takes(kinds[name]) + needed, field["doc"])
    out = console()
    out.print(f"{record}: {codec.schema(record)['doc']}")
    out.print(table)


def _takes(kind: Any) -> str:  # noqa: ANN401, PLR0911 - a schema is JSON; one line for each type
    match kind:
        case {"symbols": symbols}:
            return " | ".join(symbols)
        case {"items": items}:
            return f"{_takes(items)}, …"
        case {"name": "Person"}:
            return "ID | nhs:NUMBER | police:ID"
        case {"name": "Party"}:
            return "ID:ROLE:PREGNANCY:DUE-DATE"
        case {"logicalType": "timestamp-millis"}:
            return "2015-03-02T21:40:00Z"
        case {"logicalType": "date"}:
            return "2015-08-20"
        case {"type": "boolean"}:
            return "yes | no"
        case {"type": "string"}:
            return "text"
    return str(kind["type"])
