"""Silences, read from what was said: all of them, whoever ended them, and why some never held."""

from __future__ import annotations

from typing import Any

from baton.contract import codec
from baton.engine import life
from baton.reading import Message, matching, silences
from baton.reading.silences import MATCHED
from tests.agents.relay import ms
from tests.cli.conftest import an_alert
from tests.rules.told import CARE, DAY, HOUR, MINUTE, NOON


def said(record: str, after: Any, **fields: Any) -> Message:
    """Give a message of `alert-actions`."""
    at = NOON + after
    whole = {"event_id": f"{record}-{after}", "occurred_at": at, "agency": CARE, "by": "operator-1"}
    return Message(0, 0, ms(at), None, codec.encode(record, whole | fields))


def silenced(after: Any, **fields: Any) -> Message:
    """Give a silence of a day."""
    stated = {"matcher": "rule=block-transfer", "until": NOON + DAY, "why": "planned"}
    return said("AlertsSilenced", after, **{"event_id": "silence-1", **stated, **fields})


def test_a_silence_is_listed_with_who_why_and_until_when() -> None:
    """It holds from when it was told until it ends; other actions and what is unreadable change nothing."""
    other = said("AlertNoted", MINUTE, alert="an-alert")
    (silence,) = silences([[silenced(0 * HOUR), other], [Message(0, 2, 0, None, b"?")]])

    assert ("silence-1", "operator-1", "planned", NOON) == (
        silence.stated["event_id"],
        silence.stated["by"],
        silence.stated["why"],
        silence.at,
    )
    assert [True, False] == [silence.holds(NOON + DAY - MINUTE), silence.holds(NOON + DAY)]


def test_an_end_that_is_another_told_again_ends_nothing() -> None:
    """Of two records with one id the judge takes the first; a list that believed both would hide what still holds."""
    two = [silenced(0 * HOUR), silenced(MINUTE, event_id="silence-2")]
    ends = [
        said("SilenceEnded", HOUR, event_id="end", silence=each)
        for each in ("silence-1", "silence-2")
    ]
    first, second = silences([[*two, *ends]])

    assert (False, True) == (first.holds(NOON + 2 * HOUR), second.holds(NOON + 2 * HOUR))


def test_a_silence_that_was_ended_says_by_whom() -> None:
    """The first end counts, and only of a silence that there is; the first telling counts, too."""
    ends = [
        said("SilenceEnded", n * HOUR, silence="silence-1", by=by)
        for n, by in ((1, "operator-2"), (2, "operator-3"))
    ]
    unknown = said("SilenceEnded", HOUR, event_id="x", silence="silence-9")
    (silence,) = silences([[silenced(0 * HOUR), silenced(MINUTE, why="again"), unknown, *ends]])

    assert ("operator-2", NOON + HOUR, "planned") == (
        silence.ended_by,
        silence.ended_at,
        silence.stated["why"],
    )
    assert not silence.holds(NOON + 2 * HOUR)


def test_a_silence_that_never_held_says_why() -> None:
    """Nobody can read what it means, or it was over before it was told."""
    found = silences(
        [
            [
                silenced(0 * HOUR, matcher="everything"),
                silenced(MINUTE, event_id="silence-2", until=NOON),
            ]
        ]
    )

    assert ["unreadable-matcher", "past"] == [each.refused for each in found]
    assert not any(each.holds(NOON) for each in found)


def test_the_alerts_that_a_silence_is_for_are_those_that_the_engine_means() -> None:
    """Every field that the engine knows; open alerts of its own area alone."""
    mine = an_alert()
    others = [mine | {"status": "closed"}, mine | {"authority": "elsewhere"}]

    assert set(MATCHED) == set(life.MATCHED)
    for name, value in MATCHED.items():
        if value(mine) is not None:
            assert matching(f"{name}={value(mine)}", "local", [mine, *others]) == [mine]
            assert matching(f"{name}=other", "local", [mine]) == []
