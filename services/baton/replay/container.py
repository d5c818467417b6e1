"""An Avro object container file of recorded events, read block by block, and no more than a block held.

fastavro's own reader unpacks a block whatever it comes to: 600 KiB can be made to fill a gigabyte. It also passes over
a block whose count is negative, and what such a file had would be missing without a word.
"""

from __future__ import annotations

import json
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import fastavro
from fastavro.schema import to_parsing_canonical_form

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BLOCK_BYTES: Final = 16 * 1024 * 1024
"""Bytes of one block, packed or unpacked. fastavro writes blocks of 16,000; others, of a megabyte at most."""
MAX_HEADER_BYTES: Final = 64 * 1024
"""Bytes of a key or a value of the header, which holds the schema."""

_MAGIC: Final = b"Obj\x01"
_SYNC_BYTES: Final = 16
_MOST_OF_LONG: Final = 10
_MOST_ENTRIES: Final = 100


Schema = str | list[Any] | dict[str, Any]


class ContainerError(ValueError):
    """The file is not such a file, or not within the limits; the message says what is wrong."""


def read_container(stream: BinaryIO, schema: Schema) -> Iterator[dict[str, Any]]:
    """Give the records of a file that was written with this schema. Raises ContainerError."""
    if _exactly(stream, len(_MAGIC)) != _MAGIC:
        raise ContainerError("does not begin as one")
    header = _header(stream)
    packing = header.get("avro.codec", b"null")
    if packing not in {b"null", b"deflate"}:
        raise ContainerError("is packed in a way that is not read here: null and deflate are")
    if not _is(header.get("avro.schema", b""), schema):
        raise ContainerError("has another schema than that of recorded events")
    sync = _exactly(stream, _SYNC_BYTES)
    while (count := _number(stream)) is not None:
        size = _number(stream)
        if count < 0 or size is None or not 0 <= size <= MAX_BLOCK_BYTES:
            raise ContainerError(f"has a block that is not within 0 and {MAX_BLOCK_BYTES} bytes")
        block = _exactly(stream, size)
        if _exactly(stream, _SYNC_BYTES) != sync:
            raise ContainerError("has a block that does not end where it says")
        yield from _records(_unpacked(block) if packing == b"deflate" else block, count, schema)


def _records(block: bytes, count: int, schema: Schema) -> Iterator[dict[str, Any]]:
    buffer = BytesIO(block)
    for _ in range(count):
        try:
            record: dict[str, Any] = fastavro.schemaless_reader(buffer, schema)  # type: ignore[assignment]  # a record's
        except (EOFError, IndexError, ValueError, OverflowError) as error:
            message = f"has a record that cannot be read ({type(error).__name__})"
            raise ContainerError(message) from None
        yield record
    if buffer.tell() != len(block):
        raise ContainerError("has a block with more in it than it says")


def _unpacked(block: bytes) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        unpacked = inflater.decompress(block, MAX_BLOCK_BYTES)
    except zlib.error:
        raise ContainerError("has a block that cannot be unpacked") from None
    if inflater.unconsumed_tail:
        raise ContainerError(f"has a block that unpacks to more than {MAX_BLOCK_BYTES} bytes")
    if not inflater.eof:
        raise ContainerError("has a block that is cut off")
    return unpacked


def _is(written: bytes, schema: Schema) -> bool:
    try:
        return bool(
            to_parsing_canonical_form(json.loads(written)) == to_parsing_canonical_form(schema)
        )
    except Exception:  # noqa: BLE001 - whatever a foreign schema makes fastavro raise, it is not ours
        return False


def _header(stream: BinaryIO) -> dict[str, bytes]:
    header: dict[str, bytes] = {}
    while count := _number(stream):
        if count < 0:
            # Avro's other form of a count: its size in bytes follows.
            count = -count
            _number(stream)
        if len(header) + count > _MOST_ENTRIES:
            raise ContainerError("has a header too long to be meant")
        for _ in range(count):
            key = _text(stream)
            header[key.decode("utf-8", "replace")] = _text(stream)
    return header


def _text(stream: BinaryIO) -> bytes:
    size = _number(stream)
    if size is None or not 0 <= size <= MAX_HEADER_BYTES:
        raise ContainerError("has a header too long to be meant")
    return _exactly(stream, size)


def _number(stream: BinaryIO) -> int | None:
    """Read one of Avro's numbers; None where the file ends instead."""
    coded = shift = 0
    for place in range(_MOST_OF_LONG):
        byte = stream.read(1)
        if not byte:
            if place == 0:
                return None
            break
        coded |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return (coded >> 1) ^ -(coded & 1)
        shift += 7
    raise ContainerError("ends within a number, or has one that is none")


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise ContainerError("ends before its block does")
    return data
