"""Recorded logs from strangers: every event, or every mistake with its place; never a gigabyte for a small file."""

from __future__ import annotations

import json
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baton.contract import codec
from baton.engine.toml_lines import Mistakes
from baton.replay.container import MAX_BLOCK_BYTES, MAX_HEADER_BYTES
from baton.replay.logs import MAX_LINE_BYTES, SCHEMA, from_json_line, read_log, write_avro
from baton.replay.told import Told
from tests.hostile.garbage import JSON, THOROUGH, long, mutated, refusal

if TYPE_CHECKING:
    from pathlib import Path

ENDED = codec.from_json("PregnancyEnded", codec.examples("PregnancyEnded")[0])
TOLD = Told("PregnancyEnded", ENDED, ENDED["occurred_at"])
LINE = json.dumps({"record": "PregnancyEnded", **codec.examples("PregnancyEnded")[0]}).encode()
ENTRY = (
    long(0)
    + long(len(codec.encode("PregnancyEnded", ENDED)))
    + codec.encode("PregnancyEnded", ENDED)
)
SYNC = b"S" * 16


def mistakes_in(path: Path) -> tuple[int, list[str]]:
    """Read a log; give how many events it has and what is wrong with it."""
    count = 0
    try:
        for _ in read_log(path, name="log"):
            count += 1
    except Mistakes as error:
        for each in error.mistakes:
            assert len(str(each)) < 2_000
        return count, [str(each) for each in error.mistakes]
    return count, []


def container(*blocks: bytes, packing: bytes = b"null", schema: bytes | None = None) -> bytes:
    """Give an Avro container file of these blocks."""
    assert isinstance(SCHEMA, dict)
    own = json.dumps({name: each for name, each in SCHEMA.items() if name[:2] != "__"}).encode()
    meta = {b"avro.codec": packing, b"avro.schema": own if schema is None else schema}
    texts = b"".join(long(len(each)) + each for pair in meta.items() for each in pair)
    return b"Obj\x01" + long(len(meta)) + texts + b"\x00" + SYNC + b"".join(blocks)


def block(count: int, data: bytes, size: int | None = None) -> bytes:
    """Give a block that says it holds so many records and bytes."""
    return long(count) + long(len(data) if size is None else size) + data + SYNC


def deflated(size: int) -> bytes:
    """Give so many bytes of nothing, packed."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    piece = b"\x00" * 65_536
    packed = [packer.compress(piece[: min(len(piece), size - at)]) for at in range(0, size, 65_536)]
    return b"".join(packed) + packer.flush()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a path for a log."""
    return tmp_path_factory.mktemp("logs") / "log.avro"


def test_the_files_made_here_are_read(log: Path) -> None:
    """Else what follows would prove nothing."""
    log.write_bytes(container(block(2, ENTRY * 2), block(0, b""), block(1, ENTRY)))
    assert (3, []) == mistakes_in(log)
    assert 1 == write_avro(log, [TOLD])
    assert (1, []) == mistakes_in(log)


@THOROUGH
@given(data=st.data())
def test_what_was_an_avro_log_once(log: Path, data: st.DataObject) -> None:
    """Spoilt anywhere: header, block, record."""
    write_avro(log, [TOLD] * 3)
    right = [log.read_bytes(), container(block(2, ENTRY * 2))]
    log.write_bytes(data.draw(st.one_of(mutated(right), st.binary(max_size=50))))
    mistakes_in(log)


@THOROUGH
@given(
    line=st.one_of(
        st.binary(max_size=60), mutated([LINE]), JSON.map(lambda v: json.dumps(v).encode())
    )
)
def test_any_line(line: bytes) -> None:
    """An event, or one kind of error."""
    refusal(lambda: from_json_line(line), ValueError)


@pytest.mark.parametrize("depth", [100, 5_000, 500_000])
@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"record":"PregnancyEnded","person":['])
def test_a_line_nested_deeply(opening: bytes, depth: int) -> None:
    """It ends neither the stack nor the patience."""
    with pytest.raises(ValueError, match="is not JSON"):
        from_json_line(opening * depth)


@pytest.mark.parametrize(
    ("file", "what"),
    [
        (b"", "ends"),
        (b"Obj\x01", "another schema"),
        (container(block(1, ENTRY), packing=b"zstandard"), "packed"),
        (container(block(1, ENTRY), packing=b"\xff"), "packed"),
        (container(block(1, ENTRY), schema=b"{}"), "another schema"),
        (container(block(1, ENTRY), schema=b"[" * 30_000), "another schema"),
        (container(block(1, ENTRY), schema=b'{"type":"array","items":"null"}'), "another schema"),
        (container(block(-1, ENTRY)), "block"),
        (container(block(1, ENTRY, -1)), "block"),
        (container(block(1, ENTRY, 2**40)), "block"),
        (container(block(2**40, ENTRY)), "cannot be read"),
        (container(block(1, long(0) + long(2**40))), "cannot be read"),
        (container(block(1, long(2**62) + ENTRY[1:])), "cannot be read"),
        (container(block(1, ENTRY * 2)), "more in it"),
        (container(block(1, ENTRY)[:-1] + b"x"), "does not end"),
        (container(block(1, b"junk"), packing=b"deflate"), "cut off"),
        (b"Obj\x01" + long(2**40), "header"),
        (b"Obj\x01" + long(1) + long(2**40), "header"),
        (b"Obj\x01" + b"\xff" * 20, "number"),
    ],
)
def test_a_container_that_lies(log: Path, file: bytes, what: str) -> None:
    """About what it holds, how large it is, or what it is: said in words, and nothing is passed over in silence."""
    log.write_bytes(file)
    assert what in mistakes_in(log)[1][-1]


def test_a_small_file_is_never_a_large_memory(log: Path) -> None:
    """Unpacking ends at the limit of a block; just at the limit it is read."""
    for size, what in ((MAX_BLOCK_BYTES, "more in it"), (40 * MAX_BLOCK_BYTES, "unpacks to more")):
        packed = deflated(size)
        log.write_bytes(container(block(0, packed), packing=b"deflate"))
        tracemalloc.start()
        _, mistakes = mistakes_in(log)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert what in mistakes[0]
        assert peak < 4 * MAX_BLOCK_BYTES


def test_a_header_may_have_so_many_bytes(log: Path) -> None:
    """A value just at the limit is looked at; one beyond is not."""
    for size, what in ((MAX_HEADER_BYTES, "another schema"), (MAX_HEADER_BYTES + 1, "header")):
        log.write_bytes(container(schema=b" " * size))
        assert what in mistakes_in(log)[1][0]


def test_a_line_may_have_so_many_bytes(tmp_path: Path) -> None:
    """A longer one is a mistake of its own, and the lines after it are read."""
    log = tmp_path / "log.ndjson"
    at = LINE + b" " * (MAX_LINE_BYTES - len(LINE) - 1) + b"\n"
    past = LINE + b" " * 40 * MAX_LINE_BYTES + b"\n"
    log.write_bytes(at + past + LINE)
    del at, past
    tracemalloc.start()

    assert (
        2,
        [f"log:2: is longer than the {MAX_LINE_BYTES} bytes that a line may have"],
    ) == mistakes_in(log)

    assert tracemalloc.get_traced_memory()[1] < 8 * MAX_LINE_BYTES
    tracemalloc.stop()
