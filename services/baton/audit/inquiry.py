"""What an inquiry asks of one alert: what baton knew when, what it said, who saw it and what they did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


_LOOKS: Final = frozenset({"viewed", "exported"})
"""Who takes an alert away has seen it."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """All that is recorded of one alert, each in the order in which baton knew it.

    `alert` is the alert as it stands, `evidence` each event that it rests on with its times (occurred, recorded by
    the agency, received by baton), `entries` the audit's entries about it, `seen_by` the keys of those who saw it.
    """

    alert: Mapping[str, Any]
    evidence: tuple[Mapping[str, Any], ...]
    entries: tuple[Mapping[str, Any], ...]

    @property
    def seen_by(self) -> tuple[str, ...]:
        """Who saw it, in the order of their first look."""
        looks = (each["by"] for each in self.entries if each["detail"] in _LOOKS)
        return tuple(dict.fromkeys(looks))


def inquire(
    alert: Mapping[str, Any],
    heard: Iterable[tuple[Mapping[str, Any], str, Mapping[str, Any]]],
    entries: Iterable[Mapping[str, Any]],
) -> Inquiry:
    """Gather what is recorded of an alert.

    `heard` gives each FactHeard with the record's name and fields, `entries` the whole audit. Of an event only its
    pointer and its times are taken: no field of it that could describe a person.
    """
    wanted = {each["event_id"] for each in (*alert["trigger"], *alert["evidence"])}
    evidence = [
        {
            "event_id": fields["event_id"],
            "event": record,
            "agency": fields["agency"],
            "occurred_at": fields["occurred_at"],
            "recorded_at": fields["recorded_at"],
            "received_at": fact["received_at"],
        }
        for fact, record, fields in heard
        if fields["event_id"] in wanted
    ]
    evidence.sort(key=lambda each: each["received_at"])
    about = tuple(each for each in entries if each["alert"] == alert["alert_id"])
    return Inquiry(alert, tuple(evidence), about)
