"""Recorded logs of events: `.ndjson` for people and pipes, `.avro` for volume.

A line of `.ndjson` is the JSON object of a record's fields, as `baton.contract.codec.to_json` writes it, with
`"record"`, the record's name, and optionally `"received_at"`, when baton heard of it:

    {"record": "PregnancyEnded", "event_id": "event-7", "occurred_at": "2026-02-02T09:00:00Z", "agency": "midwifery",
     "person": {"scheme": "nhs", "value": "9990000018"}}        (on one line)

An `.avro` file is an Avro object container file of `HeardEvent` records: `received_at`, and `message`, the bytes as
they travel on the source topic. A `received_at` left out is `recorded_at`, else `occurred_at`. Empty lines are
passed over.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import fastavro

from baton.contract import codec
from baton.engine.toml_lines import Mistake, Mistakes, did_you_mean
from baton.replay.container import ContainerError, read_container
from baton.replay.scenario import EVENTS
from baton.replay.told import Told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

SUFFIXES: Final = (".ndjson", ".avro")

SCHEMA: Final = fastavro.parse_schema(
    {
        "type": "record",
        "name": "HeardEvent",
        "namespace": "baton.replay",
        "doc": "One event of a recorded log.",
        "fields": [
            {
                "name": "received_at",
                "doc": "When baton heard of it (milliseconds since 1970, UTC).",
                "type": {"type": "long", "logicalType": "timestamp-millis"},
            },
            {
                "name": "message",
                "doc": "The event as it travels on its source topic, in single-object encoding.",
                "type": "bytes",
            },
        ],
    }
)
MAX_LINE_BYTES: Final = 4 * 1024 * 1024
"""Bytes of a line; far more than any event may have, so that what is longer need not be held."""
_MOST_MISTAKES = 20
"""So many bad lines say enough about a file."""
_TELL_EVERY = 1_000


def read_log(
    path: Path, progress: Callable[[int, int], None] | None = None, *, name: str | None = None
) -> Iterator[Told]:
    """Give the events of a log, in the order of the file; `progress` is called with bytes read and bytes in all.

    Raises Mistakes, at the end or after the twentieth, with the line (`.ndjson`) or the number of the record
    (`.avro`); and OSError.
    """
    file = name or str(path)
    size = path.stat().st_size
    mistakes: list[Mistake] = []
    with path.open("rb") as stream:
        read = _avro if path.suffix == ".avro" else _ndjson
        for number, told in enumerate(read(stream, file, mistakes), 1):
            if len(mistakes) >= _MOST_MISTAKES:
                break
            if progress is not None and number % _TELL_EVERY == 0:
                progress(stream.tell(), size)
            if told is not None:
                yield told
    if progress is not None:
        progress(size, size)
    if mistakes:
        raise Mistakes(mistakes)


def write_ndjson(path: Path, told: Iterable[Told]) -> int:
    """Write a log as JSON lines; return how many."""
    count = 0
    with path.open("w", encoding="utf-8") as stream:
        for each in told:
            fields = {"record": each.record, "received_at": _text(each.received_at)}
            stream.write(
                json.dumps(fields | codec.to_json(each.record, each.fields), ensure_ascii=False)
            )
            stream.write("\n")
            count += 1
    return count


def write_avro(path: Path, told: Iterable[Told]) -> int:
    """Write a log as an Avro object container file; return how many events."""
    count = 0

    def records() -> Iterator[dict[str, Any]]:
        nonlocal count
        for each in told:
            count += 1
            yield {
                "received_at": each.received_at,
                "message": codec.encode(each.record, each.fields),
            }

    with path.open("wb") as stream:
        fastavro.writer(stream, SCHEMA, records(), codec="deflate")
    return count


def _ndjson(stream: BinaryIO, file: str, mistakes: list[Mistake]) -> Iterator[Told | None]:
    for line, data in read_lines(stream):
        if data is None:
            what = f"is longer than the {MAX_LINE_BYTES} bytes that a line may have"
            mistakes.append(Mistake(file, line, "", what))
            yield None
            continue
        try:
            yield from_json_line(data)
        except codec.InvalidEvent as error:
            field = getattr(error, "path", "")
            mistakes.append(Mistake(file, line, field, error.detail.removeprefix(f"{field}: ")))
            yield None
        except ValueError as error:
            mistakes.append(Mistake(file, line, "", str(error)))
            yield None


def read_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Give each line that is not empty, with its number; None for one that is too long to be held."""
    number = 0
    # Not `for … in stream`: that would make tell() an error, and progress is told by it.
    while line := stream.readline(MAX_LINE_BYTES):
        number += 1
        rest, is_whole = line, True
        while not rest.endswith(b"\n") and (rest := stream.readline(MAX_LINE_BYTES)):
            is_whole = False
        if line.strip() or not is_whole:
            yield number, line if is_whole else None


def from_json_line(data: bytes) -> Told:
    """Read one line of a `.ndjson` log; raises InvalidEvent, or ValueError if it is no JSON object."""
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    if not isinstance(fields, dict):
        raise ValueError("must be a JSON object")  # noqa: TRY004 (one kind of error for a bad line)
    record = fields.pop("record", None)
    received = fields.pop("received_at", None)
    if record not in EVENTS:
        hint = did_you_mean(record, EVENTS) if isinstance(record, str) else "name the event"
        raise codec.InvalidField("unknown-record", f"is no event of the contract; {hint}", "record")
    return _told(record, codec.from_json(record, fields), _received(received))


def _received(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        fields = codec.from_json("TickForwarded", {"origin": "log", "at": value})
    except codec.InvalidField as error:
        raise codec.InvalidField(
            error.reason, error.detail.removeprefix("at: "), "received_at"
        ) from None
    received: datetime = fields["at"]
    return received


def _avro(stream: BinaryIO, file: str, mistakes: list[Mistake]) -> Iterator[Told | None]:
    number = 0
    try:
        for entry in read_container(stream, SCHEMA):
            number += 1
            try:
                record, fields = codec.decode(entry["message"])
                if record not in EVENTS:
                    raise codec.InvalidField("unknown-record", f"{record} is no event of an agency")
            except codec.InvalidEvent as error:
                mistakes.append(Mistake(file, number, getattr(error, "path", ""), error.detail))
                yield None
            else:
                yield _told(record, fields, entry["received_at"])
    except ContainerError as error:
        what = f"is not an Avro file of recorded events: it {error}"
        mistakes.append(Mistake(file, number + 1, "", what))


def _told(record: str, fields: dict[str, Any], received_at: datetime | None) -> Told:
    return Told(record, fields, received_at or fields["recorded_at"] or fields["occurred_at"])


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
