"""What was published stays: files unedited, and every version readable by every other."""

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

import avro.compatibility
import avro.schema
import pytest

from baton.contract import codec
from baton.contract.versions import Version

PUBLISHED = json.loads(files("baton.contract").joinpath("published.json").read_text("utf-8"))
VERSIONS = {v.file: v for name in codec.record_names() for v in codec.versions(name)}


def complaints(versions: tuple[Version, ...]) -> Iterator[str]:
    """Say what stands between any two versions of a record, in either direction."""
    for writer, reader in itertools.permutations(versions, 2):
        checker = avro.compatibility.ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]  # avro publishes no types
        result = checker.get_compatibility(
            reader=avro.schema.parse(reader.text),
            writer=avro.schema.parse(writer.text),
        )
        if result.compatibility != avro.compatibility.SchemaCompatibilityType.compatible:
            yield f"{reader.file} cannot read {writer.file}: {sorted(result.messages)}"
    for older, newer in itertools.combinations(versions, 2):
        yield from narrowed(older, newer)


def narrowed(older: Version, newer: Version) -> Iterator[str]:
    """Say which of our own limits a newer version draws closer: old logs would be refused."""
    fields = {field["name"]: field for field in newer.raw["fields"]}
    for field in older.raw["fields"]:
        after = fields.get(field["name"], field)
        if not set(field.get("closed_list", ())) <= set(after.get("closed_list", ())):
            yield f"{newer.file} drops codes of {field['name']}"
        for limit in ("max_length", "max_items", "maximum"):
            if after.get(limit, 0) < field.get(limit, 0):
                yield f"{newer.file} lowers {limit} of {field['name']}"


def field(name: str, kind: Any, **props: Any) -> dict[str, Any]:
    """Make a field of an invented record."""
    return {"name": name, "type": kind, **props}


def test_published_files_are_not_edited() -> None:
    """The files are those that were published, to the letter."""
    found = {
        file: {
            "fingerprint": version.fingerprint.hex(),
            "sha256": hashlib.sha256(version.text.encode()).hexdigest(),
        }
        for file, version in VERSIONS.items()
    }
    edited = [file for file in PUBLISHED if found.get(file) != PUBLISHED[file]]
    new = {file: lock for file, lock in found.items() if file not in PUBLISHED}

    assert not edited, f"put back {edited}: what is published stays; write a new version"
    assert not new, f"to publish for good, add to published.json: {json.dumps(new)}"


def test_fingerprints_are_unique() -> None:
    """A fingerprint names one version of one record; two that differ in docs only share it."""
    assert len({version.fingerprint for version in VERSIONS.values()}) == len(VERSIONS)


@pytest.mark.parametrize("name", codec.record_names())
def test_versions_read_one_another(name: str) -> None:
    """Every version of a record can read what every other wrote (FULL_TRANSITIVE)."""
    assert list(complaints(codec.versions(name))) == []


@pytest.mark.parametrize(
    "second",
    [
        [field("incident", "string"), field("grade", "string")],
        [],
        [field("incident", "long")],
        [field("incident", "string", closed_list=["a"])],
        [field("incident", "string", closed_list=["a", "b"], max_length=10)],
    ],
    ids=["required-added", "required-removed", "type-changed", "code-dropped", "limit-lowered"],
)
def test_a_planted_incompatible_version_is_found(
    second: list[dict[str, Any]], make_version: Callable[..., Version]
) -> None:
    """The check above fails for a second version that cannot read the first, or be read by it."""
    first = make_version(1, field("incident", "string", closed_list=["a", "b"], max_length=20))

    assert list(complaints((first, make_version(2, *second))))


def test_a_compatible_second_version_passes(make_version: Callable[..., Version]) -> None:
    """A field added with a default is no complaint."""
    first = make_version(1, field("incident", "string"))
    second = make_version(
        2, field("incident", "string"), field("grade", ["null", "string"], default=None)
    )

    assert list(complaints((first, second))) == []


def test_an_older_version_is_read_as_the_newest(make_version: Callable[..., Version]) -> None:
    """What the first version wrote comes with the second's fields, and the second is written."""
    gone = field("gone", ["null", "string"], default=None)
    first = make_version(1, gone, field("incident", "string"))
    second = make_version(
        2, field("incident", "string"), field("grade", ["null", "string"], default=None)
    )
    before = codec.Codec({"Planted": (first,)})
    after = codec.Codec({"Planted": (first, second)})
    old = before.encode("Planted", {"incident": "inc-1", "gone": "x"})

    assert after.decode(old) == ("Planted", {"incident": "inc-1", "grade": None})
    assert after.encode("Planted", {"incident": "inc-1"})[:10] == second.header
