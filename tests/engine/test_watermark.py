"""The watermark: time comes only as far as the slowest origin has."""

from __future__ import annotations

import pytest

from baton.engine.watermark import Watermark
from tests.rules.told import HOUR, MINUTE, NOON


def test_without_every_origin_there_is_no_now() -> None:
    """An origin not yet heard counts as slowest, not as absent."""
    watermark = Watermark(["a", "b"])

    assert watermark.advance("a", NOON)
    assert watermark.now is None
    assert watermark.advance("b", NOON + HOUR)
    assert NOON == watermark.now


def test_now_is_the_slowest_origin() -> None:
    """Whichever that is."""
    watermark = Watermark(["a", "b"])
    watermark.advance("a", NOON)
    watermark.advance("b", NOON + HOUR)

    watermark.advance("a", NOON + 2 * HOUR)

    assert NOON + HOUR == watermark.now
    assert {"a": NOON + 2 * HOUR, "b": NOON + HOUR} == watermark.ticks


def test_a_repeated_or_older_tick_is_no_news() -> None:
    """A frozen clock, or one that stepped back, takes time nowhere."""
    watermark = Watermark(["a"])
    watermark.advance("a", NOON)

    assert not watermark.advance("a", NOON)
    assert not watermark.advance("a", NOON - MINUTE)
    assert NOON == watermark.now


def test_an_unknown_origin_is_an_error_of_ours() -> None:
    """The catalogue of topics and the worker's version do not belong together."""
    with pytest.raises(KeyError):
        Watermark(["a"]).advance("b", NOON)


def test_without_origins_there_is_no_time() -> None:
    """Nothing could ever tell it."""
    assert Watermark([]).now is None
