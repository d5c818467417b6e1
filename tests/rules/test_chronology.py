"""A chronology is read whole, or in parts that stand while nothing is told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.rules.chronology import Chronology, Reading
from baton.rules.facts import FileRead, TransferRequested
from tests.rules.told import HOUR, NOON, read, request

if TYPE_CHECKING:
    from collections.abc import Iterator


def of_case(fact: TransferRequested | FileRead) -> Iterator[str]:
    """Name the part of a fact."""
    yield fact.case


BOTH: tuple[type[TransferRequested | FileRead], ...] = (TransferRequested, FileRead)


def test_a_part_has_what_belongs_to_it() -> None:
    """Also of what is told later."""
    told = Chronology("team", "team-b", [request(NOON), request(NOON, case="case-2")], {})
    before = dict(told.parts(BOTH, of_case))

    told.add([read(NOON + HOUR, case="case-2")])

    parts = told.parts(BOTH, of_case)
    assert ["case-1", "case-2"] == sorted(parts)
    assert [(1, 0), (1, 1)] == [
        tuple(len(parts[case].of(kind)) for kind in BOTH) for case in sorted(parts)
    ]
    assert () == before["case-2"].of(FileRead)


def test_only_the_part_that_is_told_of_is_worked_out_anew() -> None:
    """However many other parts there are."""
    told = Chronology("team", "team-b", [request(NOON), request(NOON, case="case-2")], {})
    worked_out: list[str] = []

    def find(part: Chronology) -> Iterator[int]:
        worked_out.extend(each.case for each in part.of(TransferRequested))
        yield len(part.of(FileRead))

    def found() -> dict[str, tuple[int, ...]]:
        return {case: part.once(find) for case, part in told.parts(BOTH, of_case).items()}

    assert {"case-1": (0,), "case-2": (0,)} == found()
    told.add([read(NOON + HOUR, case="case-2")])
    assert {"case-1": (0,), "case-2": (1,)} == found()
    assert ["case-1", "case-2", "case-2"] == worked_out


def test_what_is_added_beside_it_changes_nothing_of_it() -> None:
    """A chronology apart begins with the same parts, and goes its own way."""
    told = Chronology("team", "team-b", [request(NOON)], {})
    assert () == told.parts(BOTH, of_case)["case-1"].of(FileRead)
    apart = told.apart()

    apart.add([read(NOON + HOUR)])

    assert 1 == len(apart.parts(BOTH, of_case)["case-1"].of(FileRead))
    assert () == told.parts(BOTH, of_case)["case-1"].of(FileRead)


def test_whoever_reads_parts_rests_on_all_that_is_in_them() -> None:
    """Or an answer would stand though something new was told."""
    reading = Reading()

    Chronology("team", "team-b", [], {}).noting(reading).parts(BOTH, of_case)

    assert set(BOTH) == reading.kinds
