"""Silences, from what was said on `alert-actions`: who silenced what, why, until when, and whether it holds.

Nothing else lists them: an alert shows only the one that makes its own steps wait.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from baton.contract import codec
from baton.engine.alerts import OPEN
from baton.engine.life import Matcher, silence_of
from baton.engine.translate import to_action
from baton.rules.facts import AlertsSilenced, SilenceEnded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from baton.reading.reader import Message

MATCHED: Final[Mapping[str, Callable[[Mapping[str, Any]], str | None]]] = {
    "alert": lambda alert: alert["alert_id"],
    "rule": lambda alert: alert["rule"],
    "about": lambda alert: alert["about"]["key"],
    "about_kind": lambda alert: alert["about"]["kind"],
    "severity": lambda alert: str(alert["severity"]),
    "agency": lambda alert: alert["responsible"]["agency"],
    "team": lambda alert: alert["responsible"]["team"],
    "role": lambda alert: alert["responsible"]["role"],
}
"""Where the fields that a matcher may name are in the contract's alert; a test compares with the engine's."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_matcher = lru_cache(maxsize=128)(Matcher.read)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedSilence:
    """One silence as it was stated: the fields of its AlertsSilenced, and when baton was told (`at`).

    `refused` is why it never held. For an alert it may end sooner than it says: policy has a longest for each
    severity.
    """

    stated: Mapping[str, Any]
    at: datetime
    refused: str | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What names it: its area and its event, which two areas may number alike."""
        return self.stated["authority"], self.stated["event_id"]

    def holds(self, now: datetime) -> bool:
        """Say whether it makes alerts that match it wait, as of `now`."""
        until: datetime = self.stated["until"]
        return self.refused is None and self.ended_at is None and now < until


def matching(
    matcher: str, authority: str, alerts: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return those of these alerts (the contract's fields) that are open and that a silence of an area is for.

    Raises UnreadableMatcherError.
    """
    return [
        alert
        for alert in alerts
        if alert["status"] in OPEN and alert["authority"] == authority and is_for(matcher, alert)
    ]


def is_for(matcher: str, alert: Mapping[str, Any]) -> bool:
    """Say whether a matcher means an alert (the contract's fields) of its area, however that stands.

    Raises UnreadableMatcherError.
    """
    wanted = _matcher(matcher).wanted
    return all(MATCHED[name](alert) in values for name, values in wanted)


class Silences:
    """Every silence that was ever stated, from the actions as they are heard, one after the other."""

    def __init__(self) -> None:
        """Begin with none."""
        self._found: dict[tuple[str, str], StatedSilence] = {}
        self._known: set[tuple[str, str, str, str]] = set()

    def take(self, record: str, fields: Mapping[str, Any], at: datetime) -> None:
        """Take a record of `alert-actions` of which baton was told at `at`; what silences nothing is passed over."""
        action = to_action(record, fields, at)
        if not isinstance(action, AlertsSilenced | SilenceEnded) or action.identity in self._known:
            # The judge, too, takes a record that is told again for the same, whatever else it says.
            return
        self._known.add(action.identity)
        if isinstance(action, AlertsSilenced):
            begun = silence_of(action, at)
            refused = begun if isinstance(begun, str) else None
            silence = StatedSilence(stated=fields, at=at, refused=refused)
            self._found.setdefault((action.authority, action.event_id), silence)
        else:
            key = (action.authority, action.silence)
            standing = self._found.get(key)
            if standing is not None and standing.holds(at):
                self._found[key] = replace(standing, ended_by=action.by, ended_at=at)

    def get(self, authority: str, silence_id: str) -> StatedSilence | None:
        """Return the silence of an area that an event began, or None."""
        return self._found.get((authority, silence_id))

    def all(self) -> list[StatedSilence]:
        """Return all of them, in the order of being told."""
        return list(self._found.values())


def silences(batches: Iterable[Iterable[Message]]) -> list[StatedSilence]:
    """Fold the messages of `alert-actions` into every silence that was ever stated, in the order of being told.

    What cannot be read is passed over: `intake` rejects it, and there it is counted.
    """
    found = Silences()
    for message in (each for batch in batches for each in batch):
        try:
            record, fields = codec.decode(message.value)
        except codec.InvalidEvent:
            continue
        found.take(record, fields, message_time(message))
    return found.all()


def message_time(message: Message) -> datetime:
    """Return when baton was told a message."""
    return _EPOCH + timedelta(milliseconds=message.timestamp_ms)
