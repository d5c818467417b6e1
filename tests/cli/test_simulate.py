"""`baton simulate`: what it writes, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Baton = Callable[..., Result]


def test_it_writes_a_log_that_replay_reads_and_the_truth(baton: Baton, tmp_path: Path) -> None:
    """One authority: a log, the same as Avro, and what was sown; a person is told how fast it went."""
    given = ("--events", 400, "--seed", 5, "--failures", "0.5", "--avro")

    done = baton("simulate", tmp_path / "made", *given)

    assert done.exit_code == 0, done.output
    assert "400 events of 1 authorities" in done.stdout
    truth = (tmp_path / "made" / "truth-local.ndjson").read_text().splitlines()
    assert {"sown", "alert", "about", "of"} == set(json.loads(truth[0]))
    replayed = [
        baton("replay", "--json", tmp_path / "made" / f"log-local.{kind}")
        for kind in ("ndjson", "avro")
    ]
    assert [0, 0] == [each.exit_code for each in replayed]
    assert replayed[0].stdout == replayed[1].stdout != ""


def test_a_nation_is_a_log_for_each_authority(baton: Baton, tmp_path: Path) -> None:
    """The cap holds for all together, as nearly as equal parts allow; ids of two authorities never meet."""
    done = baton("simulate", tmp_path, "--nation", "--events", 1_530, "--json")

    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.exit_code, len(rows)) == (0, 153)
    assert {row["events"] for row in rows} == {10}
    ids = [
        json.loads(line)["event_id"]
        for row in rows
        for line in Path(row["log"]).read_text().splitlines()
    ]
    assert len({each.partition(".")[0] for each in ids}) == 153


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--failures", "2"), "a number from 0 to 1"),
        (("--failures", "unrefered=0.1"), "did you mean unreferred"),
        (("--authority", "two words"), "is not an id"),
        (("--authority", "a/b"), "no slash"),
    ],
)
def test_what_cannot_be_is_refused(
    baton: Baton, tmp_path: Path, given: tuple[str, str], said: str
) -> None:
    """Before anything is written, with what is wrong."""
    done = baton("simulate", tmp_path / "made", *given)

    assert done.exit_code == 2
    assert said in done.stderr
    assert not (tmp_path / "made").exists()
