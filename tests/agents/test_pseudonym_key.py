"""The secret from which pseudonyms are made: made once, readable by its owner alone, refused when it is not whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from baton.agents.pseudonym import PseudonymKeyError, make_key, read_key

if TYPE_CHECKING:
    from pathlib import Path


def test_a_key_is_made_once(tmp_path: Path) -> None:
    """A second making leaves the first key: another would make every person another."""
    path = tmp_path / "folder" / "pseudonym.key"

    assert make_key(path)
    key = read_key(path)
    assert not make_key(path)

    assert (32, key, 0o600) == (len(key), read_key(path), path.stat().st_mode & 0o777)


@pytest.mark.parametrize(
    ("text", "message"),
    [("zz" * 32, "cannot read"), ("ab" * 31, "shorter than 32 bytes"), ("", "shorter")],
)
def test_a_key_that_is_not_whole_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """With the path, and never the key."""
    path = tmp_path / "pseudonym.key"
    path.write_text(text)

    with pytest.raises(PseudonymKeyError, match=message) as refused:
        read_key(path)

    assert str(path) in str(refused.value)
    assert "abab" not in str(refused.value)


def test_a_missing_key_says_what_to_do(tmp_path: Path) -> None:
    """It is not made by chance: another worker may hold the right one."""
    with pytest.raises(PseudonymKeyError, match="baton doctor"):
        read_key(tmp_path / "nowhere")
