"""`baton emit`, given anything: an event, or a sentence; never a traceback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from baton.cli.app import app
from baton.cli.emit import _BadEventError, _event_of
from baton.contract import codec
from tests.hostile.garbage import ANY_TEXT, JSON, THOROUGH, refusal, spoilt_fields

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = st.sampled_from(codec.record_names())
VALUES = st.one_of(
    ANY_TEXT,
    st.sampled_from(
        [
            "²",
            "--5",
            "-",
            "9" * 5_000,
            "nhs:",
            "a:b:c:d:e:f",
            ":::",
            ",,,",
            "9999-12-31",
            "NaN",
            "{",
        ]
    ),
)


@st.composite
def options(draw: st.DrawFn, record: str) -> list[str]:
    """Draw options of a record and others, with values and without."""
    names = [field["name"].replace("_", "-") for field in codec.schema(record)["fields"]]
    given = []
    for _ in range(draw(st.integers(0, 4))):
        given.append("--" + draw(st.one_of(st.sampled_from([*names, "case"]), ANY_TEXT)))
        given += draw(st.lists(VALUES, max_size=2))
    return given


@THOROUGH
@given(data=st.data())
def test_any_arguments(data: st.DataObject) -> None:
    """Whatever is typed."""
    record = data.draw(RECORDS)
    arguments = data.draw(options(record))
    refusal(lambda: _event_of(record, arguments, None), _BadEventError)


@THOROUGH
@given(data=st.data())
def test_any_json(data: st.DataObject) -> None:
    """In `--json`, and in each line of a file."""
    record = data.draw(st.one_of(RECORDS, ANY_TEXT))
    examples = codec.examples(record) if record in codec.record_names() else [{"a": 1}]
    value = data.draw(st.one_of(JSON, spoilt_fields(examples)))
    refusal(lambda: _event_of(record, [], json.dumps(value)), _BadEventError)


@pytest.mark.parametrize("value", ["²", "--5", "9" * 5_000, "-", "٣"])
def test_a_number_that_is_none(value: str) -> None:
    """Digits of other scripts, two signs, or more digits than Python reads: a sentence."""
    record, field = next(
        (name, field["name"])
        for name in codec.record_names()
        for field in codec.schema(name)["fields"]
        if field["type"] in ("int", ["null", "int"])
    )
    with pytest.raises(_BadEventError):
        _event_of(record, [f"--{field.replace('_', '-')}", value], None)


def test_a_file_of_anything(tmp_path: Path) -> None:
    """Each bad line is named on standard error; what can be shown of others is shown."""
    path = tmp_path / "events.ndjson"
    lines = [
        b"\xff",
        b"[" * 100_000,
        b'{"record": "\\ud800"}',
        b'{"record": "PregnancyEnded", "\\ud800": "\\ud800"}',
        b'{"record": "PregnancyEnded", "person": {"scheme": "\\udfff", "value": "x"}}',
        b'{"record": "CaseClosed", "occurred_at": NaN, "case": 1e999}',
        b"9" * 5_000,
        b'"' + b"x" * 5_000_000,
    ]
    path.write_bytes(b"\n".join(lines))

    done = CliRunner().invoke(app, ["emit", "--file", str(path), "--dry-run"])

    assert done.exit_code == 2, done.output
    for number in range(1, len(lines) + 1):
        assert f":{number}: " in done.stderr
