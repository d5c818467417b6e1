"""Hostile input at random: bytes, mutations of what is right, and JSON that no agency would mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

THOROUGH = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
"""For what reads a whole policy each time."""

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30)
"""Also with halves of surrogate pairs, and without anything."""
NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([2**31, -(2**31) - 1, 2**63, 10**30, 10**400, float("nan"), float("inf")]),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, ANY_TEXT),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(ANY_TEXT, inner, max_size=4)
    ),
    max_leaves=12,
)
ODD_LONGS = st.sampled_from([0, 1, -1, 2, 200, 201, 2**31, 2**62, 2**63 - 1, -(2**63)])


def refusal(
    read: Callable[[], object], *errors: type[Exception], most: int = 2_000
) -> tuple[Exception | None, str]:
    """Read something; give what it was refused with, and in what words. Whatever else it raises fails the test."""
    try:
        read()
    except errors as error:
        words = str(getattr(error, "detail", error))
        # It can be written down, and is short: neither a half of a surrogate pair nor a megabyte comes back.
        assert len(words.encode()) < most, words[:200]
        return error, words
    return None, ""


def long(number: int) -> bytes:
    """Write a number as Avro does."""
    coded = (number << 1) ^ (number >> 63)
    written = b""
    while coded & ~0x7F:
        written += bytes([coded & 0x7F | 0x80])
        coded >>= 7
    return written + bytes([coded])


@st.composite
def mutated(draw: st.DrawFn, right: Sequence[bytes], junk: Sequence[bytes] = ()) -> bytes:
    """Draw something right, and spoil it in one to four places."""
    data = draw(st.sampled_from(list(right)))
    pieces = [st.binary(max_size=6), ODD_LONGS.map(long)]
    if junk:
        pieces.append(st.sampled_from(list(junk)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        stop = draw(st.integers(start, min(len(data), start + draw(st.integers(0, 30)))))
        data = data[:start] + draw(st.one_of(pieces)) + data[stop:]
    return data


def spoilt_fields(examples: Sequence[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw an example with some of its fields replaced, some left out and others put in."""
    names = st.sampled_from(sorted({name for each in examples for name in each} or {"case"}))
    return st.builds(
        lambda fields, more, left_out: {
            name: value for name, value in (fields | more).items() if name not in left_out
        },
        st.sampled_from(list(examples)),
        st.dictionaries(
            st.one_of(ANY_TEXT, names),
            JSON,
            max_size=3,
        ),
        st.sets(names, max_size=1),
    )
