"""The recipients' file, quiet hours and digests."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

import pytest

from baton.notify.recipients import RecipientsError, read_recipients
from tests.notify.conftest import desk

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = """
[[recipient]]
key    = "hub-duty-desk"
role   = "hub_manager"
area   = "local"
url    = "mailtos://someone:secret@mail.example"
quiet  = ["22:00", "07:00"]
digest = "08:30"

[[recipient]]
key                   = "midwives"
role                  = "named_midwife"
govuk_notify_email    = "desk@example.org"
govuk_notify_template = "0000-1111"
"""


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    """Write a recipients' file."""
    path = folder / "recipients.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    """Every field, and by what means each is told."""
    every = read_recipients(written(tmp_path, WHOLE), frozenset({"hub_manager", "named_midwife"}))
    (hub,) = every.of("hub_manager", "local")
    (midwives,) = every.of("named_midwife", "anywhere")

    assert ("email", (time(22), time(7)), time(8, 30)) == (hub.means, hub.quiet, hub.digest)
    assert "govuk-notify" == midwives.means
    assert () == every.of("hub_manager", "north")


def test_without_a_file_nobody_is_told(tmp_path: Path) -> None:
    """Which the engine then says of each role."""
    assert 0 == len(read_recipients(tmp_path / "none.toml"))


def test_every_mistake_is_reported_at_once_and_no_address_shown(tmp_path: Path) -> None:
    """By recipient and field."""
    text = WHOLE.replace('"22:00"', '"25:00"').replace("govuk_notify_template", "template")
    with pytest.raises(RecipientsError) as refused:
        read_recipients(written(tmp_path, text))

    said = str(refused.value)
    assert "recipient 1: quiet" in said
    assert "recipient 2: template" in said
    assert "secret" not in said
    assert "desk@example.org" not in said


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (WHOLE.replace("hub_manager", "hub_maneger"), "no role hub_maneger"),
        (WHOLE + WHOLE, "two recipients midwives"),
        (WHOLE.replace("hub-duty-desk", "Jane Doe"), "key"),
        ('[[recipient]]\nkey = "a"\nrole = "hub_manager"', "needs either"),
        ('[[recipient]]\nkey = "a"\nrole = "hub_manager"\nurl = "nowhere"', "needs either"),
        ("not toml [", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, why: str) -> None:
    """Before anybody is told."""
    with pytest.raises(RecipientsError, match=why):
        read_recipients(written(tmp_path, text), frozenset({"hub_manager", "named_midwife"}))


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """It holds passwords of mail servers."""
    with pytest.raises(RecipientsError, match="chmod 600"):
        read_recipients(written(tmp_path, WHOLE, 0o640))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("2026-03-02T21:59", "2026-03-02T21:59"),
        ("2026-03-02T22:00", "2026-03-03T07:00"),
        ("2026-03-03T06:59", "2026-03-03T07:00"),
        ("2026-03-03T07:00", "2026-03-03T07:00"),
        # The clocks go forward on 29 March: seven in the morning is six by Greenwich.
        ("2026-03-28T23:00", "2026-03-29T06:00"),
    ],
)
def test_quiet_hours_end_in_the_morning(asked: str, told: str) -> None:
    """Local time, over midnight and over a change of the clocks."""
    quiet = desk(quiet=(time(22), time(7)))
    asked_at, told_at = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (asked, told))

    assert told_at == quiet.not_before(asked_at, severity=2)
    assert asked_at == quiet.not_before(asked_at, severity=1)
