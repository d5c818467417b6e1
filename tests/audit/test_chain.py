"""The chain: what it is made of, and every way in which it may have been touched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from baton.agents.chain import Chain
from baton.audit import retention_may_have_taken, verify
from baton.contract import codec
from baton.contract.audit import FIRST_PREVIOUS, digest, hash_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def entries(count: int, chain: Chain | None = None) -> list[dict[str, Any]]:
    """Give so many entries as a reader of the topic has them."""
    chain = chain or Chain()
    written = [
        chain.append(
            {
                "at": NOON + timedelta(minutes=number),
                "what": "Alert",
                "alert": f"rule/inc-{number}/woman-1",
                "digest": digest(b"record %d" % number),
            },
            timestamp_ms=number,
        )
        for number in range(count)
    ]
    return [codec.decode(output.value)[1] for output in written if output.value is not None]


def test_an_untouched_chain_holds() -> None:
    """It is counted, and its head is the last entry's hash."""
    told = entries(5)
    proof = verify(told)

    assert (True, 5, told[-1]["hash"]) == (proof.holds, proof.count, proof.head)
    assert FIRST_PREVIOUS == told[0]["previous"]


def test_no_entry_is_a_chain() -> None:
    """Before anything was recorded."""
    assert verify([]).holds


@pytest.mark.parametrize(
    "field", ["at", "what", "alert", "digest", "detail", "by", "event_id", "where", "why"]
)
def test_a_change_is_found(field: str) -> None:
    """Whatever is changed, at the entry itself."""
    told = entries(5)
    told[2] |= {field: NOON if field == "at" else "other"}

    assert [3] == [each.sequence for each in verify(told).wrong]


def test_a_change_with_its_own_hash_made_anew_is_found() -> None:
    """Then the entry after it names another one before it."""
    told = entries(5)
    told[2] |= {"by": "operator-9"}
    told[2] |= {"hash": hash_of(told[2])}

    assert [(4, "the entry before it is not the one it names")] == [
        (each.sequence, each.why) for each in verify(told).wrong
    ]


def test_a_gap_is_found() -> None:
    """However many are missing."""
    told = entries(6)
    del told[2:4]

    assert [(5, "2 before it are missing, from 3 on")] == [
        (each.sequence, each.why) for each in verify(told).wrong
    ]


def test_another_order_is_found() -> None:
    """Two entries that changed places."""
    told = entries(4)
    told[1], told[2] = told[2], told[1]

    assert not verify(told).holds


def test_an_entry_twice_is_found() -> None:
    """Repeated, as if it had been done twice."""
    told = entries(3)

    assert not verify([*told, told[-1]]).holds


def test_an_end_cut_off_is_found_by_whoever_noted_it() -> None:
    """Nothing in the rest says so; the head noted earlier does."""
    told = entries(5)
    noted = verify(told).head

    assert verify(told[:3]).holds
    assert not verify(told[:3], noted).holds
    assert verify(entries(9), verify(entries(5)).head).holds


def test_a_chain_made_anew_is_found_by_whoever_noted_its_head() -> None:
    """All of it forged, consistently."""
    noted = verify(entries(5)).head
    forged = Chain()
    forged.append({"at": NOON, "what": "Alert", "digest": "x"}, 0)

    assert not verify(entries(5, forged), noted).holds


def test_a_beginning_that_was_cut_off_is_found() -> None:
    """The first is number 1, however well the rest follow from another."""
    proof = verify(entries(9)[4:])

    assert [5] == [each.sequence for each in proof.wrong]
    assert proof.wrong[0].why.startswith("the beginning is missing: 4 before it, from 1 on")


def test_retention_may_take_the_beginning() -> None:
    """What is left must follow from its first entry, and it is said with which number it begins."""
    proof = verify(entries(9)[4:], taken=lambda: True)

    assert (True, 5) == (proof.holds, proof.first)
    assert 1 == verify(entries(9), taken=lambda: True).first


@pytest.mark.parametrize(
    ("years", "may"), [(0, False), (1, False), (5, False), (6, True), (7, True)]
)
def test_retention_takes_what_is_of_its_age(years: int, may: bool) -> None:  # noqa: FBT001 (what it says)
    """What came before the first is about as old as that: no audit is without an entry for long."""
    assert retention_may_have_taken(NOON, NOON + timedelta(days=366 * years)) is may


def test_a_first_entry_that_names_one_before_is_wrong() -> None:
    """Number one has nothing before it."""
    told = entries(1)
    told[0] |= {"previous": "f" * 64}
    told[0] |= {"hash": hash_of(told[0])}

    assert [1] == [each.sequence for each in verify(told).wrong]


def test_the_chain_goes_on_from_its_row() -> None:
    """A restart changes nothing."""
    chain = Chain()
    first = entries(3, chain)
    restarted = Chain()
    restarted.load(chain.row)

    assert verify([*first, *entries(3, restarted)]).holds


def test_a_row_that_cannot_be_read_stops_the_worker() -> None:
    """There is no default for what was recorded."""
    with pytest.raises(ValueError, match=r"unpack|int"):
        Chain().load(b"nonsense")


def test_a_field_that_a_later_version_adds_changes_no_hash() -> None:
    """What is null says nothing."""
    told = entries(1)[0]

    assert hash_of(told) == hash_of({**told, "added_later": None})
